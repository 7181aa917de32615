import type { MediaRecord } from "@millrace/media/parts";

/** What somebody is told who reads records. Nothing after `ended`, nor after `close`. */
export interface RecordEvents {
  /** The server answered, in whatever way; false: no connection could be made. Told once, before all else. */
  answered(yes: boolean): void;
  /** Bytes came from the server. */
  received(bytes: number): void;
  /** Keeps the record's bytes. */
  record(record: MediaRecord): void;
  /** Nothing follows; `code` as in `TransportEvents.failed`. */
  ended(code: string, message: string): void;
}

/** Media and events of a stream, in order, from now on. */
export interface RecordSource {
  /** May be called twice. */
  close(): void;
}

export type OpenRecords = (events: RecordEvents) => RecordSource;
