import type { LayerPreference, StreamStatus } from "@millrace/signaling/session";
import type { StreamAddress } from "../address.ts";
import type { LatencySample } from "../latency.ts";
import type { Scheduler } from "../scheduler.ts";
import type {
  ShownFrame,
  TransportEvents,
  TransportFactory,
  TransportName,
  TransportSurface,
} from "../transports/transport.ts";
import type { LadderCommand } from "./ladder-state.ts";
import type { Stages } from "./stages.ts";
import { Way } from "./way.ts";

/** How often the browser's counters are read while a session is wanted. */
export const sampleMs = 1000;

/** What the rungs tell, each by its name. Nothing of a rung that was stopped, but its link and the stream's state. */
export interface WaysEvents {
  link(rung: TransportName, up: boolean): void;
  stream(rung: TransportName, status: StreamStatus): void;
  layer(rung: TransportName, rid: string | null): void;
  media(rung: TransportName, source: MediaProvider | "attached"): void;
  progress(rung: TransportName, fine: boolean): void;
  latency(rung: TransportName, sample: LatencySample): void;
  loss(rung: TransportName, ratio: number): void;
  failed(rung: TransportName, code: string, message: string): void;
  lost(rung: TransportName): void;
}

export interface WaysOptions {
  readonly scheduler: Scheduler;
  readonly createTransport: TransportFactory;
  readonly stages: Stages;
  readonly events: WaysEvents;
  /** Whether the stream has video, as far as is known. */
  hasVideo(): boolean;
}

/** Runs the ladder's commands on transports and tells what they do. */
export class Ways {
  readonly #options: WaysOptions;
  readonly #ways = new Map<TransportName, Way>();
  #address: StreamAddress | undefined;
  #targetLatency: number | undefined;
  #preference: LayerPreference = {};
  #cancelSampling: (() => void) | undefined;

  constructor(options: WaysOptions) {
    this.#options = options;
  }

  get(rung: TransportName | undefined): Way | undefined {
    return rung === undefined ? undefined : this.#ways.get(rung);
  }

  /** Whether signaling tells what the stream does, so that nobody else's word is needed. */
  get hasSignaling(): boolean {
    return [...this.#ways.values()].some((way) => way.hasLink && way.linkUp);
  }

  /** What the transports of the next starts are made for. */
  prepare(address: StreamAddress, targetLatency: number | undefined): void {
    this.#address = address;
    this.#targetLatency = targetLatency;
    this.#cancelSampling ??= this.#sampleLater();
  }

  prefer(preference: LayerPreference): void {
    this.#preference = { ...this.#preference, ...preference };
    for (const way of this.#ways.values()) way.transport.prefer(preference);
  }

  run(command: Exclude<LadderCommand, { type: "failed" }>): void {
    const way = this.#ways.get(command.rung);
    switch (command.type) {
      case "start":
        this.#start(command.rung);
        break;
      case "rejoin":
        if (way?.surface !== undefined) way.join(way.surface);
        break;
      case "show":
        if (way?.surface !== undefined) this.#options.stages.show(way.surface, way.drawn);
        break;
      case "stop":
        if (way !== undefined) this.#stop(way);
        break;
    }
  }

  /** Takes a shown frame of a place, or of the only one that there is. */
  frame(frame: ShownFrame, video: HTMLVideoElement | undefined): void {
    for (const way of this.#ways.values()) {
      if (way.surface === undefined) continue;
      if (video !== undefined && way.surface.video !== video) continue;
      const sample = way.transport.frame(frame);
      way.frameTold();
      this.#options.events.progress(way.rung, true);
      if (sample !== undefined) this.#options.events.latency(way.rung, sample);
    }
  }

  /** Ends everything. May be called twice. */
  close(): void {
    this.#cancelSampling?.();
    this.#cancelSampling = undefined;
    for (const way of this.#ways.values()) this.#close(way);
  }

  #start(rung: TransportName): void {
    const address = this.#address;
    if (address === undefined) return;
    let way = this.#ways.get(rung);
    if (way === undefined) {
      try {
        way = this.#make(rung, address);
      } catch {
        const code = rung.startsWith("webrtc") ? "WEBRTC_UNSUPPORTED" : "MEDIA_UNSUPPORTED";
        this.#options.events.failed(rung, code, "");
        return;
      }
    }
    way.join(way.surface ?? this.#options.stages.take(!way.hasLink));
  }

  #make(rung: TransportName, address: StreamAddress): Way {
    const { createTransport } = this.#options;
    const events = this.#eventsOf(rung, () => way);
    const way: Way = new Way(rung, createTransport, address, events, this.#targetLatency);
    this.#ways.set(rung, way);
    way.transport.prefer(this.#preference);
    way.transport.open();
    return way;
  }

  #eventsOf(rung: TransportName, own: () => Way): TransportEvents {
    const { events, stages } = this.#options;
    const isOpen = () => this.#ways.get(rung) === own();
    /** The place of a session that is wanted. */
    const surface = (): TransportSurface | undefined => (isOpen() ? own().surface : undefined);
    return {
      link: (up) => {
        if (!isOpen()) return;
        own().linkIs(up);
        events.link(rung, up);
      },
      stream: (status) => {
        if (isOpen()) events.stream(rung, status);
      },
      layer: (rid) => {
        if (surface() !== undefined) events.layer(rung, rid);
      },
      media: (source) => {
        const place = surface();
        if (place === undefined) return;
        own().mediaCame();
        stages.attach(place, source);
        events.media(rung, source);
      },
      shown: (sample) => {
        if (surface() === undefined) return;
        own().frameTold();
        events.progress(rung, true);
        if (sample !== undefined) events.latency(rung, sample);
      },
      failed: (code, message) => {
        if (surface() !== undefined) events.failed(rung, code, message);
      },
      lost: () => {
        if (surface() !== undefined) events.lost(rung);
      },
    };
  }

  /** The connection of WebRTC's signaling stays: it tells what the stream does and when the server is back. */
  #stop(way: Way): void {
    if (!way.hasLink) {
      this.#close(way);
      return;
    }
    const { surface } = way;
    if (surface !== undefined) this.#options.stages.keep(surface);
    way.leave();
    if (surface !== undefined) this.#options.stages.free(surface);
  }

  #close(way: Way): void {
    const { surface } = way;
    if (surface !== undefined) this.#options.stages.keep(surface);
    this.#ways.delete(way.rung);
    way.surface = undefined;
    way.transport.close();
    if (surface !== undefined) this.#options.stages.free(surface);
  }

  #sampleLater(): () => void {
    return this.#options.scheduler.after(sampleMs, () => {
      void this.#sample().finally(() => {
        if (this.#cancelSampling !== undefined) this.#cancelSampling = this.#sampleLater();
      });
    });
  }

  async #sample(): Promise<void> {
    const { events } = this.#options;
    const running = [...this.#ways.values()].filter((way) => way.surface !== undefined);
    for (const way of running) {
      const count = await way.count(this.#options.hasVideo());
      if (count === undefined || this.#ways.get(way.rung) !== way) continue;
      if (count.progress) events.progress(way.rung, false);
      if (count.lossRatio !== undefined) events.loss(way.rung, count.lossRatio);
    }
  }
}
