import type { IceServer, LayerPreference, StreamStatus } from "@millrace/signaling/session";

/** What a way to the server tells. `stream` is told with or without a session. */
export interface SignalingEvents {
  link(up: boolean): void;
  stream(status: StreamStatus): void;
}

/** What one watch session tells until it is closed. */
export interface WatchEvents {
  /** What the session's stream is; comes with the capture time of the session's own RTP clock. */
  status(status: StreamStatus): void;
  /** The layer of a simulcast stream that is sent from now on; null: none, or there are no layers. */
  layer(rid: string | null): void;
  /** The server asks for a new offer: the session lacks a track of the stream. */
  renegotiate(): void;
  /** The server ended the session. */
  bye(reason: string): void;
  /** The server forgot the session while the way was down. */
  lost(): void;
}

/** One watch session on the server. */
export interface WatchSession {
  readonly iceServers: readonly IceServer[];
  /** Sends an offer and gives the answer. Rejects with an error that has a `code`. */
  describe(offerSdp: string): Promise<string>;
  /** Sends a local candidate; null at their end. */
  candidate(candidate: RTCIceCandidateInit | null): void;
  /** Says which layer suits; what is absent stays as it was. May be called often. */
  prefer(preference: LayerPreference): void;
  /** Leaves. May be called twice. */
  close(): void;
}

/** A way to the server that keeps itself up. */
export interface SignalingLink {
  open(): void;
  /** May be called twice; nothing is told afterwards. */
  close(): void;
  /** Rejects with an error that has a `code`. */
  watch(events: WatchEvents): Promise<WatchSession>;
  /** The server's wall clock at the local monotonic time `atMs`; undefined while it is not known. */
  serverWallMs(atMs: number): number | undefined;
}
