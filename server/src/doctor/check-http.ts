import { createHash, randomBytes } from "node:crypto";
import { ask, below, NoAnswer, type Reply } from "./ask.ts";
import { disbeliefCheck } from "./check-certificates.ts";
import { type Check, fail, ok, skipped, warn } from "./report.ts";

/** More than this and TURN credentials and logs are off. */
const maxSkewMs = 30_000;
/** RFC 6455 section 1.3. */
const acceptSuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Whether a server answers at this address, and whether it is one of ours. The first element tells. */
export async function checkHealth(base: URL, timeoutMs: number): Promise<Check> {
  const id = "http";
  let reply: Reply;
  try {
    reply = await ask(below(base, "/healthz"), { timeoutMs });
  } catch (error) {
    return unreachable(id, base, error);
  }
  if (isHealthy(reply)) return ok(id, `The server answers at ${base.href}.`);
  if (base.pathname !== "/") {
    const atRoot = await ask(new URL("/healthz", base), { timeoutMs }).catch(() => undefined);
    if (atRoot !== undefined && isHealthy(atRoot)) {
      return fail(
        id,
        "DOCTOR_BASE_PATH",
        `The server answers at ${base.origin}/, not under ${base.pathname}.`,
        "Set http.basePath to that path, or let the proxy take it off.",
      );
    }
  }
  return fail(
    id,
    "DOCTOR_HTTP_FOREIGN",
    `What answers at ${base.href} is not this server (status ${reply.status}).`,
    "Correct the address, or the proxy's rule for it.",
  );
}

/** Probes, signaling and clock of a server that answers. */
export async function checkHttp(
  base: URL,
  wallMs: () => number,
  timeoutMs: number,
): Promise<Check[]> {
  return [
    await checkReady(base, timeoutMs),
    await checkSkew(base, wallMs, timeoutMs),
    await checkPolling(base, timeoutMs),
    await checkWebSocket(base, timeoutMs),
  ];
}

async function checkReady(base: URL, timeoutMs: number): Promise<Check> {
  const reply = await ask(below(base, "/readyz"), { timeoutMs }).catch(() => undefined);
  if (reply?.status === 200) return ok("ready", "The server takes streams and viewers.");
  return fail(
    "ready",
    "DOCTOR_NOT_READY",
    "The server runs, but is starting or closing.",
    "Wait a moment; when it stays so, look at the server's log.",
  );
}

async function checkSkew(base: URL, wallMs: () => number, timeoutMs: number): Promise<Check> {
  const id = "server-clock";
  const reply = await ask(below(base, "/healthz"), { timeoutMs }).catch(() => undefined);
  const date = Date.parse(reply?.headers.date ?? "");
  if (Number.isNaN(date)) return skipped(id, "DOCTOR_NOT_KNOWN", "The server tells no time.");
  const skewMs = Math.abs(date - wallMs());
  const seconds = Math.round(skewMs / 1000);
  if (skewMs <= maxSkewMs) return ok(id, "The server's clock and this one agree.");
  const message = `The server's clock and this one differ by ${seconds} s.`;
  return warn(id, "DOCTOR_CLOCK_SKEW", message, "Keep both clocks right with NTP.");
}

/** Opens a session of Engine.IO 4 by long-polling, and closes it. */
async function checkPolling(base: URL, timeoutMs: number): Promise<Check> {
  const id = "signaling-polling";
  const url = below(base, "/socket.io/");
  url.search = "?EIO=4&transport=polling";
  const reply = await ask(url, { timeoutMs }).catch(() => undefined);
  const sid = /^0\{.*"sid":"([^"]+)"/.exec(reply?.body ?? "")?.[1];
  if (reply?.status !== 200 || sid === undefined) {
    return fail(
      id,
      "DOCTOR_POLLING_BLOCKED",
      `Signaling by HTTP does not work at ${url.pathname} (${reply?.status ?? "no answer"}).`,
      `Let the proxy pass on everything below ${url.pathname}, with its query.`,
    );
  }
  url.searchParams.set("sid", sid);
  const headers = { "Content-Type": "text/plain;charset=UTF-8" };
  await ask(url, { method: "POST", headers, body: "1", timeoutMs }).catch(() => undefined);
  return ok(id, "Signaling by HTTP works.");
}

/** Opens a WebSocket of Engine.IO 4, and hangs up. RFC 6455 section 4.1. */
async function checkWebSocket(base: URL, timeoutMs: number): Promise<Check> {
  const id = "signaling-websocket";
  const url = below(base, "/socket.io/");
  url.search = "?EIO=4&transport=websocket";
  const key = randomBytes(16).toString("base64");
  const headers = {
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": key,
  };
  const reply = await ask(url, { headers, timeoutMs }).catch(() => undefined);
  const accept = createHash("sha1")
    .update(key + acceptSuffix)
    .digest("base64");
  if (reply?.status === 101 && reply.headers["sec-websocket-accept"] === accept) {
    return ok(id, "Signaling by WebSocket works.");
  }
  return warn(
    id,
    "DOCTOR_WEBSOCKET_BLOCKED",
    `No WebSocket comes through to ${url.pathname} (${reply?.status ?? "no answer"}).`,
    "Let the proxy pass on upgrades (nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade).",
  );
}

/** Whether the first bytes of an endless answer come at once. `stream` is live. */
export async function checkBuffering(
  base: URL,
  stream: string,
  token: string | undefined,
  timeoutMs: number,
): Promise<Check> {
  const id = "proxy-buffering";
  const headers = {
    Accept: "text/event-stream",
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
  };
  try {
    const url = below(base, `/${stream}.sse`);
    const reply = await ask(url, { headers, timeoutMs, firstBytes: true });
    const isEvents = reply.headers["content-type"]?.startsWith("text/event-stream") === true;
    if (reply.status === 200 && isEvents) return passedOn(id);
    const message = `The events of ${stream} may not be read (status ${reply.status}).`;
    return skipped(id, "DOCTOR_STREAM_REFUSED", message, "Name a live stream, and a token for it.");
  } catch (error) {
    return heldOrUnreachable(id, base, error);
  }
}

/** From when on the first bytes of `/doctor/events` were held: they are written at once, the last ones after 2.5 s. */
const heldMs = 1500;

/** The same without a stream, with an answer that the server has for this. */
export async function checkBufferingByProbe(base: URL, timeoutMs: number): Promise<Check> {
  const id = "proxy-buffering";
  const headers = { Accept: "text/event-stream" };
  const patience = { timeoutMs: Math.min(timeoutMs, heldMs), firstBytes: true };
  try {
    const reply = await ask(below(base, "/doctor/events"), { headers, ...patience });
    const isEvents = reply.headers["content-type"]?.startsWith("text/event-stream") === true;
    if (reply.status === 200 && isEvents) return passedOn(id);
    const message = "Only with a live stream can be told whether a proxy holds answers back.";
    const fix = "Publish a stream (or start with --demo), and look again with --stream NAME.";
    return skipped(id, "DOCTOR_NO_STREAM", message, fix);
  } catch (error) {
    return heldOrUnreachable(id, base, error);
  }
}

function passedOn(id: string): Check {
  return ok(id, "Endless answers come through as they are written.");
}

function heldOrUnreachable(id: string, base: URL, error: unknown): Check {
  if (!(error instanceof NoAnswer) || error.code !== "TIMEOUT") return unreachable(id, base, error);
  return fail(
    id,
    "DOCTOR_PROXY_BUFFERS",
    "Something on the way collects endless answers instead of passing them on.",
    "Switch buffering off in the proxy (nginx: proxy_buffering off), and compression of text/event-stream.",
  );
}

function isHealthy({ status, body }: Reply): boolean {
  if (status !== 200) return false;
  try {
    return (JSON.parse(body) as { status?: unknown } | null)?.status === "ok";
  } catch {
    return false;
  }
}

function unreachable(id: string, base: URL, error: unknown): Check {
  if (!(error instanceof NoAnswer)) throw error;
  const disbelieved = disbeliefCheck(id, base, error.code, error.message);
  if (disbelieved !== undefined) return disbelieved;
  return fail(
    id,
    "DOCTOR_HTTP_UNREACHABLE",
    `Nothing answers at ${base.href}: ${error.message}.`,
    "Start the server, correct the address, or open the port in the firewall.",
  );
}
