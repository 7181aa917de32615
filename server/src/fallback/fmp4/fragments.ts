import type { Stream } from "../../core/index.ts";

/** What a decoder must have before parts: `ftyp` and `moov`. */
export interface Fmp4Init {
  /** Grows by one whenever the configuration of a track changes. */
  readonly id: number;
  /** MIME type with codecs, as Media Source Extensions and HLS want it. */
  readonly mime: string;
  /** RFC 6381 codec strings of the tracks, video first. */
  readonly codecs: readonly string[];
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8Array;
}

/** One CMAF chunk: `moof` and `mdat` with what all tracks have for a span of time. Immutable. */
export interface Fmp4Part {
  /** Grows by one with each part for as long as the stream lives. */
  readonly sequence: number;
  readonly init: Fmp4Init;
  /** Begins with a key frame: playing can start here. */
  readonly independent: boolean;
  /** The publisher restarted or time jumped between the part before and this one. */
  readonly discontinuous: boolean;
  /** Presentation time on the stream's clock, microseconds; `tfdt` is the same time. */
  readonly startUs: number;
  readonly durationUs: number;
  /** Wall clock (ms since 1970) at which the first frame was captured, as far as it is known. */
  readonly captureWallMs: number;
  readonly bytes: Uint8Array;
}

/** Told in the publisher's turn of the event loop. */
export interface Fmp4Listener {
  part(part: Fmp4Part): void;
  /** Nothing follows. `code` is a stable string. */
  ended(code: string): void;
}

/** The fragments of one stream, made once and shared by LL-HLS, long-polling and SSE. */
export interface Fmp4Output {
  readonly stream: Stream;
  /** What is kept, oldest first; the list is not to be changed. Begins with an independent part. */
  readonly parts: readonly Fmp4Part[];
  /** The next part's sequence number. */
  readonly nextSequence: number;
  /** Set while a track cannot be had, such as `NO_TRANSCODER`: the output goes on without it. */
  readonly lacks: readonly { readonly kind: "video" | "audio"; readonly code: string }[];
  listen(listener: Fmp4Listener): void;
  unlisten(listener: Fmp4Listener): void;
}

/** A share in an output, which ends with its last one. */
export interface Fmp4Lease {
  readonly output: Fmp4Output;
  /** May be called twice. */
  release(): void;
}

/** `native`: sound as the publisher sends it (Opus stays Opus). `aac`: sound that every HLS player takes. */
export type Fmp4Sound = "native" | "aac";

/** Hands out the one output of each stream and kind of sound. */
export interface Fmp4Outputs {
  /** @throws RefusedError `STREAM_NOT_READY` 503 while no track is known, `B_FRAMES`…: what cannot be turned into fragments. */
  lease(stream: Stream, sound: Fmp4Sound): Fmp4Lease;
  /** Ends all. May be called twice. */
  close(): void;
}
