/**
 * The peer or the bytes it sent are wrong. Whoever owns the session closes it and counts `code`,
 * a stable string such as `RTMP_CHUNK_TOO_LARGE`.
 */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
