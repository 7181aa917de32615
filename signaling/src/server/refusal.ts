import type { Refusal } from "../protocol/index.ts";

/** The errors whose code and message are meant for the client; all others are bugs of ours. */
const tellable: ReadonlySet<string> = new Set(["RefusedError", "ProtocolError", "SignalingError"]);

interface CodedError extends Error {
  readonly code: string;
}

/** True for refusals and protocol errors, which carry a stable code. They are recognised by name because they come from several packages. */
export function isTellable(error: unknown): error is CodedError {
  return error instanceof Error && tellable.has(error.name) && "code" in error;
}

/** What the client is told; of a bug only that there was one. */
export function refusalOf(error: unknown): Refusal {
  return isTellable(error)
    ? { ok: false, error: { code: error.code, message: error.message } }
    : { ok: false, error: { code: "INTERNAL_ERROR", message: "The server failed." } };
}
