export { SignalingError } from "./error.ts";
export {
  type CandidateVerdict,
  type DescriptionVerdict,
  Negotiation,
  type NegotiationState,
  type Politeness,
} from "./negotiation.ts";

/** Where a browser may find STUN and TURN, as `RTCIceServer`. `credential` is secret and short-lived. */
export interface IceServer {
  readonly urls: readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

/** One encoding of a simulcast publisher's video. */
export interface LayerStatus {
  /** Its name in the publisher's offer (RFC 8851 section 10). */
  readonly rid: string;
  /** Picture size in pixels; 0 until a picture told it. */
  readonly width: number;
  readonly height: number;
  /** Pictures a second, lately. */
  readonly frameRate: number;
  /** Bits a second, lately, without what was sent twice. */
  readonly bitrateBps: number;
  /** False while the publisher does not send it. */
  readonly active: boolean;
}

export interface TrackStatus {
  readonly kind: "video" | "audio";
  readonly codec: string;
  readonly width?: number;
  readonly height?: number;
  readonly sampleRate?: number;
  readonly channels?: number;
  /** Video of a simulcast publisher: its encodings, the smallest first. */
  readonly layers?: readonly LayerStatus[];
}

/** Advice for the publisher or reason for the viewer: a stable code and one sentence. */
export interface Hint {
  readonly code: string;
  readonly message: string;
}

/** How a session's RTP time maps to the server's wall clock at which the frame entered the gateway. */
export interface CaptureTime {
  /** RTP timestamp of the session's video (or, without video, audio) at `wallMs`. */
  readonly rtpTime: number;
  readonly clockRate: number;
  /** Milliseconds since 1970 on the server's clock. */
  readonly wallMs: number;
}

/** How well a stream is fed, as of its last change. */
export interface StreamHealth {
  /** `EMPTY`: nobody feeds it, or not for long enough; `DRY`: slower than real time; `RECOVER`: not so any more. */
  readonly buffer: "EMPTY" | "FULL" | "DRY" | "RECOVER";
  /** Since when. Milliseconds since 1970 on the server's clock. */
  readonly sinceMs: number;
  /** How far the publisher was behind. Milliseconds. */
  readonly lagMs: number;
  /** Media time that came per time that passed, before; 1 is real time. */
  readonly speed: number;
}

export interface StreamStatus {
  readonly name: string;
  /** `waiting`: the publisher is gone and may come back within the grace time. */
  readonly state: "live" | "waiting" | "offline";
  readonly tracks: readonly TrackStatus[];
  readonly hints: readonly Hint[];
  readonly captureTime?: CaptureTime;
  readonly health?: StreamHealth;
  /** How many watch; told to publish sessions only. */
  readonly viewers?: number;
}

export interface SessionRequest {
  readonly action: "watch" | "publish";
  readonly stream: string;
  readonly token: string | undefined;
  /** The client's IP address. */
  readonly address: string;
  readonly transport: "webrtc" | "whep" | "whip";
  readonly userAgent: string | undefined;
  /** By which a viewer who comes back is known in statistics; shown by the client, so nothing may hang on it. */
  readonly clientId?: string | undefined;
  /** The headers `Host` and `Referer`, as the client sent them; nothing may hang on them. */
  readonly host?: string | undefined;
  readonly pageUrl?: string | undefined;
  /** `publish` only: whoever publishes the stream now gives way instead of this request. */
  readonly takeOver?: boolean;
}

/** What a viewer asks of a simulcast stream. A member that is absent leaves that wish as it is. */
export interface LayerPreference {
  /** A layer the user pinned; null: automatic. */
  readonly rid?: string | null;
  /** Size in device pixels at which the video is shown; null: unknown. */
  readonly viewport?: { readonly width: number; readonly height: number } | null;
}

/** What the session's owner is told, in order, until `bye`. */
export interface SessionObserver {
  stream(status: StreamStatus): void;
  /** The server ended the session; nothing follows. `reason` is a stable code. */
  bye(reason: string): void;
  /** The layer that this viewer is shown from now on; null: none, or the stream has no layers. */
  layer?(rid: string | null): void;
  /** The client should offer anew, with a line for every track of the stream: its session lacks one. */
  renegotiate?(): void;
}

/** ICE parameters of the answering side, for an ICE restart without a full description (RFC 8840). */
export interface IceRestart {
  readonly ufrag: string;
  readonly pwd: string;
  /** `candidate:…` lines without `a=`. */
  readonly candidates: readonly string[];
}

/** One peer's conversation, the same behind socket.io, WHIP and WHEP. Refusals are errors with a stable `code` and an HTTP `status`. */
export interface JsepSession {
  /** Unguessable. */
  readonly id: string;
  readonly iceServers: readonly IceServer[];
  /** Applies the client's offer and gives the answer with all candidates. */
  describe(offerSdp: string): Promise<string>;
  /** `candidate:…`, or null for the end of candidates. */
  addCandidate(candidate: string | null): void;
  /** The client restarts ICE with new credentials; the old ones keep working when this throws. */
  restartIce(ufrag: string, pwd: string): Promise<IceRestart>;
  /** Viewers only: which layer suits. Never throws; what cannot be had is ignored. */
  prefer?(preference: LayerPreference): void;
  close(reason: string): void;
}

/** Somebody wants to be one of the two in a room for a direct call. */
export interface CallRequest {
  /** Named like a stream. */
  readonly room: string;
  readonly token: string | undefined;
  /** The client's IP address. */
  readonly address: string;
  readonly userAgent: string | undefined;
}

/** Opens sessions. The server implements it; signaling transports use it. */
export interface JsepGateway {
  /** Asks the access seam, then makes the session. @throws errors with `code` and `status`. */
  open(request: SessionRequest, observer: SessionObserver): Promise<JsepSession>;
  /**
   * Tells the state of a stream, whether or not it exists yet, at once and at every change.
   * Returns the way to stop.
   */
  observe(stream: string, listener: (status: StreamStatus) => void): () => void;
  /**
   * Asks the access seam for a room; media never comes here. Without this method there are no calls.
   * @throws errors with `code` and `status`.
   */
  call?(request: CallRequest): Promise<void>;
  /** STUN and TURN for somebody without a session; `id` names him in the TURN credentials. */
  iceServers?(id: string): readonly IceServer[];
}
