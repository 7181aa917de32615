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

/** Header extension ids of an m-line on which we send (RFC 8285), absent where not negotiated. */
export interface HeaderExtensionIds {
  readonly mid?: number;
  readonly playoutDelay?: number;
  readonly absCaptureTime?: number;
  readonly transportCc?: number;
}

/** Header extension ids of an m-line on which we receive (RFC 8285), absent where not negotiated. */
export interface ReceiveExtensionIds {
  readonly mid?: number;
  /** RFC 8852: which simulcast layer a packet, or the packet that a retransmission repeats, belongs to. */
  readonly rid?: number;
  readonly repairedRid?: number;
  readonly transportCc?: number;
  readonly absSendTime?: number;
  readonly absCaptureTime?: number;
  /** RFC 6464. */
  readonly audioLevel?: number;
  /** 3GPP TS 26.114 section 7.4.5. */
  readonly videoOrientation?: number;
}

/** Codecs that pass through WebRTC here, as in their MIME types, in lower case. */
export type RtcCodec = "h264" | "vp8" | "vp9" | "av1" | "opus" | "h265";

/** One negotiated payload type. */
export interface PayloadFormat {
  readonly codec: RtcCodec;
  readonly payloadType: number;
  /** RTP clock, Hz. */
  readonly clockRate: number;
  /** H.264: profile_idc, constraint flags and level_idc as six hex digits. */
  readonly profileLevelId: string | undefined;
  /** RFC 4588 retransmissions of it. */
  readonly rtxPayloadType: number | undefined;
}

/** One negotiated m-line on which we send. */
export interface SendMedia {
  readonly kind: "video" | "audio";
  readonly mid: string;
  readonly codec: RtcCodec;
  readonly payloadType: number;
  /** RTP clock, Hz. */
  readonly clockRate: number;
  /**
   * Everything that may be sent on this line without another negotiation, the preferred one (which the
   * members above repeat) first.
   */
  readonly formats: readonly PayloadFormat[];
  readonly ssrc: number;
  readonly cname: string;
  /** RFC 4588 retransmission stream, when the peer takes one. */
  readonly rtx: { readonly payloadType: number; readonly ssrc: number } | undefined;
  /** The peer may send generic NACKs for this m-line (RFC 4585). */
  readonly nack: boolean;
  readonly extensions: HeaderExtensionIds;
}

/** One encoding that the peer may send on an m-line: the only one, or one simulcast layer (RFC 8853). */
export interface ReceiveEncoding {
  /** Undefined without simulcast. */
  readonly rid: string | undefined;
  /** As the offer tells; undefined when packets tell by their `rid` or `mid`. */
  readonly ssrc: number | undefined;
  readonly rtxSsrc: number | undefined;
}

/** One negotiated m-line on which we receive. */
export interface ReceiveMedia {
  readonly kind: "video" | "audio";
  readonly mid: string;
  /** What the peer may send, what we prefer first. */
  readonly formats: readonly PayloadFormat[];
  /** In the order of the offer's `a=simulcast`. */
  readonly encodings: readonly ReceiveEncoding[];
  readonly extensions: ReceiveExtensionIds;
  /** Feedback that the peer takes. RFC 4585, RFC 5104. */
  readonly feedback: {
    readonly nack: boolean;
    readonly pli: boolean;
    readonly fir: boolean;
    readonly transportCc: boolean;
    readonly remb: boolean;
  };
  /** Ours, for reports and feedback about this line. */
  readonly localSsrc: number;
  readonly cname: string;
  /** False while the peer has taken the track away or made the line inactive. */
  readonly active: boolean;
}

/** SCTP over the peer's DTLS (RFC 8831), when an m-line for data channels is negotiated. */
export interface DataMedia {
  readonly mid: string;
  /** RFC 8841; ours is the same unless said otherwise. */
  readonly sctpPort: number;
  /** Largest message that the peer takes, bytes. */
  readonly maxMessageSize: number;
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
  /** DTLS application data, which is SCTP (RFC 8261). `bytes` are the callee's only until it returns. */
  data?(bytes: Buffer, nowUs: number): void;
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

/** Where datagrams go, for senders that call the kernel themselves. */
export interface DatagramPath extends RemoteAddress {
  /** `fd` is absent where only the socket itself can send: TCP, or a socket that Node made. */
  readonly socket: {
    readonly fd?: number | undefined;
    /** Bytes of datagrams that the kernel did not take yet and reads from where the caller has them. */
    readonly waitingBytes?: number | undefined;
    /** Sends at once. The bytes must stay until then, or as long as there are `waitingBytes`. */
    send(datagram: Uint8Array, port: number, address: string): void;
  };
}

/** What went over a peer's paths, but for the datagrams that its owner sends. */
export interface PeerTraffic {
  /** Answers to checks, DTLS, and what framing for TCP adds to whatever is sent. Bytes. */
  readonly ownBytesSent: number;
  /** Everything authentic or from a validated address, with the framing of TCP. Bytes. */
  readonly bytesReceived: number;
  /** Bytes that the kernel did not take yet. */
  readonly waitingBytes: number;
  /** By which datagrams go now; undefined before there is a path. */
  readonly protocol: "udp" | "tcp" | undefined;
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
  /** What we send. Set from the first answer on, replaced by later ones. */
  readonly media: readonly SendMedia[];
  /** What we receive. Set from the first answer on, replaced by later ones. */
  readonly receives: readonly ReceiveMedia[];
  /** Set from the first answer on while data channels are negotiated. */
  readonly dataMedia: DataMedia | undefined;
  /** Set from `connected` on. */
  readonly keys: SrtpKeys | undefined;
  /** Where datagrams go now; changes when ICE nominates another pair. */
  readonly remote: RemoteAddress | undefined;
  /** The same with the socket, for senders that call the kernel themselves; another object when it changes. */
  readonly path?: DatagramPath | undefined;
  /** Also after its end. Absent: not counted. */
  readonly traffic?: PeerTraffic;
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
  /** Sends DTLS application data (one SCTP packet); dropped unless connected. */
  sendData(packet: Uint8Array): void;
  /** Liveness: an authentic packet of the peer was seen by the owner (SRTCP that decrypts). */
  alive(nowUs: number): void;
  /** May be called twice. Tells `closed(reason)` once. */
  close(reason: string): void;
}

/** How the stream looks, so that the best matching payload type of the offer is taken. */
export interface AnswerPreferences {
  /** What the stream's video is; H.264 when undefined. The answer puts it first and keeps the others that may follow. */
  readonly videoCodec?: RtcCodec | undefined;
  /** profile_idc, constraint flags and level_idc as six hex digits; undefined while unknown. */
  readonly h264ProfileLevelId: string | undefined;
}

export interface PeerFactory {
  /** A peer that sends one video and one audio (Opus) track and receives no media. @throws RefusedError `PEERS_FULL` 503. */
  createSender(preferences: AnswerPreferences, events: PeerEvents): Peer;
  /**
   * A peer that publishes: one video line (with or without simulcast), one audio line, any number of lines
   * that it does not use yet. We prefer H.264 without asking for more than the offer has.
   * @throws RefusedError `PEERS_FULL` 503.
   */
  createReceiver(events: PeerEvents): Peer;
  close(): Promise<void>;
}
