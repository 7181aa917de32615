export { ProtocolError } from "@millrace/media/error";

/**
 * We say no to a request that is well formed: not allowed, busy, not found, too many.
 * `code` is a stable string; `status` is the HTTP status that every HTTP transport answers with.
 */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  readonly code: string;
  readonly status: number;

  constructor(code: string, status: number, message: string) {
    super(message);
    this.code = code;
    this.status = status;
  }
}
