import type { LayerPreference, StreamStatus } from "@millrace/signaling/session";
import { LatencyEstimator } from "../latency.ts";
import type { Scheduler } from "../scheduler.ts";
import { preferStereo } from "./offer.ts";
import type { SignalingLink, WatchSession } from "./signaling-link.ts";

/** How long ICE may stay `disconnected` before it is restarted: most gaps close by themselves. */
export const disconnectedMs = 1000;
/** How long an ICE restart may take before the session counts as broken. */
export const restartMs = 3000;

/** What a session tells. Nothing after `failed` or `close`. */
export interface SessionEvents {
  status(status: StreamStatus): void;
  layer(rid: string | null): void;
  /** Media is there: for a first session as soon as it is negotiated, else when packets arrive. */
  media(source: MediaStream): void;
  failed(code: string, message: string): void;
  lost(): void;
}

export interface SessionOptions {
  readonly link: SignalingLink;
  readonly scheduler: Scheduler;
  readonly events: SessionEvents;
  readonly createPeer: (configuration: RTCConfiguration) => RTCPeerConnection;
  readonly createMedia: () => MediaStream;
  /** True when another session is still shown: `media` is told only when this one has packets. */
  readonly replaces: boolean;
  /** Which layer suits from the start. */
  readonly preference: LayerPreference;
}

const configuration: RTCConfiguration = { bundlePolicy: "max-bundle" };

/** One peer connection that receives one video and one audio track, and its watch session on the server. */
export class WebRtcSession {
  /** Measures the frames of this session. */
  readonly latency: LatencyEstimator = new LatencyEstimator();
  readonly #options: SessionOptions;
  readonly #peer: RTCPeerConnection;
  readonly #transceivers: readonly RTCRtpTransceiver[];
  readonly #media: MediaStream;
  #watch: WatchSession | undefined;
  #status: StreamStatus | undefined;
  #candidates: (RTCIceCandidateInit | null)[] | undefined = [];
  #accepted: ReadonlySet<string> | undefined;
  #negotiating = false;
  /** The server asked for an offer. */
  #demanded = false;
  #preference: LayerPreference;
  #layer: string | null = null;
  #restarting = false;
  #everConnected = false;
  #told = false;
  #closed = false;
  #cancelTimer: (() => void) | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#preference = options.preference;
    this.#peer = options.createPeer(configuration);
    this.#media = options.createMedia();
    this.#transceivers = (["video", "audio"] as const).map((kind) =>
      this.#peer.addTransceiver(kind, { direction: "recvonly" }),
    );
    for (const { receiver } of this.#transceivers) {
      // A hint of no delay: the server paces, and late joiners must reach the live edge.
      if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = 0;
    }
    this.#peer.addEventListener("icecandidate", (event) => this.#candidate(event.candidate));
    this.#peer.addEventListener("iceconnectionstatechange", () => this.#iceChanged());
    this.#peer.addEventListener("connectionstatechange", () => this.#connectionChanged());
  }

  get peer(): RTCPeerConnection {
    return this.#peer;
  }

  /** Runs the first negotiation. Call once. */
  async start(): Promise<void> {
    try {
      const events = {
        status: (status: StreamStatus) => this.#statusIs(status),
        layer: (rid: string | null) => this.#layerIs(rid),
        renegotiate: () => {
          this.#demanded = true;
          this.#offerAgain();
        },
        bye: (reason: string) => this.#fail(reason, ""),
        lost: () => {
          if (!this.#closed) this.#options.events.lost();
        },
      };
      const watching = this.#options.link.watch(events).then((watch) => {
        if (this.#closed) watch.close();
        else this.#begun(watch);
        return watch;
      });
      const [watch, offer] = await Promise.all([watching, this.#peer.createOffer()]);
      if (this.#closed) return;
      if (watch.iceServers.length > 0) {
        const iceServers = watch.iceServers.map((server) => ({
          ...server,
          urls: [...server.urls],
        }));
        this.#peer.setConfiguration({ ...configuration, iceServers });
      }
      await this.#exchange(watch, offer);
    } catch (error) {
      this.#failWith(error);
    }
  }

  /** The layer that is shown; null: none, or there are no layers. */
  get layer(): string | null {
    return this.#layer;
  }

  /** Says which layer suits; what is absent stays as it was. */
  prefer(preference: LayerPreference): void {
    this.#preference = { ...this.#preference, ...preference };
    this.#watch?.prefer(preference);
  }

  #begun(watch: WatchSession): void {
    this.#watch = watch;
    if (Object.keys(this.#preference).length > 0) watch.prefer(this.#preference);
  }

  #layerIs(rid: string | null): void {
    if (this.#closed) return;
    this.#layer = rid;
    this.#options.events.layer(rid);
  }

  /** Takes the capture time; asks for tracks that came after the join. */
  #statusIs(status: StreamStatus): void {
    if (this.#closed) return;
    this.#options.events.status(status);
    if (status.captureTime !== undefined) this.latency.anchor(status.captureTime);
    this.#status = status;
    this.#offerAgain();
  }

  /** RTP time of the picture shown last, for browsers that do not tell it with the frame. */
  shownRtpTime(): number | undefined {
    return this.#transceivers[0]?.receiver.getSynchronizationSources()[0]?.rtpTimestamp;
  }

  /** Ends the session on both sides. May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelTimer?.();
    this.#watch?.close();
    this.#peer.close();
  }

  async #exchange(watch: WatchSession, offer: RTCSessionDescriptionInit): Promise<void> {
    this.#negotiating = true;
    try {
      const sdp = preferStereo(offer.sdp ?? "");
      await this.#peer.setLocalDescription({ type: "offer", sdp });
      if (this.#closed) return;
      const answered = watch.describe(sdp);
      this.#sendCandidates(watch);
      const answer = await answered;
      if (this.#closed) return;
      await this.#peer.setRemoteDescription({ type: "answer", sdp: answer });
      if (!this.#closed) this.#negotiated();
    } finally {
      this.#negotiating = false;
    }
    if (!this.#closed) this.#offerAgain();
  }

  #negotiated(): void {
    const receiving = this.#transceivers.filter(
      (transceiver) => transceiver.currentDirection === "recvonly",
    );
    const before = this.#accepted;
    this.#accepted = new Set(receiving.map(({ receiver }) => receiver.track.kind));
    const tracks = this.#media.getTracks();
    for (const { receiver } of receiving) {
      // Only tracks that were agreed on: a picture that never comes would hold back the sound.
      if (!tracks.includes(receiver.track)) this.#media.addTrack(receiver.track);
    }
    if (before !== undefined) return;
    if (receiving.length === 0) this.#fail("NEGOTIATION_FAILED", "");
    else if (!this.#options.replaces) this.#tellMedia();
    else {
      for (const { receiver } of receiving) {
        if (!receiver.track.muted) this.#tellMedia();
        else receiver.track.addEventListener("unmute", () => this.#tellMedia(), { once: true });
      }
    }
  }

  #tellMedia(): void {
    if (this.#told || this.#closed) return;
    this.#told = true;
    this.#options.events.media(this.#media);
  }

  /** Offers once more when the server asked for it, or when the stream has tracks that came after the join. */
  #offerAgain(): void {
    const accepted = this.#accepted;
    const status = this.#status;
    if (accepted === undefined || this.#negotiating) return;
    const demanded = this.#demanded;
    this.#demanded = false;
    let lacks = false;
    if (status?.state === "live") {
      // Asked once for each news: a server that answers no is not asked for the same again.
      this.#status = undefined;
      lacks = status.tracks.some((track) => !accepted.has(track.kind));
    }
    if (demanded || lacks) void this.#renegotiate({});
  }

  async #renegotiate(options: RTCOfferOptions): Promise<void> {
    const watch = this.#watch;
    if (watch === undefined || this.#closed || this.#negotiating) return;
    try {
      await this.#exchange(watch, await this.#peer.createOffer(options));
    } catch (error) {
      this.#failWith(error);
    }
  }

  #candidate(candidate: RTCIceCandidate | null): void {
    if (this.#closed) return;
    const init = candidate === null || candidate.candidate === "" ? null : candidate.toJSON();
    // The server knows no session to which they belong before it has the offer.
    if (this.#candidates !== undefined) this.#candidates.push(init);
    else this.#watch?.candidate(init);
  }

  #sendCandidates(watch: WatchSession): void {
    const waiting = this.#candidates ?? [];
    this.#candidates = undefined;
    for (const candidate of waiting) watch.candidate(candidate);
  }

  #iceChanged(): void {
    if (this.#closed) return;
    const state = this.#peer.iceConnectionState;
    if (state === "connected" || state === "completed") {
      this.#everConnected = true;
      this.#restarting = false;
      this.#cancelTimer?.();
    } else if (state === "disconnected" && !this.#restarting) {
      this.#timer(disconnectedMs, () => this.#restart());
    } else if (state === "failed") {
      this.#restart();
    }
  }

  #restart(): void {
    if (this.#restarting || !this.#everConnected) {
      this.#fail("ICE_FAILED", "");
      return;
    }
    this.#restarting = true;
    this.#timer(restartMs, () => this.#fail("ICE_FAILED", ""));
    void this.#renegotiate({ iceRestart: true });
  }

  #connectionChanged(): void {
    const { connectionState, iceConnectionState } = this.#peer;
    if (connectionState === "closed") this.#fail("DTLS_FAILED", "");
    if (connectionState === "failed" && iceConnectionState !== "failed") {
      this.#fail("DTLS_FAILED", "");
    }
  }

  #timer(ms: number, callback: () => void): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#options.scheduler.after(ms, callback);
  }

  #failWith(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    // Refusals of the server have a code in words; those of the browser have none, or a number.
    const code = (error as { readonly code?: unknown } | null)?.code;
    this.#fail(typeof code === "string" ? code : "NEGOTIATION_FAILED", message);
  }

  #fail(code: string, message: string): void {
    if (this.#closed) return;
    this.close();
    this.#options.events.failed(code, message);
  }
}
