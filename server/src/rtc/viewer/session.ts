import type {
  CaptureTime,
  IceRestart,
  IceServer,
  JsepSession,
  LayerPreference,
  SessionObserver,
} from "@millrace/signaling/session";
import {
  type Clock,
  type Log,
  ProtocolError,
  RefusedError,
  type Stream,
  type StreamChange,
  type Viewer,
} from "../../core/index.ts";
import type { DataHandler, OpenData } from "../data/index.ts";
import type { EgressCore } from "../egress/core.ts";
import type { LayerWish } from "../egress/layer-control.ts";
import type { PacerDriver } from "../egress/pacer-driver.ts";
import type { ReportWheel } from "../egress/report-wheel.ts";
import type { OutputUser } from "../egress/stream-output.ts";
import type { OutputLease } from "../egress/stream-outputs.ts";
import { ViewerEgress } from "../egress/viewer-egress.ts";
import type { SessionLimits } from "../gateway/limits.ts";
import { streamStatus } from "../gateway/stream-status.ts";
import type { Peer, PeerEvents, PeerFactory } from "../peer.ts";
import { codecsOf, type ViewerSessionStats, viewerFigures } from "./figures.ts";
import { ViewerPath } from "./viewer-path.ts";

export interface ViewerSessionOptions {
  /** Unguessable; the client shows it to speak for the session. */
  readonly id: string;
  readonly stream: Stream;
  readonly lease: OutputLease;
  readonly peers: PeerFactory;
  readonly core: EgressCore;
  readonly driver: PacerDriver;
  readonly wheel: ReportWheel;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: SessionLimits;
  readonly observer: SessionObserver;
  /** Counts the session at its stream; closed by the session. */
  register(session: ViewerSession): Viewer;
  iceServers(viewerId: string): readonly IceServer[];
  /**
   * Asked when data channels are negotiated and the peer is connected, at most once. Without it what comes on them is
   * ignored.
   */
  dataOpener?(stream: Stream, viewerId: string): OpenData;
  /** Called once when the session is over. */
  onClosed(session: ViewerSession): void;
}

/** One viewer's conversation: offer and answer, then media until either side or the stream ends it. */
export class ViewerSession implements JsepSession, PeerEvents, OutputUser {
  readonly id: string;
  readonly iceServers: readonly IceServer[];
  /** Names the session in logs and the API; not a capability. */
  readonly viewerId: string;
  readonly #options: ViewerSessionOptions;
  readonly #viewer: Viewer;
  readonly #peer: Peer;
  readonly #log: Log;
  readonly #stopObserving: () => void;
  #egress: ViewerEgress | undefined;
  #data: DataHandler | undefined;
  #state: ViewerSessionStats["state"] = "new";
  #negotiating = false;
  #candidates = 0;
  readonly #path = new ViewerPath();
  #told: CaptureTime | undefined;
  #wish: LayerWish = { rid: undefined, viewport: undefined };

  /** @throws RefusedError `VIEWERS_FULL`, `PEERS_FULL`. */
  constructor(options: ViewerSessionOptions) {
    const { stream, lease } = options;
    this.#options = options;
    this.id = options.id;
    const { videoCodec, video } = lease.output;
    const h264ProfileLevelId =
      video.source?.packets?.profileLevelId ?? h264Profile(video.source?.info.codecString);
    this.#peer = options.peers.createSender({ videoCodec, h264ProfileLevelId }, this);
    try {
      this.#viewer = options.register(this);
    } catch (error) {
      this.#state = "closed";
      this.#peer.close("REFUSED");
      throw error;
    }
    this.viewerId = this.#viewer.id;
    this.#log = options.log.child({ stream: stream.name, session: this.viewerId });
    this.iceServers = options.iceServers(this.viewerId);
    lease.output.add(this);
    this.#stopObserving = stream.observe((change) => this.#streamChanged(change));
    this.#log.debug({}, "viewer session opened");
  }

  /** Also after its end. */
  get stats(): ViewerSessionStats {
    const peer = this.#peer;
    return viewerFigures({
      state: this.#state,
      egress: this.#egress?.stats,
      traffic: peer.traffic,
      path: this.#path.of(peer),
      codecs: codecsOf(this.#options.lease.output, peer.media),
    });
  }

  /** @throws ProtocolError `SDP_TOO_LARGE`, `SDP_INVALID` …; RefusedError `SESSION_CLOSED` 410, `NEGOTIATING` 409. */
  async describe(offerSdp: string): Promise<string> {
    this.#assertOpen();
    if (offerSdp.length > this.#options.limits.maxOfferLength) {
      throw new ProtocolError("SDP_TOO_LARGE", `an offer of ${offerSdp.length} characters`);
    }
    if (this.#negotiating) {
      throw new RefusedError("NEGOTIATING", 409, "The offer before is still being answered.");
    }
    this.#negotiating = true;
    try {
      const answer = await this.#peer.answer(offerSdp);
      this.#path.note(offerSdp);
      this.#assertOpen();
      if (this.#state === "connected") this.#openData();
      if (!this.#takesVideo()) throw new RefusedError(...this.#codecRefusal());
      if (this.#state === "new") this.#state = "connecting";
      return answer;
    } finally {
      this.#negotiating = false;
    }
  }

  addCandidate(candidate: string | null): void {
    const { maxCandidateLength, maxCandidates } = this.#options.limits;
    if (candidate === null || this.#state === "closed") return;
    if (candidate.length > maxCandidateLength || this.#candidates >= maxCandidates) return;
    this.#candidates++;
    this.#path.note(candidate);
    this.#peer.addCandidate(candidate);
  }

  /** @throws ProtocolError `ICE_INVALID`; RefusedError `SESSION_CLOSED` 410. */
  async restartIce(ufrag: string, pwd: string): Promise<IceRestart> {
    this.#assertOpen();
    return this.#peer.restartIce(ufrag, pwd);
  }

  /** The client's end. */
  close(reason: string): void {
    this.#close(reason);
  }

  /** Our end: the client is told why. May be called twice. */
  bye(reason: string): void {
    if (this.#close(reason)) this.#options.observer.bye(reason);
  }

  /** From the peer. */
  connected(): void {
    const { keys, media } = this.#peer;
    if (this.#state === "closed" || this.#egress !== undefined || keys === undefined) return;
    this.#state = "connected";
    const { lease, core, driver, clock } = this.#options;
    this.#log.debug({ profile: keys.profile, media: media.length }, "viewer connected");
    this.#egress = new ViewerEgress({
      output: lease.output,
      keys,
      media,
      peer: this.#peer,
      core,
      driver,
      clock,
      onBye: () => this.close("PEER_BYE"),
      onFailed: (error) => this.#fail(error),
      onReport: () => this.#followCaptureTime(),
      onLayer: (rid) => this.#options.observer.layer?.(rid ?? null),
    });
    this.#egress.prefer(this.#wish);
    this.#options.wheel.add(this.#egress);
    try {
      this.#egress.start();
      this.#followCaptureTime();
      this.#openData();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** From the peer. */
  datagram(bytes: Buffer, nowUs: number): void {
    try {
      this.#egress?.datagram(bytes, nowUs);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** From the peer. */
  data(bytes: Buffer, nowUs: number): void {
    try {
      this.#data?.receive(bytes, nowUs);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** From the peer. */
  closed(reason: string): void {
    this.bye(reason);
  }

  /** From the output. */
  videoRefused(code: string): void {
    this.bye(code);
  }

  /** From the output. */
  hintsChanged(): void {
    this.tell();
  }

  /** From the output. */
  layersChanged(): void {
    if (!this.#takesVideo()) {
      this.bye("CODEC_UNSUPPORTED");
      return;
    }
    this.#egress?.layersChanged();
    this.tell();
  }

  /** Which simulcast layer suits the viewer. */
  prefer({ rid, viewport }: LayerPreference): void {
    this.#wish = {
      rid: rid === undefined ? this.#wish.rid : (rid ?? undefined),
      viewport: viewport === undefined ? this.#wish.viewport : (viewport ?? undefined),
    };
    this.#egress?.prefer(this.#wish);
  }

  /** Tells the client how its stream stands. */
  tell(): void {
    if (this.#state === "closed") return;
    const { stream, lease, observer } = this.#options;
    this.#told = this.#egress?.captureTime;
    observer.stream(streamStatus(stream.name, stream, lease.output.hints, this.#told));
  }

  #openData(): void {
    const { dataMedia } = this.#peer;
    if (this.#data !== undefined || dataMedia === undefined) return;
    const open = this.#options.dataOpener?.(this.#options.stream, this.viewerId);
    this.#data = open?.((packet) => this.#peer.sendData(packet), dataMedia);
  }

  #closeData(): void {
    const data = this.#data;
    this.#data = undefined;
    try {
      data?.close();
    } catch (error) {
      this.#log.error({ err: error }, "a data handler could not be closed");
    }
  }

  #streamChanged(change: StreamChange): void {
    if (change.type === "state" && change.state === "offline") this.bye("STREAM_ENDED");
    else this.tell();
  }

  /** Tells the client again when its RTP time stands for another wall clock time than it was told. */
  #followCaptureTime(): void {
    const now = this.#egress?.captureTime;
    if (now === undefined) return;
    this.#viewer.mediaStarted();
    const told = this.#told;
    if (told === undefined || told.clockRate !== now.clockRate) {
      this.tell();
      return;
    }
    const elapsedMs = (((now.rtpTime - told.rtpTime) | 0) / now.clockRate) * 1000;
    if (Math.abs(told.wallMs + elapsedMs - now.wallMs) > maxCaptureErrorMs) this.tell();
  }

  /** Whether the viewer can be sent the stream's video, as far as it has negotiated by now. */
  #takesVideo(): boolean {
    const { videoCodec } = this.#options.lease.output;
    const line = this.#peer.media.find((media) => media.kind === "video");
    if (videoCodec === undefined || line === undefined) return true;
    return line.formats.some((format) => format.codec === videoCodec);
  }

  #codecRefusal(): [code: string, status: number, message: string] {
    const { videoCodec = "" } = this.#options.lease.output;
    const message = `The stream's video is ${videoCodec.toUpperCase()}, which the offer cannot receive.`;
    return ["CODEC_UNSUPPORTED", 415, message];
  }

  /** A bug of ours ends this session and no other. */
  #fail(error: unknown): void {
    this.#log.error({ err: error }, "viewer session failed");
    this.bye("INTERNAL_ERROR");
  }

  #assertOpen(): void {
    if (this.#state !== "closed") return;
    throw new RefusedError("SESSION_CLOSED", 410, "The session is closed.");
  }

  #close(reason: string): boolean {
    if (this.#state === "closed") return false;
    this.#state = "closed";
    this.#stopObserving();
    const { lease, wheel } = this.#options;
    lease.output.remove(this);
    if (this.#egress !== undefined) wheel.remove(this.#egress);
    try {
      this.#egress?.close();
    } catch (error) {
      this.#log.error({ err: error }, "a viewer could not be told goodbye");
    }
    this.#closeData();
    this.#path.of(this.#peer);
    this.#peer.close(reason);
    this.#viewer.close(leavingCodes.has(reason) ? "LEFT" : reason);
    lease.release();
    this.#log.debug({ code: reason, ...this.#egress?.stats }, "viewer session closed");
    this.#options.onClosed(this);
    return true;
  }
}

/** The viewer said goodbye: by RTCP, by DTLS, by its request. */
const leavingCodes: ReadonlySet<string> = new Set(["PEER_BYE", "PEER_CLOSED", "CLIENT_LEFT"]);

/** The player shows latency from this, to some milliseconds. */
const maxCaptureErrorMs = 5;

/** profile_idc, constraint flags and level_idc of an RFC 6381 string such as `avc1.42e01f`. */
function h264Profile(codecString: string | undefined): string | undefined {
  return /^avc[13]\.([0-9a-f]{6})$/i.exec(codecString ?? "")?.[1]?.toLowerCase();
}
