import { attributes, errorCodeValue } from "../stun/index.ts";

export type Attribute = readonly [type: number, value: Uint8Array];

/** What a request is answered with. */
export type Answer =
  | { readonly type: "success"; readonly attributes: readonly Attribute[] }
  | {
      readonly type: "error";
      readonly code: number;
      readonly reason: string;
      readonly attributes: readonly Attribute[];
    };

export function success(...list: readonly Attribute[]): Answer {
  return { type: "success", attributes: list };
}

/** Phrases of RFC 8489 section 14.8 and RFC 8656 section 19. */
const phrases = {
  400: "Bad Request",
  401: "Unauthenticated",
  403: "Forbidden",
  420: "Unknown Attribute",
  437: "Allocation Mismatch",
  438: "Stale Nonce",
  440: "Address Family not Supported",
  441: "Wrong Credentials",
  442: "Unsupported Transport Protocol",
  443: "Peer Address Family Mismatch",
  486: "Allocation Quota Reached",
  508: "Insufficient Capacity",
} as const;

export type ErrorCode = keyof typeof phrases;

/** An error answer; `list` follows the ERROR-CODE. */
export function refusal(code: ErrorCode, ...list: readonly Attribute[]): Answer {
  const reason = phrases[code];
  return {
    type: "error",
    code,
    reason,
    attributes: [[attributes.errorCode, errorCodeValue(code, reason)], ...list],
  };
}

/** 420 with what was not understood. RFC 8489 section 14.9. */
export function unknownAttributes(types: readonly number[]): Answer {
  const value = Buffer.alloc(types.length * 2);
  for (const [at, type] of types.entries()) value.writeUInt16BE(type, at * 2);
  return refusal(420, [attributes.unknownAttributes, value]);
}
