import type { LayerPreference, StreamStatus } from "@millrace/signaling/session";
import type { LatencySample } from "../latency.ts";
import type { StatsSample } from "../stats.ts";
import type { CaptureLatency } from "./capture-latency.ts";
import type { MediaSession, MediaSessionEvents } from "./media-session.ts";
import type { StreamWatch } from "./stream-watch.ts";
import type {
  ShownFrame,
  Transport,
  TransportCapabilities,
  TransportEvents,
  TransportName,
  TransportSurface,
} from "./transport.ts";

export interface SessionTransportOptions {
  readonly name: TransportName;
  readonly capabilities: TransportCapabilities;
  readonly events: TransportEvents;
  readonly latency: CaptureLatency;
  /** Tells of the stream; `told` is what it has to be made with. */
  createWatch(told: (status: StreamStatus) => void): StreamWatch;
  createSession(
    surface: TransportSurface,
    events: MediaSessionEvents,
    watch: StreamWatch,
  ): MediaSession;
}

/** Plays by sessions that draw on the surface themselves: the one that is shown and the one that replaces it. */
export class SessionTransport implements Transport {
  readonly name: TransportName;
  readonly capabilities: TransportCapabilities;
  readonly #options: SessionTransportOptions;
  readonly #watch: StreamWatch;
  #shown: MediaSession | undefined;
  #next: MediaSession | undefined;
  #linkUp: boolean | undefined;
  #opened = false;
  #closed = false;

  constructor(options: SessionTransportOptions) {
    this.name = options.name;
    this.capabilities = options.capabilities;
    this.#options = options;
    this.#watch = options.createWatch((status) => this.#streamIs(status));
  }

  open(): void {
    if (this.#opened || this.#closed) return;
    this.#opened = true;
    this.#watch.open();
  }

  join(surface: TransportSurface): void {
    if (this.#closed) return;
    this.#next?.close();
    const { events, createSession } = this.#options;
    const current = () => !this.#closed && (session === this.#next || session === this.#shown);
    const session: MediaSession = createSession(
      surface,
      {
        link: (up) => current() && this.#linkIs(up),
        status: (status) => current() && this.#streamIs(status),
        ready: () => this.#replace(session),
        media: () => current() && events.media("attached"),
        shown: (sample) => current() && events.shown(sample),
        failed: (code, message) => this.#failed(session, code, message),
      },
      this.#watch,
    );
    this.#next = session;
    session.start();
  }

  leave(): void {
    this.#next?.close();
    this.#shown?.close();
    this.#next = undefined;
    this.#shown = undefined;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.leave();
    this.#watch.close();
  }

  /** These ways have no layers. */
  prefer(_preference: LayerPreference): void {}

  frame(frame: ShownFrame): LatencySample | undefined {
    const { shownAtMs, mediaTime } = frame;
    const session = this.#shown;
    if (session === undefined || mediaTime === undefined) return undefined;
    const captureMs = session.captureWallMs(mediaTime);
    return this.#options.latency.frame(captureMs, shownAtMs, this.#watch.serverWallMs(shownAtMs));
  }

  async sample(): Promise<StatsSample | undefined> {
    return this.#shown?.sample();
  }

  #replace(session: MediaSession): void {
    if (session !== this.#next) return;
    this.#next = undefined;
    this.#shown?.close();
    this.#shown = session;
    this.#options.latency.reset();
  }

  #linkIs(up: boolean): void {
    if (up === this.#linkUp) return;
    this.#linkUp = up;
    this.#options.events.link(up);
  }

  #streamIs(status: StreamStatus): void {
    if (!this.#closed) this.#options.events.stream(status);
  }

  /** A session that is being replaced may end: its successor decides. */
  #failed(session: MediaSession, code: string, message: string): void {
    if (this.#closed || (session === this.#shown && this.#next !== undefined)) return;
    if (session !== this.#next && session !== this.#shown) return;
    this.#options.events.failed(code, message);
  }
}
