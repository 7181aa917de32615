import type { LayerPreference, StreamStatus } from "@millrace/signaling/session";
import type { LatencySample } from "../latency.ts";
import type { Scheduler } from "../scheduler.ts";
import { readStats, type StatsSample } from "../stats.ts";
import type { StatsEntry } from "../stats-entry.ts";
import type { SignalingEvents, SignalingLink } from "./signaling-link.ts";
import type { ShownFrame, Transport, TransportEvents, TransportName } from "./transport.ts";
import { WebRtcSession } from "./webrtc-session.ts";

export interface WebRtcOptions {
  readonly createLink: (events: SignalingEvents) => SignalingLink;
  readonly scheduler: Scheduler;
  readonly events: TransportEvents;
  readonly createPeer: (configuration: RTCConfiguration) => RTCPeerConnection;
  readonly createMedia: () => MediaStream;
}

/** Plays over WebRTC, negotiated by the signaling link. */
export class WebRtcTransport implements Transport {
  readonly #options: WebRtcOptions;
  readonly #link: SignalingLink;
  /** The session whose media is shown. */
  #shown: WebRtcSession | undefined;
  /** The session that is being made. */
  #next: WebRtcSession | undefined;
  #preference: LayerPreference = {};
  #relayed = false;
  #closed = false;

  constructor(options: WebRtcOptions) {
    this.#options = options;
    this.#link = options.createLink({
      link: (up) => {
        if (!this.#closed) options.events.link(up);
      },
      stream: (status) => this.#streamIs(status),
    });
  }

  get name(): TransportName {
    return this.#relayed ? "webrtc-relay" : "webrtc";
  }

  open(): void {
    this.#link.open();
  }

  join(): void {
    if (this.#closed) return;
    this.#next?.close();
    const session: WebRtcSession = new WebRtcSession({
      link: this.#link,
      scheduler: this.#options.scheduler,
      createPeer: this.#options.createPeer,
      createMedia: this.#options.createMedia,
      replaces: this.#shown !== undefined,
      preference: this.#preference,
      events: {
        status: (status) => this.#options.events.stream(status),
        layer: (rid) => {
          if (session === this.#shown) this.#options.events.layer(rid);
        },
        media: (source) => this.#show(session, source),
        failed: (code, message) => this.#failed(session, code, message),
        lost: () => {
          if (this.#next === undefined && session === this.#shown) this.#options.events.lost();
        },
      },
    });
    this.#next = session;
    void session.start();
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
    this.#link.close();
  }

  prefer(preference: LayerPreference): void {
    this.#preference = { ...this.#preference, ...preference };
    this.#shown?.prefer(preference);
    this.#next?.prefer(preference);
  }

  frame(frame: ShownFrame): LatencySample | undefined {
    const session = this.#shown;
    const rtpTime = frame.rtpTime ?? session?.shownRtpTime();
    if (session === undefined || rtpTime === undefined) return undefined;
    return session.latency.frame(
      rtpTime,
      frame.shownAtMs,
      this.#link.serverWallMs(frame.shownAtMs),
    );
  }

  async sample(): Promise<StatsSample | undefined> {
    const session = this.#shown;
    if (session === undefined) return undefined;
    const report = await session.peer.getStats();
    if (session !== this.#shown) return undefined;
    const entries: StatsEntry[] = [];
    report.forEach((entry: StatsEntry) => {
      entries.push(entry);
    });
    const sample = readStats(entries, this.#options.scheduler.nowMs());
    this.#relayed = sample.path?.relayed ?? this.#relayed;
    return sample;
  }

  #streamIs(status: StreamStatus): void {
    if (!this.#closed) this.#options.events.stream(status);
  }

  #show(session: WebRtcSession, source: MediaStream): void {
    if (session !== this.#next) return;
    const before = this.#shown;
    this.#shown = session;
    this.#next = undefined;
    this.#options.events.media(source);
    this.#options.events.layer(session.layer);
    before?.close();
  }

  #failed(session: WebRtcSession, code: string, message: string): void {
    // A session that is being replaced may end; its successor decides.
    if (session === this.#shown && this.#next !== undefined) {
      this.#shown = undefined;
      return;
    }
    if (session !== this.#next && session !== this.#shown) return;
    this.#options.events.failed(code, message);
  }
}
