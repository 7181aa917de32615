import type { IceServer, StreamStatus } from "@millrace/signaling/session";

/** What a way to the server tells. */
export interface PublishLinkEvents {
  link(up: boolean): void;
}

/** What one publish session tells until it is closed. */
export interface PublishEvents {
  /** The stream as the server sees it; also who watches. */
  status(status: StreamStatus): void;
  /** The server ended the session. */
  bye(reason: string): void;
  /** The server forgot the session while the way was down. */
  lost(): void;
}

/** Keeps a peer connection and the server in agreement. */
export interface PublishNegotiation {
  /** Leaves the peer connection as it is. May be called twice. */
  close(): void;
}

/** One publish session on the server. */
export interface PublishGrant {
  readonly iceServers: readonly IceServer[];
  /**
   * Offers what `peer` has to send, now and whenever that changes, and restarts ICE when the way is lost.
   * `failed` is told what does not pass by itself.
   */
  negotiate(peer: RTCPeerConnection, failed: (error: unknown) => void): PublishNegotiation;
  /** Leaves. May be called twice. */
  close(): void;
}

/** A way to the server that keeps itself up. */
export interface PublishLink {
  open(): void;
  /** May be called twice; nothing is told afterwards. */
  close(): void;
  /** Rejects with an error that has a `code`. */
  publish(takeOver: boolean, events: PublishEvents): Promise<PublishGrant>;
}
