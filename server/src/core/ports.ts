import type { AudioTrackInfo, Frame, TrackInfo, VideoTrackInfo } from "@millrace/media/frame";

/** Where time comes from. Tests pass a fake. */
export interface Clock {
  /** Monotonic time in microseconds from an arbitrary origin. Integer. */
  nowUs(): number;
  /** Wall clock in milliseconds since 1970, with fractions. */
  wallMs(): number;
  /** Calls back once after `delayMs`. The returned timer does not keep the process alive. */
  after(delayMs: number, callback: () => void): Timer;
}

export interface Timer {
  cancel(): void;
}

/** A logger with fixed fields. Levels as in the style guide; no secret goes above debug. */
export interface Log {
  error(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  info(fields: object, message: string): void;
  debug(fields: object, message: string): void;
  child(fields: object): Log;
}

/** Ways in and out, as named in metrics, logs and the API. */
export type Transport =
  | "rtmp"
  | "rtmp-play"
  | "flv-tcp"
  | "whip"
  | "whep"
  | "webrtc"
  | "http-flv"
  | "ws-flv"
  | "sse"
  | "long-poll"
  | "mjpeg"
  | "icy"
  | "ll-hls"
  | "demo";

/** What is asked at the access seam before any media flows. */
export interface AccessRequest {
  /** `call`: a place in a room for a direct call between two browsers; `stream` is then the room's name. */
  readonly action: "publish" | "play" | "call";
  /** The stream's name, such as `live/cam`. Already checked by `parseStreamName`. */
  readonly stream: string;
  /** The token, or the pass, that the client showed, whatever way it came; undefined when it showed none. */
  readonly token: string | undefined;
  /** The client's IP address as text, without a port. */
  readonly address: string;
  readonly transport: Transport;
  /** The client's name for itself (`User-Agent`, `flashVer`); untrusted. */
  readonly userAgent: string | undefined;
  /** Only a page or a document about the stream is wanted: no session follows. */
  readonly look?: boolean | undefined;
  /** Unguessable id that the session has, or will have; `admit` makes one where it is absent. */
  readonly id?: string | undefined;
  /** What is the same in all requests of one session, where it has several; shown by the client. Absent: it is the only one. */
  readonly session?: string | undefined;
  /** The host that the client named, with its port where it named one, as `parseHost` gives it. */
  readonly host?: string | undefined;
  /** The page on which the client plays or publishes, as the client says. */
  readonly pageUrl?: string | undefined;
}

/** What was allowed. Sessions carry it on, and core keeps them to it. */
export interface Grant {
  /** Under which name a publisher goes on: another than it asked for when it was renamed. */
  readonly stream: string;
  /** When the right ends, milliseconds since 1970; the session is then ended with `ACCESS_EXPIRED`. */
  readonly expiresWallMs?: number | undefined;
  /** Who it is, in the words of whoever allowed it; for administrators. No secret. */
  readonly user?: string | undefined;
  /** For a publisher: viewers that its stream may have at once. */
  readonly maxViewers?: number | undefined;
  /** For a publisher: bits per second that it may send for more than some seconds; then it is ended with `BITRATE_EXCEEDED`. */
  readonly maxBitrateBps?: number | undefined;
  /** The id of the session, the same in logs, the API, hooks and metrics. */
  readonly session?: string | undefined;
}

/** What a browser is given for a good token: good for the same streams, to watch them, for a time. */
export interface PlayPass {
  /** Shown in the place of a token. Does not contain it. Secret. */
  readonly pass: string;
  readonly maxAgeSeconds: number;
}

/**
 * Decides who may publish and watch. Refuses by throwing a `RefusedError` (`UNAUTHORIZED` 401, `FORBIDDEN` 403).
 * Whoever begins sessions asks by `admit`.
 */
export interface Access {
  /** Undefined: what was asked for, without an end. */
  authorize(request: AccessRequest): Promise<Grant | undefined>;
  /**
   * Asks as `authorize` does whether the token may play, and gives a pass for it that is also good for what `shown`
   * (passes that the client has already) is good for; undefined when no token is needed. Absent: there are no passes.
   */
  logIn?(request: AccessRequest, shown: string | undefined): Promise<PlayPass | undefined>;
}

/**
 * What somebody needs made out of a source track. `aac` is AAC-LC at 48 kHz, mono where the source
 * is. `jpeg` is a picture now and then: every frame is a key frame and one whole JPEG image.
 */
export type DerivedTarget =
  | { readonly kind: "audio"; readonly codec: "opus" }
  | { readonly kind: "audio"; readonly codec: "aac" }
  | { readonly kind: "video"; readonly codec: "h264"; readonly reorder: false }
  | { readonly kind: "video"; readonly codec: "jpeg" };

/** Receives what a transcoder makes. Times are on the stream's own clock, derived from the input's times. */
export interface DerivedSink {
  /** Called before the first frame and whenever the configuration changes. */
  info(info: AudioTrackInfo | VideoTrackInfo): void;
  frame(frame: Frame): void;
  /** The transcoder gave up; nothing follows. `code` is a stable string. */
  failed(code: string, message: string): void;
}

/** A running derivation. */
export interface Derivation {
  /** Takes one source frame and keeps its bytes. Never blocks; what cannot be kept is dropped and counted. */
  push(frame: Frame): void;
  /** The source's configuration changed; frames after this call belong to it. */
  reconfigure(info: TrackInfo): void;
  /** Somebody publishes, and the stream's own time is this: sound that lacks although it is due may be filled with silence. */
  advance?(nowUs: number): void;
  close(): void;
}

/** Makes derived tracks. Implemented by `transcode/`. */
export interface Transcoder {
  /** Why this derivation cannot be made, as a stable code (`NO_TRANSCODER`, `CODEC_UNSUPPORTED`); undefined when it can. */
  refusal(source: TrackInfo, target: DerivedTarget): string | undefined;
  /** @throws RefusedError when it cannot be made or the pool is full. */
  start(source: TrackInfo, target: DerivedTarget, sink: DerivedSink): Derivation;
}
