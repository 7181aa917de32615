import type { StreamAddress } from "../address.ts";
import type { StatsSample } from "../stats.ts";
import { hasProgress, type MediaStats, statsBetween } from "../stats-delta.ts";
import {
  type Transport,
  type TransportEvents,
  type TransportFactory,
  type TransportName,
  type TransportSurface,
  videoCapabilities,
} from "../transports/transport.ts";

/** Rates are taken over at least this span, so that they do not jump. */
const minRateSpanMs = 500;

/** What is counted once a second of one way. */
export interface WayCount {
  /** Media came, and nobody told its frames one by one. */
  readonly progress: boolean;
  /** Share of packets lost since the count before, 0 to 1; undefined where nothing is lost or known. */
  readonly lossRatio: number | undefined;
}

/** One rung's transport, the place that it fills, and its counters. */
export class Way {
  readonly rung: TransportName;
  readonly transport: Transport;
  /** The place that it fills while a session is wanted of it. */
  surface: TransportSurface | undefined;
  #linkUp = false;
  /** A join was asked for and not sent: the way to the server is down. */
  #joinDue = false;
  /** Joined, and its media has not come yet. */
  #joining = false;
  #samples: readonly StatsSample[] = [];
  #frameTold = false;

  constructor(
    rung: TransportName,
    create: TransportFactory,
    address: StreamAddress,
    events: TransportEvents,
    targetLatency: number | undefined,
  ) {
    this.rung = rung;
    this.transport = create(address, events, { name: rung, targetLatency });
  }

  /** How media comes by it now. */
  get name(): TransportName {
    return this.transport.name;
  }

  get drawn(): "video" | "image" {
    return (this.transport.capabilities ?? videoCapabilities).surface;
  }

  /** Frames are still those of the session before. */
  get isJoining(): boolean {
    return this.#joinDue || this.#joining;
  }

  /** WebRTC is negotiated over a lasting connection to the server, which also tells what the stream does. */
  get hasLink(): boolean {
    return isWebRtc(this.rung);
  }

  get linkUp(): boolean {
    return this.#linkUp;
  }

  /** Asks for media on `surface`, as soon as there is a way to ask. */
  join(surface: TransportSurface): void {
    this.surface = surface;
    this.#joinDue = true;
    this.#joinWhenUp();
  }

  linkIs(up: boolean): void {
    this.#linkUp = up;
    // An attempt whose answer is lost with the link starts again when the link is back.
    if (!up && this.hasLink && this.#joining) this.#joinDue = true;
    this.#joinWhenUp();
  }

  mediaCame(): void {
    this.#joining = false;
    this.#samples = [];
  }

  leave(): void {
    this.surface = undefined;
    this.#joinDue = false;
    this.#joining = false;
    this.#samples = [];
    this.transport.leave();
  }

  frameTold(): void {
    this.#frameTold = true;
  }

  /** Reads the counters; undefined when there are none. `hasVideo` asks for decoded pictures, not for packets only. */
  async count(hasVideo: boolean): Promise<WayCount | undefined> {
    const { surface } = this;
    const next = await this.transport.sample().catch(() => undefined);
    const told = this.#frameTold;
    this.#frameTold = false;
    if (next === undefined || surface === undefined || surface !== this.surface) return undefined;
    const previous = this.#samples.at(-1);
    this.#samples = [...this.#samples.slice(-1), next];
    const { video, audio } = statsBetween(previous, next);
    const ratios = [video?.lossRatio, audio?.lossRatio].filter((ratio) => ratio !== undefined);
    return {
      // Where frames are told, the counters would only report the same frames again, later.
      progress: !told && hasProgress(previous, next, hasVideo),
      lossRatio: ratios.length === 0 ? undefined : Math.max(...ratios),
    };
  }

  /** Figures of now, with rates over the last second. */
  async stats(): Promise<MediaStats | undefined> {
    const next = await this.transport.sample();
    if (next === undefined) return undefined;
    const previous = this.#samples.findLast((sample) => next.atMs - sample.atMs >= minRateSpanMs);
    return statsBetween(previous, next);
  }

  #joinWhenUp(): void {
    const { surface } = this;
    if (!this.#joinDue || surface === undefined || (this.hasLink && !this.#linkUp)) return;
    this.#joinDue = false;
    this.#joining = true;
    this.transport.join(surface);
  }
}

/** Whether it is WebRTC, directly or through TURN. */
export function isWebRtc(name: TransportName): boolean {
  return name === "webrtc" || name === "webrtc-relay";
}
