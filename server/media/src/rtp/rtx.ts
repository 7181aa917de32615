const originalSequenceBytes = 2;

/** What an RTX packet repeats. The other header fields are those of the RTX packet, bar SSRC and payload type. */
export interface RtxContent {
  /** 16-bit sequence number that the packet had in the original stream. */
  readonly sequence: number;
  /** The original payload, a view of the RTX payload; empty when the original had none. */
  readonly payload: Uint8Array;
}

/**
 * RFC 4588 section 4: the original packet in the payload of an RTX packet. Undefined when there is no
 * original sequence number: senders probe the path with RTX packets of padding alone.
 */
export function unwrapRtx(payload: Uint8Array): RtxContent | undefined {
  const [high, low] = payload;
  if (high === undefined || low === undefined) return undefined;
  return { sequence: high * 256 + low, payload: payload.subarray(originalSequenceBytes) };
}
