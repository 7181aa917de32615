/** Why media does not come: a stable code and the server's sentence, or an empty one. */
export interface MediaFailure {
  readonly code: string;
  readonly message: string;
}

const codePattern = /^[A-Z][A-Z0-9_]{1,63}$/;
/** A longer problem document is none of ours. Characters. */
const maxProblemLength = 16_384;
const maxMessageLength = 500;

/** Codes of answers without a problem document. */
const codesByStatus: ReadonlyMap<number, string> = new Map([
  [401, "UNAUTHORIZED"],
  [403, "FORBIDDEN"],
  [404, "STREAM_NOT_FOUND"],
  [410, "STREAM_NOT_FOUND"],
  [408, "TIMEOUT"],
  [429, "RATE_LIMITED"],
  [504, "TIMEOUT"],
]);

/** What a refusal says: the `code` of its problem document (RFC 9457), else a code for its status. */
export function failureOf(status: number, body: string): MediaFailure {
  const known = codesByStatus.get(status) ?? (status >= 500 ? `HTTP_${status}` : "HTTP_REFUSED");
  if (body.length > maxProblemLength) return { code: known, message: "" };
  try {
    const { code, detail } = JSON.parse(body) as { code?: unknown; detail?: unknown };
    const message = typeof detail === "string" ? detail.slice(0, maxMessageLength) : "";
    return isCode(code) ? { code, message } : { code: known, message };
  } catch {
    return { code: known, message: "" };
  }
}

/** The same for an answer whose body was not read. Never rejects. */
export async function failureOfResponse(response: Response): Promise<MediaFailure> {
  const type = response.headers.get("Content-Type") ?? "";
  const body = type.includes("json") ? await response.text().catch(() => "") : "";
  if (body === "") void response.body?.cancel().catch(() => {});
  return failureOf(response.status, body);
}

/** A stable code such as servers send it as a reason. */
export function isCode(value: unknown): value is string {
  return typeof value === "string" && codePattern.test(value);
}
