/** One message on a stream of an association. The bytes are kept and never changed. */
export interface OutgoingMessage {
  readonly streamId: number;
  /** Payload protocol identifier: what the bytes are. RFC 8831 section 8. */
  readonly ppid: number;
  /** At least one byte: SCTP has no empty messages. RFC 9260 section 3.3.1. */
  readonly bytes: Uint8Array;
  readonly ordered: boolean;
  /** Give up after so many retransmissions of one packet; undefined: never. RFC 7496 section 3.2. */
  readonly maxRetransmits: number | undefined;
  /** Give up at that time of the clock; undefined: never. RFC 3758 section 4.1. */
  readonly expiresUs: number | undefined;
}

/** Limits of one association. */
export interface SctpLimits {
  /** Streams of each direction; ids go up to one less. Chromium uses 1024. */
  readonly maxStreams: number;
  /** Longest message that is put together, bytes. */
  readonly maxMessageBytes: number;
  /** Bytes of unfinished or early messages that are kept; what we announce as receiver window. */
  readonly receiveWindowBytes: number;
  /** Chunks that may come ahead of a missing one; those beyond are left to be sent again. */
  readonly maxChunksAhead: number;
  /** Longest packet that we send, bytes: what one DTLS record takes. */
  readonly maxPacketBytes: number;
  /** Timeouts in a row without any progress after which the association has failed. RFC 9260 section 8.1. */
  readonly maxTimeouts: number;
}

export const DEFAULT_SCTP_LIMITS: SctpLimits = {
  maxStreams: 1024,
  maxMessageBytes: 64 * 1024,
  receiveWindowBytes: 256 * 1024,
  maxChunksAhead: 2048,
  maxPacketBytes: 1160,
  maxTimeouts: 10,
};

/** What an association tells. Called from `receive`, from timers, never after `close`. */
export interface SctpEvents {
  /** A packet to send, at most `maxPacketBytes`; the callee's for as long as it likes. */
  send(packet: Uint8Array): void;
  /** The handshake is through: what waits is sent now. Once. */
  established(): void;
  /** A whole message. `bytes` are the callee's. */
  message(streamId: number, ppid: number, bytes: Uint8Array): void;
  /** A message was longer than allowed; nothing more comes of that stream until the peer resets it. */
  messageTooLong(streamId: number): void;
  /** The peer ends its direction of these streams; what it sent before has been told. RFC 6525. */
  streamsReset(streamIds: readonly number[]): void;
  /** Our direction of these streams has ended: the ids may be used again once the peer's ended too. */
  resetDone(streamIds: readonly number[]): void;
  /** The association is gone; nothing follows. `code` is `SCTP_…`. Once, not after `close`. */
  closed(code: string): void;
}

/** An SCTP association over DTLS (RFC 8261), of which the peer sends the INIT. */
export interface SctpAssociation {
  readonly established: boolean;
  /** Bytes of messages that are not acknowledged yet. */
  readonly bufferedBytes: number;
  /** Takes one packet and copies what it keeps. Never throws for anything in it. */
  receive(packet: Uint8Array): void;
  /** Queues a message, also before the handshake is through. The caller watches `bufferedBytes`. */
  send(message: OutgoingMessage): void;
  /** Ends our direction of a stream once all that was sent on it is acknowledged. RFC 6525 section 5.1.2. */
  reset(streamId: number): void;
  /** The peer has begun the stream anew, so it knows that our direction ended, though its answer did not come. */
  confirmReset(streamId: number): void;
  /** Tells the peer with an ABORT. Leaves no timer. May be called twice. */
  close(): void;
}
