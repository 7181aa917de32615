/** RFC 8489 section 5: the second word of every message. */
export const magicCookie = 0x2112a442;
export const headerBytes = 20;
export const transactionIdBytes = 12;
/** RFC 8489 section 14.5: HMAC-SHA1, behind 4 bytes of type and length. */
export const integrityValueBytes = 20;
/** RFC 8489 section 14.7: CRC-32, behind 4 bytes of type and length. */
export const fingerprintValueBytes = 4;
/** Attributes of one message; a message with more is refused. Bounds the work that one datagram can cause. */
export const maxAttributes = 128;
/** Unknown attributes that are told of one message. */
export const maxUnknownRequired = 32;
/** RFC 8489 section 14.3: USERNAME has fewer than 509 bytes. */
export const defaultMaxUsernameBytes = 508;

/** RFC 8489 section 18.2 and RFC 8656 section 17. */
export const methods = {
  binding: 1,
  allocate: 3,
  refresh: 4,
  send: 6,
  data: 7,
  createPermission: 8,
  channelBind: 9,
} as const;

/**
 * The attributes that are known here; types from 0x8000 on may be ignored by who does not know them. RFC 8489
 * section 18.3, RFC 8656 section 18.
 */
export const attributes = {
  mappedAddress: 0x0001,
  username: 0x0006,
  messageIntegrity: 0x0008,
  errorCode: 0x0009,
  unknownAttributes: 0x000a,
  channelNumber: 0x000c,
  lifetime: 0x000d,
  xorPeerAddress: 0x0012,
  data: 0x0013,
  realm: 0x0014,
  nonce: 0x0015,
  xorRelayedAddress: 0x0016,
  requestedAddressFamily: 0x0017,
  evenPort: 0x0018,
  requestedTransport: 0x0019,
  dontFragment: 0x001a,
  xorMappedAddress: 0x0020,
  reservationToken: 0x0022,
  additionalAddressFamily: 0x8000,
  addressErrorCode: 0x8001,
  icmp: 0x8004,
  software: 0x8022,
  alternateServer: 0x8023,
  fingerprint: 0x8028,
} as const;
