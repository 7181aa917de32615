import type { LayerPreference, StreamStatus } from "@millrace/signaling/session";
import type { StreamAddress } from "./address.ts";
import type { LatencySample } from "./latency.ts";
import { PlayerMachine } from "./machine.ts";
import type { Scheduler } from "./scheduler.ts";
import type { IdleReason, PlayerCommand, PlayerInput, PlayerLimits, PlayerState } from "./state.ts";
import type { StatsSample } from "./stats.ts";
import { hasProgress, type MediaStats, statsBetween } from "./stats-delta.ts";
import type {
  ShownFrame,
  Transport,
  TransportFactory,
  TransportName,
} from "./transports/transport.ts";

/** How often the browser's counters are read while a session is wanted. */
export const sampleMs = 1000;
/** Rates are taken over at least this span, so that they do not jump. */
const minRateSpanMs = 500;

/** What the player tells its view. */
export interface ControllerEvents {
  state(to: PlayerState, from: PlayerState): void;
  stream(status: StreamStatus): void;
  /** The layer of a simulcast stream that is shown; null: none, or there are no layers. */
  layer(rid: string | null): void;
  media(source: MediaProvider): void;
  latency(sample: LatencySample): void;
  transport(from: TransportName | undefined, to: TransportName | undefined, reason: string): void;
}

export interface ControllerOptions {
  readonly scheduler: Scheduler;
  readonly createTransport: TransportFactory;
  readonly events: ControllerEvents;
  readonly random?: () => number;
  readonly limits?: Partial<PlayerLimits>;
}

/** Plays one address: runs the machine's commands on a transport and feeds it with what happens. */
export class PlayerController {
  readonly #options: ControllerOptions;
  readonly #machine: PlayerMachine;
  #address: StreamAddress | undefined;
  #transport: Transport | undefined;
  #inputs: PlayerInput[] | undefined;
  #cancelTimer: (() => void) | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #cancelSampling: (() => void) | undefined;
  #samples: StatsSample[] = [];
  #status: StreamStatus | undefined;
  /** A shown frame was told since the last sample. */
  #frameTold = false;
  #announced: TransportName | undefined;
  #preference: LayerPreference = {};
  #layer: string | null = null;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#machine = new PlayerMachine({
      ...(options.random && { random: options.random }),
      ...(options.limits && { limits: options.limits }),
    });
  }

  get state(): PlayerState {
    return this.#machine.state;
  }

  /** The stream as the server told it last; undefined before. */
  get status(): StreamStatus | undefined {
    return this.#status;
  }

  /** Name of the stream to play; empty without one. */
  get streamName(): string {
    return this.#address?.stream ?? "";
  }

  get transport(): TransportName | undefined {
    return this.#announced;
  }

  /** The layer that is shown; null: none, or there are no layers. */
  get layer(): string | null {
    return this.#layer;
  }

  /** Which layer suits; `rid` null is automatic. What is absent stays as it was. */
  get preference(): LayerPreference {
    return this.#preference;
  }

  prefer(preference: LayerPreference): void {
    this.#preference = { ...this.#preference, ...preference };
    this.#transport?.prefer(preference);
  }

  /** Plays `address` (or stops, when it is undefined, with the error `SRC_INVALID` on the next play). */
  setAddress(address: StreamAddress | undefined): void {
    if (sameAddress(address, this.#address)) return;
    const wasPlaying = this.#machine.state.type !== "idle";
    this.#feed({ type: "pause", reason: "start" });
    this.#address = address;
    this.#status = undefined;
    // Layers of another stream have other names.
    if (this.#preference.rid) this.#preference = { ...this.#preference, rid: null };
    if (wasPlaying) this.play();
  }

  play(): void {
    this.#feed({ type: "play" });
  }

  pause(reason: IdleReason): void {
    this.#feed({ type: "pause", reason });
  }

  /** A frame is on the screen. */
  frame(frame: ShownFrame): void {
    const sample = this.#transport?.frame(frame);
    this.#frameTold = true;
    this.#feed({ type: "progress" });
    if (sample !== undefined) this.#options.events.latency(sample);
  }

  /** Figures of now, with rates over the last second; undefined without a session. */
  async stats(): Promise<MediaStats | undefined> {
    const transport = this.#transport;
    const next = await transport?.sample();
    if (next === undefined || transport !== this.#transport) return undefined;
    const previous = this.#samples.findLast((sample) => next.atMs - sample.atMs >= minRateSpanMs);
    return statsBetween(previous, next);
  }

  /** Ends everything. May be called twice. */
  close(): void {
    this.pause("start");
  }

  #feed(input: PlayerInput): void {
    // Inputs that come while another is worked on wait, so that commands keep their order.
    if (this.#inputs !== undefined) {
      this.#inputs.push(input);
      return;
    }
    this.#inputs = [input];
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
        for (const command of this.#machine.handle(next, this.#options.scheduler.nowMs())) {
          this.#run(command);
        }
        if (next.type === "progress") this.#announce();
      }
    } finally {
      this.#inputs = undefined;
    }
    this.#schedule();
  }

  #run(command: PlayerCommand): void {
    switch (command.type) {
      case "open":
        this.#open();
        break;
      case "join":
        this.#samples = [];
        this.#transport?.join();
        break;
      case "leave":
        this.#transport?.leave();
        this.#samples = [];
        this.#unannounce(command.reason);
        break;
      case "close":
        this.#closeTransport(command.reason);
        break;
      case "state":
        this.#options.events.state(command.to, command.from);
        break;
    }
  }

  #open(): void {
    if (this.#address === undefined) {
      this.#feed({ type: "failed", code: "SRC_INVALID", message: "" });
      return;
    }
    const address = this.#address;
    let transport: Transport | undefined;
    /** Only the transport of now is heard. */
    const heard = (input: PlayerInput) => {
      if (transport === this.#transport) this.#feed(input);
    };
    try {
      transport = this.#options.createTransport(address, {
        link: (up) => heard({ type: "link", up }),
        stream: (status) => {
          if (transport !== this.#transport) return;
          const news = !sameStatus(status, this.#status);
          this.#status = status;
          if (news) this.#options.events.stream(status);
          this.#feed({ type: "stream", state: status.state });
        },
        layer: (rid) => {
          if (transport === this.#transport) this.#layerIs(rid);
        },
        media: (source) => {
          if (transport !== this.#transport) return;
          this.#samples = [];
          this.#options.events.media(source);
          this.#feed({ type: "attached" });
        },
        failed: (code, message) => heard({ type: "failed", code, message }),
        lost: () => heard({ type: "lost" }),
      });
    } catch {
      this.#feed({ type: "failed", code: "WEBRTC_UNSUPPORTED", message: "" });
      return;
    }
    this.#transport = transport;
    transport.prefer(this.#preference);
    transport.open();
    this.#sampleLater();
  }

  #closeTransport(reason: string): void {
    const transport = this.#transport;
    this.#transport = undefined;
    transport?.close();
    this.#cancelSampling?.();
    this.#cancelSampling = undefined;
    this.#samples = [];
    this.#unannounce(reason);
    this.#layerIs(null);
  }

  #layerIs(rid: string | null): void {
    if (rid === this.#layer) return;
    this.#layer = rid;
    this.#options.events.layer(rid);
  }

  #sampleLater(): void {
    this.#cancelSampling = this.#options.scheduler.after(sampleMs, () => {
      void this.#sample().finally(() => {
        if (this.#cancelSampling !== undefined) this.#sampleLater();
      });
    });
  }

  async #sample(): Promise<void> {
    const transport = this.#transport;
    const next = await transport?.sample().catch(() => undefined);
    const told = this.#frameTold;
    this.#frameTold = false;
    if (next === undefined || transport !== this.#transport) return;
    const previous = this.#samples.at(-1);
    this.#samples = [...this.#samples.slice(-1), next];
    // Frames are not told on a hidden page, by old browsers, and for sound alone. Where they are, the
    // counters would only report the same frames again, later.
    if (told) return;
    const hasVideo = this.#status?.tracks.some((track) => track.kind === "video") ?? true;
    if (hasProgress(previous, next, hasVideo)) this.#feed({ type: "progress" });
  }

  #announce(): void {
    const name = this.#transport?.name;
    if (this.#machine.state.type !== "playing" || name === this.#announced) return;
    const from = this.#announced;
    this.#announced = name;
    this.#options.events.transport(from, name, from === undefined ? "first-frame" : "path");
  }

  #unannounce(reason: string): void {
    const from = this.#announced;
    if (from === undefined) return;
    this.#announced = undefined;
    this.#options.events.transport(from, undefined, reason);
  }

  /** One timer for all deadlines; frames move the deadline on without touching the timer. */
  #schedule(): void {
    const dueMs = this.#machine.deadlineMs;
    if (dueMs === undefined) {
      this.#cancelTimer?.();
      this.#cancelTimer = undefined;
      this.#timerAtMs = Number.POSITIVE_INFINITY;
      return;
    }
    if (this.#timerAtMs <= dueMs) return;
    this.#cancelTimer?.();
    this.#timerAtMs = dueMs;
    const delayMs = Math.max(0, dueMs - this.#options.scheduler.nowMs());
    this.#cancelTimer = this.#options.scheduler.after(delayMs, () => {
      this.#timerAtMs = Number.POSITIVE_INFINITY;
      this.#cancelTimer = undefined;
      this.#feed({ type: "time" });
    });
  }
}

/** The capture time is the transport's business. */
function sameStatus(a: StreamStatus, b: StreamStatus | undefined): boolean {
  const text = (status: StreamStatus | undefined) =>
    JSON.stringify(status, (key, value: unknown) => (key === "captureTime" ? undefined : value));
  return text(a) === text(b);
}

function sameAddress(a: StreamAddress | undefined, b: StreamAddress | undefined): boolean {
  return a?.base === b?.base && a?.stream === b?.stream && a?.token === b?.token;
}
