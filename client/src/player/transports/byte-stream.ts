/** What somebody is told who listens to bytes without an end. Nothing after `ended`, nor after `close`. */
export interface ByteStreamEvents {
  /** The server answered, in whatever way; false: no connection could be made. Told once, before all else. */
  answered(yes: boolean): void;
  /** Keeps the bytes. */
  bytes(chunk: Uint8Array): void;
  /** Nothing follows; `code` as in `TransportEvents.failed`. */
  ended(code: string, message: string): void;
}

/** Bytes that come from the server from now on. */
export interface ByteStream {
  /** May be called twice. */
  close(): void;
}

export type OpenByteStream = (events: ByteStreamEvents) => ByteStream;
