/** What went wrong with a message, as stable codes for counters. */
export type StunErrorCode =
  | "STUN_TOO_SHORT"
  | "STUN_NOT_STUN"
  | "STUN_MAGIC_COOKIE"
  | "STUN_LENGTH"
  | "STUN_ATTRIBUTE_OVERRUN"
  | "STUN_TOO_MANY_ATTRIBUTES"
  | "STUN_INTEGRITY_LENGTH"
  | "STUN_FINGERPRINT_LENGTH"
  | "STUN_FINGERPRINT_POSITION"
  | "STUN_FINGERPRINT_WRONG"
  | "STUN_ADDRESS_LENGTH"
  | "STUN_ADDRESS_FAMILY";

/**
 * The peer or its bytes are wrong. The message is dropped, or answered with 400, and `code` is counted. Has no stack
 * frames: it says nothing about the program, and making them costs ten times the reading under a flood of noise.
 */
export class StunError extends Error {
  override readonly name = "StunError";
  readonly code: StunErrorCode;

  constructor(code: StunErrorCode, message: string) {
    const frames = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = frames;
    this.code = code;
  }
}
