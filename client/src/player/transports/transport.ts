import type { LayerPreference, StreamStatus } from "@millrace/signaling/session";
import type { StreamAddress } from "../address.ts";
import type { DataPort } from "../data-port.ts";
import type { LatencySample } from "../latency.ts";
import type { StatsSample } from "../stats.ts";

/**
 * The ways by which media reaches the player, as named in events, metrics and the attribute `transports`, best
 * first. `webrtc-relay` is WebRTC whose candidate pair goes through TURN: the same transport under another name.
 */
export const transportNames = [
  "webrtc",
  "webrtc-relay",
  "ws-flv",
  "http-flv",
  "ll-hls",
  "long-poll",
  "sse",
  "mjpeg",
] as const;

export type TransportName = (typeof transportNames)[number];

/**
 * Where a transport shows media that it drives itself. Lent from `join` until `leave`, `close` or the next `join`:
 * outside that span the transport touches neither element. It never touches `muted`, `volume`, visibility, or the
 * element's listeners of others; it may set `playbackRate`, `currentTime` and `src`, and calls no `play()`: the
 * owner does after `media`. A surface that is not shown yet is muted and out of sight, but decodes.
 */
export interface TransportSurface {
  readonly video: HTMLVideoElement;
  /** Only for transports whose `capabilities.surface` is `image`. */
  readonly image: HTMLImageElement;
}

/** What a transport tells its owner. Never called from inside a call into the transport. */
export interface TransportEvents {
  /**
   * The server answers by this way, or does not. WebRTC: the signaling connection. HTTP and WebSocket: true at the
   * first answer of any kind after `open` (no need to ask before `join`), false when no connection can be made.
   * Media may flow without it.
   */
  link(up: boolean): void;
  /** What the stream is and has; at once after a join and at every change. Only by transports that are told it. */
  stream(status: StreamStatus): void;
  /** The layer of a simulcast stream that is shown from now on; null: none, or there are no layers. */
  layer(rid: string | null): void;
  /**
   * Media to show from now on; replaces what was shown. A provider is put into `srcObject` by the owner; `attached`
   * says that the transport has set up the elements of its surface. The owner starts playback.
   */
  media(source: MediaProvider | "attached"): void;
  /**
   * A picture is on the image. Only by transports whose surface is `image`: a `<video>` tells its frames itself, they
   * come by `Transport.frame`. `sample` is the picture's age where it is known.
   */
  shown(sample: LatencySample | undefined): void;
  /**
   * The session could not be made, broke, or was ended by the server. `code` is stable, `message` is the server's
   * sentence or empty. The last picture stays on the surface until `leave`, `close` or `join`. A refusal has the code of
   * the server's problem document; without one: 401 `UNAUTHORIZED`, 403 `FORBIDDEN`, 404 `STREAM_NOT_FOUND`. Else
   * `SERVER_UNREACHABLE` no connection, `CONNECTION_LOST` it broke or ended without a word, `STREAM_ENDED` the server
   * said that the stream is over, `TIMEOUT` no answer, `MEDIA_UNSUPPORTED` the browser cannot decode this stream this
   * way, `MEDIA_ERROR` the decoder or the element failed, `LOAD_FAILED` the code for this way could not be fetched.
   */
  failed(code: string, message: string): void;
  /** The server does not know the session any more; media may still flow. */
  lost(): void;
}

/** A frame that the browser shows. */
export interface ShownFrame {
  /** RTP time of the frame, where the browser tells it. */
  readonly rtpTime: number | undefined;
  /** When it is on the screen, monotonic milliseconds. */
  readonly shownAtMs: number;
  /** Its place on the element's timeline, seconds (`currentTime`'s axis). */
  readonly mediaTime?: number | undefined;
}

/** What a way can do; fixed for each transport. */
export interface TransportCapabilities {
  /** What it draws on. A provider given by `media` is always for the `video`. */
  readonly surface: "video" | "image";
  readonly sound: boolean;
}

/** What a transport is without `capabilities`. */
export const videoCapabilities: TransportCapabilities = { surface: "video", sound: true };

/** One way to play one stream. Tries each join once: when and whether to try again is the owner's decision. */
export interface Transport {
  /** How media comes now; may change while playing. */
  readonly name: TransportName;
  /** Absent: `videoCapabilities`. */
  readonly capabilities?: TransportCapabilities;
  /** Makes the way to the server and keeps it up; `link` tells. Without a lasting way: nothing to do. */
  open(): void;
  /**
   * Asks for media. A session that plays is replaced only when the new one has media. `surface` is the same at every
   * join until `leave`.
   */
  join(surface: TransportSurface): void;
  /** Ends the session; the way stays. Lets go of the surface before it returns. May be called without a session. */
  leave(): void;
  /** Ends everything; nothing is told afterwards. May be called twice. */
  close(): void;
  /** Says which layer suits, for this session and the next ones; what is absent stays as it was. May be called often. */
  prefer(preference: LayerPreference): void;
  /** Takes each shown frame of the `<video>`; gives its age where that can be known. */
  frame(frame: ShownFrame): LatencySample | undefined;
  /**
   * Counters of the session; undefined without one. `video.framesDecoded` (sound alone: `audio.packets`) has to grow
   * while media plays and to stand when it does not: the owner finds first frames and freezes by it where frames are not
   * told one by one.
   */
  sample(): Promise<StatsSample | undefined>;
}

/** What a transport is made with, beside the address. */
export interface TransportOptions {
  /** Which way; `webrtc-relay` allows TURN paths only. */
  readonly name: TransportName;
  /** How far behind the live edge to play, seconds; undefined: the way's own default. */
  readonly targetLatency: number | undefined;
  /** Takes each peer connection, for its data channels; absent: there are none. */
  readonly data?: DataPort;
}

/**
 * Makes a transport for one stream; it does nothing until `open`. Throws where the browser lacks what it needs. Code that
 * only one way needs (mpegts.js, hls.js) is loaded by its first `join`, with the failure `LOAD_FAILED`.
 */
export type TransportFactory = (
  address: StreamAddress,
  events: TransportEvents,
  options: TransportOptions,
) => Transport;
