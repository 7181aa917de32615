/**
 * A refusal or failure in signaling. `code` is a stable string: the server's own codes, those of the
 * gateway behind it, and on the client also `TIMEOUT`, `CLOSED` and `PROTOCOL_VIOLATION`.
 */
export class SignalingError extends Error {
  override readonly name = "SignalingError";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
