import { randomId } from "./ids.ts";
import type { Access, AccessRequest, Grant } from "./ports.ts";
import { parseStreamName } from "./stream-name.ts";

/**
 * Asks whether a session may begin, and under which name. Everything that begins sessions asks here.
 * @throws RefusedError as `Access.authorize`, `STREAM_NAME_INVALID` 400 for a new name that is none.
 */
export async function admit(access: Access, request: AccessRequest): Promise<Grant> {
  const id = request.id ?? randomId();
  const grant = await access.authorize({ ...request, id });
  const session = grant?.session ?? id;
  if (grant === undefined) return { stream: request.stream, session };
  // Whoever watches goes on asking for the name that it knows.
  if (request.action !== "publish") return { ...grant, stream: request.stream, session };
  // New names come from outside.
  return { ...grant, stream: parseStreamName(grant.stream), session };
}
