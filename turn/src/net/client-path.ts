/** How a client reaches the relay. */
export type Protocol = "udp" | "tcp" | "tls";

/** What a path belongs to for longer than one message: an allocation. */
export interface PathSession {
  /** A whole ChannelData message with its header, perhaps with padding behind it. May be kept, must not be changed. */
  channelData(message: Uint8Array): void;
  /** The connection is gone. */
  pathClosed(): void;
}

/** One client at one listener: the 5-tuple. RFC 8656 section 2. */
export interface ClientPath {
  readonly protocol: Protocol;
  readonly family: 4 | 6;
  readonly address: string;
  readonly port: number;
  /** Text that no other path has at the same time. */
  readonly key: string;
  /** Which socket of native code reaches the client; absent where none does. */
  readonly place?: number | undefined;
  /** ChannelData must be padded to four bytes here. RFC 8656 section 12.5. */
  readonly padded: boolean;
  /** Set and removed by `hold` and `free`. */
  readonly session: PathSession | undefined;
  /** Sends a message, which must not be changed afterwards. False when it was dropped. */
  send(message: Uint8Array): boolean;
  /** Sends header, payload and 0 to 3 zero bytes as one message. */
  sendParts(header: Uint8Array, payload: Uint8Array, padding: number): boolean;
  /** From now on ChannelData of the path goes to the session. */
  hold(session: PathSession): void;
  /** Ends `hold`. */
  free(): void;
}

/** Takes what is not ChannelData of a held path. */
export interface PathReceiver {
  /** Bytes that claim to be a STUN message. May be kept, must not be changed. */
  stun(message: Uint8Array, path: ClientPath): void;
  /** ChannelData of a path without a session, or bytes that are neither: dropped. */
  stray(): void;
}
