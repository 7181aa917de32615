/** SRTP protection profiles that we negotiate (RFC 5764 section 4.1.2, RFC 7714 section 14.2). */
export type SrtpProfile = "AEAD_AES_128_GCM" | "AES_CM_128_HMAC_SHA1_80";

/** Master key and salt of one direction, as exported by DTLS (RFC 5764 section 4.2). Secret: never logged. */
export interface SrtpMaster {
  readonly key: Uint8Array;
  readonly salt: Uint8Array;
}

export interface SrtpKeys {
  readonly profile: SrtpProfile;
  /** Protects what we send. */
  readonly local: SrtpMaster;
  /** Protects what the peer sends. */
  readonly remote: SrtpMaster;
}

/** Header extension ids of one m-line (RFC 8285), absent where not negotiated. */
export interface HeaderExtensionIds {
  readonly mid?: number;
  readonly playoutDelay?: number;
  readonly absCaptureTime?: number;
  readonly transportCc?: number;
}

/** One negotiated m-line on which we send. */
export interface SendMedia {
  readonly kind: "video" | "audio";
  readonly mid: string;
  readonly codec: "h264" | "opus" | "vp8" | "vp9" | "av1" | "h265";
  readonly payloadType: number;
  /** RTP clock, Hz. */
  readonly clockRate: number;
  readonly ssrc: number;
  readonly cname: string;
  /** RFC 4588 retransmission stream, when the peer takes one. */
  readonly rtx: { readonly payloadType: number; readonly ssrc: number } | undefined;
  /** The peer may send generic NACKs for this m-line (RFC 4585). */
  readonly nack: boolean;
  readonly extensions: HeaderExtensionIds;
}

/** What the owner of a Peer is told. Called on the event loop, never from inside a call into the Peer. */
export interface PeerEvents {
  /** The handshake is complete and the remote certificate proven; `keys` and `media` are set. At most once. */
  connected(): void;
  /**
   * An SRTP or SRTCP datagram from the validated remote address, still protected. `bytes` belong to
   * the callee only until it returns.
   */
  datagram(bytes: Buffer, nowUs: number): void;
  /** Nothing authentic came for some seconds; the peer may come back until it is closed. */
  disconnected?(): void;
  /** The peer came back after `disconnected`. */
  reconnected?(): void;
  /** The peer is gone; nothing follows. `reason` is a stable code such as `PEER_TIMEOUT`. Exactly once. */
  closed(reason: string): void;
}

export interface RemoteAddress {
  readonly address: string;
  readonly port: number;
}

/** Our side's new ICE credentials and all candidates, for an answer without a description (RFC 8840). */
export interface IceRestartAnswer {
  readonly ufrag: string;
  /** Secret: never logged. */
  readonly pwd: string;
  /** `candidate:…` lines without `a=`. */
  readonly candidates: readonly string[];
}

/** One WebRTC peer: ICE, DTLS and keys. RTP and RTCP are the owner's business. */
export interface Peer {
  /** Unguessable. */
  readonly id: string;
  /** Set from the first answer on. */
  readonly media: readonly SendMedia[];
  /** Set from `connected` on. */
  readonly keys: SrtpKeys | undefined;
  /** Where datagrams go now; changes when ICE nominates another pair. */
  readonly remote: RemoteAddress | undefined;
  /**
   * Applies an offer and makes the answer with all candidates: the first negotiation, a later one or an ICE restart.
   * @throws ProtocolError `SDP_INVALID`, `SDP_UNSUPPORTED`; the session that was there before goes on.
   */
  answer(offerSdp: string): Promise<string>;
  /**
   * The client restarts ICE with these credentials of its own. The old ones keep working until an address is
   * nominated with the new ones.
   * @throws ProtocolError `ICE_INVALID`; nothing has changed then.
   */
  restartIce(ufrag: string, pwd: string): IceRestartAnswer;
  /** Adds a remote candidate line (`candidate:…`). Candidates that cannot be used are ignored. */
  addCandidate(candidate: string): void;
  /** Sends one datagram to the remote address; dropped while there is none. Does not keep `datagram` after the same tick unless the kernel is busy, so callers never rewrite it. */
  send(datagram: Uint8Array): void;
  /** Liveness: an authentic packet of the peer was seen by the owner (SRTCP that decrypts). */
  alive(nowUs: number): void;
  /** May be called twice. Tells `closed(reason)` once. */
  close(reason: string): void;
}

/** How the H.264 of the stream looks, so that the best matching payload type of the offer is taken. */
export interface AnswerPreferences {
  /** profile_idc, constraint flags and level_idc as six hex digits; undefined while unknown. */
  readonly h264ProfileLevelId: string | undefined;
}

export interface PeerFactory {
  /** A peer that sends one video (H.264) and one audio (Opus) track and receives no media. @throws RefusedError `PEERS_FULL` 503. */
  createSender(preferences: AnswerPreferences, events: PeerEvents): Peer;
  close(): Promise<void>;
}
