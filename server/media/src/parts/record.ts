/** The media type of a sequence of records. */
export const partsMediaType = "application/vnd.millrace.parts";

/** What a decoder must have before the parts that name its `id`. */
export interface InitRecord {
  readonly type: "init";
  /** Grows by one whenever the configuration of a track changes. */
  readonly id: number;
  /** MIME type with codecs, as Media Source Extensions want it. */
  readonly mime: string;
  /** Picture size in pixels; 0 without video. */
  readonly width: number;
  readonly height: number;
  /** `ftyp` and `moov`. */
  readonly bytes: Uint8Array;
}

/** A span of time of all tracks: one CMAF chunk. */
export interface PartRecord {
  readonly type: "part";
  /** Grows by one with each part. A number that came already is to be skipped. */
  readonly sequence: number;
  /** Playing can start here. */
  readonly independent: boolean;
  /** Time or configuration does not go on from the part before. */
  readonly discontinuous: boolean;
  /** The `id` of the init that it needs. */
  readonly init: number;
  /** Presentation time on the stream's clock, microseconds. */
  readonly startUs: number;
  readonly durationUs: number;
  /** Wall clock of the gateway (ms since 1970) when its first frame was captured; undefined while unknown. */
  readonly wallMs: number | undefined;
  /** `moof` and `mdat`. */
  readonly bytes: Uint8Array;
}

/** An event of the stream, such as `stream`, `capture`, `bye` or `reset`. */
export interface EventRecord {
  readonly type: "event";
  readonly id: string;
  readonly event: string;
  /** Any JSON value. */
  readonly data: unknown;
}

/** Parts are missing here: the client was away too long or too slow. The next part is independent. */
export interface GapRecord {
  readonly type: "gap";
  /** How many parts; 0 when nobody knows. */
  readonly missed: number;
}

/** The last record of an answer; without it the answer was cut off. */
export interface EndRecord {
  readonly type: "end";
  /** What to ask for next, as `after`. */
  readonly next: string;
  /** Who asks, as `session`. Secret. */
  readonly session: string;
}

export type MediaRecord = InitRecord | PartRecord | EventRecord | GapRecord | EndRecord;

/** A record as JSON, without its bytes. */
export type RecordHeader =
  | Omit<InitRecord, "bytes">
  | (Omit<PartRecord, "bytes" | "wallMs"> & { readonly wallMs?: number | undefined })
  | EventRecord
  | GapRecord
  | EndRecord;
