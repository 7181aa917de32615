import type { StreamStatus } from "@millrace/signaling/session";
import type { Scheduler } from "../../player/scheduler.ts";
import type { StatsEntry } from "../../player/stats-entry.ts";
import { readSendStats, type SendSample } from "../send-stats.ts";
import { MediaSender } from "./media-sender.ts";
import type { PublishGrant, PublishLink, PublishNegotiation } from "./publish-link.ts";
import type { SentMedia } from "./uplink.ts";

/** How long ICE may stay `disconnected` before the person is told: most gaps close by themselves. */
export const interruptedMs = 1000;

/** What a session tells. Nothing after `failed`, `lost` or `close`. */
export interface SessionEvents {
  status(status: StreamStatus): void;
  connected(): void;
  interrupted(): void;
  failed(code: string, message: string): void;
  lost(): void;
}

export interface SessionOptions {
  readonly link: PublishLink;
  readonly takeOver: boolean;
  readonly scheduler: Scheduler;
  readonly createPeer: (configuration: RTCConfiguration) => RTCPeerConnection;
  readonly events: SessionEvents;
}

/** One peer connection that sends, and its publish session on the server. */
export class PublishSession {
  readonly #options: SessionOptions;
  #media: SentMedia;
  #grant: PublishGrant | undefined;
  #peer: RTCPeerConnection | undefined;
  #negotiation: PublishNegotiation | undefined;
  #video: MediaSender | undefined;
  #audio: MediaSender | undefined;
  #closed = false;
  #cancelTimer: (() => void) | undefined;

  constructor(options: SessionOptions, media: SentMedia) {
    this.#options = options;
    this.#media = media;
  }

  /** Asks the server, then sends. Call once. */
  async start(): Promise<void> {
    const { link, takeOver, events } = this.#options;
    try {
      const grant = await link.publish(takeOver, {
        status: (status) => {
          if (!this.#closed) events.status(status);
        },
        bye: (reason) => this.#fail(reason, ""),
        lost: () => this.#lose(),
      });
      if (this.#closed) grant.close();
      else this.#send(grant);
    } catch (error) {
      this.#failWith(error);
    }
  }

  /** Sends this from now on. */
  setMedia(media: SentMedia): void {
    this.#media = media;
    const { video, audio, codecs } = media;
    this.#video?.set(
      video && {
        track: video.track,
        encodings: video.plan.layers,
        contentHint: video.plan.contentHint,
        degradationPreference: video.plan.degradationPreference,
      },
      codecs,
    );
    this.#audio?.set(
      audio && {
        track: audio.track,
        encodings: [{ maxBitrate: audio.plan.maxBitrate }],
        contentHint: audio.plan.contentHint,
      },
    );
  }

  async sample(): Promise<SendSample | undefined> {
    const peer = this.#peer;
    if (peer === undefined || this.#closed) return undefined;
    const report = await peer.getStats();
    if (this.#closed) return undefined;
    const entries: StatsEntry[] = [];
    report.forEach((entry: StatsEntry) => {
      entries.push(entry);
    });
    return readSendStats(entries, this.#options.scheduler.nowMs(), this.#video?.rids ?? []);
  }

  /** Ends the session on both sides. May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelTimer?.();
    this.#negotiation?.close();
    this.#video?.close();
    this.#audio?.close();
    this.#grant?.close();
    this.#peer?.close();
  }

  #send(grant: PublishGrant): void {
    this.#grant = grant;
    const peer = this.#options.createPeer({
      bundlePolicy: "max-bundle",
      iceServers: grant.iceServers.map((server) => ({ ...server, urls: [...server.urls] })),
    });
    this.#peer = peer;
    peer.addEventListener("iceconnectionstatechange", () => this.#iceChanged(peer));
    peer.addEventListener("connectionstatechange", () => this.#connectionChanged(peer));
    this.#video = new MediaSender(peer, "video");
    this.#audio = new MediaSender(peer, "audio");
    this.setMedia(this.#media);
    this.#negotiation = grant.negotiate(peer, (error) => this.#failWith(error));
  }

  #iceChanged(peer: RTCPeerConnection): void {
    if (this.#closed) return;
    const state = peer.iceConnectionState;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (state === "failed") this.#options.events.interrupted();
    else if (state === "disconnected") {
      this.#cancelTimer = this.#options.scheduler.after(interruptedMs, () =>
        this.#options.events.interrupted(),
      );
    } else if (state !== "checking" && peer.connectionState === "connected") {
      this.#options.events.connected();
    }
  }

  #connectionChanged(peer: RTCPeerConnection): void {
    if (this.#closed) return;
    const { connectionState, iceConnectionState } = peer;
    if (connectionState === "connected") this.#options.events.connected();
    else if (connectionState === "closed") this.#fail("DTLS_FAILED", "");
    else if (connectionState === "failed" && iceConnectionState !== "failed") {
      this.#fail("DTLS_FAILED", "");
    }
  }

  #failWith(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    // Refusals of the server have a code in words; those of the browser have none, or a number.
    const code = (error as { readonly code?: unknown } | null)?.code;
    if (code === "SESSION_NOT_FOUND") this.#lose();
    else this.#fail(typeof code === "string" ? code : "NEGOTIATION_FAILED", message);
  }

  #lose(): void {
    if (this.#closed) return;
    this.close();
    this.#options.events.lost();
  }

  #fail(code: string, message: string): void {
    if (this.#closed) return;
    this.close();
    this.#options.events.failed(code, message);
  }
}
