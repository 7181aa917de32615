import { createHash, randomBytes } from "node:crypto";
import type { HookQuestion, SessionEnding } from "./question.ts";

/** What SRS calls the host of streams that name none. */
const vhost = "__defaultVhost__";

/** What tells one server and one run of it from others. */
export interface SrsIdentity {
  readonly serverId: string;
  readonly serviceId: string;
}

export function createIdentity(): SrsIdentity {
  return {
    serverId: `vid-${randomBytes(4).toString("hex").slice(0, 7)}`,
    serviceId: randomBytes(4).toString("hex"),
  };
}

export type SrsAction =
  | "on_connect"
  | "on_publish"
  | "on_play"
  | "on_unpublish"
  | "on_stop"
  | "on_close";

/** The body of a callback as SRS 7 sends it (its documents, "HTTP Callback"). `ending` is needed for `on_close`. */
export function srsBody(
  action: SrsAction,
  question: HookQuestion,
  identity: SrsIdentity,
  ending?: SessionEnding,
): object {
  const { address, host, pageUrl = "", session = "", stream: name, token, transport } = question;
  const slash = name.lastIndexOf("/");
  const app = slash < 0 ? "" : name.slice(0, slash);
  // Only RTMP has an address of that kind; SRS makes one up where it has none.
  const tcHost = transport === "rtmp" || transport === "rtmp-play" ? (host ?? vhost) : vhost;
  const common = {
    server_id: identity.serverId,
    service_id: identity.serviceId,
    action,
    client_id: session,
    ip: address,
    vhost,
    app,
    tcUrl: `rtmp://${tcHost}/${app}`,
  };
  if (action === "on_connect") return { ...common, pageUrl };
  const body = {
    ...common,
    stream: name.slice(slash + 1),
    param: token === undefined ? "" : `?token=${encodeURIComponent(token)}`,
    stream_url: `/${name}`,
    stream_id: `vid-${createHash("sha256").update(name).digest("hex").slice(0, 7)}`,
  };
  if (action === "on_play") return { ...body, pageUrl };
  if (action !== "on_close") return body;
  return {
    ...body,
    send_bytes: ending?.bytesSent ?? 0,
    recv_bytes: ending?.bytesReceived ?? 0,
  };
}

/**
 * What a receiver of SRS's callbacks says: status 200 or 201 with `0` or `{"code": 0}` is yes, any other code is no.
 * @throws Error when it says neither.
 */
export function srsAllows(status: number, body: string): boolean {
  if (status === 401 || status === 403) return false;
  if (status !== 200 && status !== 201) throw new Error(`status ${status}`);
  const code = codeOf(body);
  if (code === undefined) throw new Error("an answer without a code");
  return code === 0;
}

function codeOf(body: string): number | undefined {
  try {
    const value: unknown = JSON.parse(body);
    const code =
      typeof value === "object" && value !== null ? (value as { code?: unknown }).code : value;
    return typeof code === "number" ? code : undefined;
  } catch {
    return undefined;
  }
}
