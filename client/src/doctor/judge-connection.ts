import { addressKind } from "./address-kind.ts";
import { type Check, type Finding, found, ok, timed } from "./check.ts";
import type { ServerFacts } from "./server-facts.ts";

/** What became of one try to speak with the signaling. */
export interface TryOutcome {
  readonly passed: boolean;
  readonly tookMs: number;
  /** Where it ended when it did not pass: a status, or a word. */
  readonly at: string;
}

export function judgeWebSocket(outcome: TryOutcome): Check {
  const id = "signaling-websocket";
  const check = outcome.passed
    ? ok(id, "WebSockets come through.")
    : found("warn", id, webSocketBlocked, { at: outcome.at });
  return timed(check, outcome.tookMs);
}

export function judgePolling(outcome: TryOutcome): Check {
  const id = "signaling-polling";
  const check = outcome.passed
    ? ok(id, "Signaling by long-polling comes through.")
    : found("fail", id, pollingBlocked, { at: outcome.at });
  return timed(check, outcome.tookMs);
}

/** When the pieces of a timed answer came. */
export interface Arrivals {
  /** Milliseconds since the request, in their order. */
  readonly atMs: readonly number[];
  /** The answer came to its end, or was broken off here because it took too long. */
  readonly ended: boolean;
}

/** A wait this long, as a share of the whole answer, was somebody's who collects. */
const heldShare = 0.6;

/**
 * The checks `events` and `proxy-buffering`. Pieces leave the server at even times: who gets them late and together sits
 * behind something that collects answers.
 */
export function judgeArrivals(
  id: "events" | "proxy-buffering",
  { atMs, ended }: Arrivals,
  { count, everyMs }: ServerFacts["beats"],
): Check {
  const spanMs = (count - 1) * everyMs;
  const [firstMs = 0] = atMs;
  const lastMs = atMs.at(-1) ?? 0;
  const waits = atMs.slice(1).map((at, index) => at - (atMs[index] ?? 0));
  const longestMs = Math.round(Math.max(0, ...waits));
  const details = {
    pieces: atMs.length,
    firstMs: Math.round(firstMs),
    longestWaitMs: longestMs,
  };
  // A slow start alone is the network's or the browser's own: what follows it then still comes piece by piece.
  const together = lastMs - firstMs < spanMs * (1 - heldShare);
  const heldAtFirst = firstMs >= spanMs * heldShare && together;
  if (atMs.length > 0 && (heldAtFirst || longestMs >= spanMs * heldShare)) {
    return timed(found("fail", id, held, details), lastMs);
  }
  if (!ended) return found("fail", id, id === "events" ? eventsBlocked : bytesBlocked, details);
  const what = id === "events" ? "Server-sent events come" : "Endless answers come";
  return timed(ok(id, `${what} as they are written.`, details), lastMs);
}

/** Camera, microphone and clipboard are there on secure pages only. W3C Secure Contexts section 3.1. */
export function judgeSecurity(isSecure: boolean): Check {
  return isSecure
    ? ok("tls", "The page is secure: camera and microphone may be used.")
    : found("warn", "tls", insecure);
}

/** Whether the server knows by which address it is reached. `pageBase` is the address of the server in this page. */
export function judgePageAddress(pageBase: string, facts: ServerFacts): Check {
  const id = "page-address";
  const details = { page: pageBase.replace(/\/$/, ""), server: facts.base, proxy: facts.proxy };
  if (facts.proxy === "unknown") return found("warn", id, untrustedProxy, details);
  const here = new URL(pageBase);
  const there = URL.canParse(facts.base) ? new URL(facts.base) : undefined;
  const { protocol } = here;
  if (there === undefined || placeBy(there, protocol) !== placeBy(here, protocol)) {
    return found("warn", id, otherHost, details);
  }
  if (protocol === "https:" && there.protocol === "http:") {
    return found("warn", id, mixedContent, details);
  }
  const by = facts.proxy === "trusted" ? " Its proxy is known to it." : "";
  return ok(id, `The server knows the address of this page.${by}`, details);
}

/** Host and port, with the port that the page's scheme has when none is written. */
function placeBy({ hostname, port }: URL, scheme: string): string {
  return `${hostname}:${port || (scheme === "https:" ? "443" : "80")}`;
}

/** One question to the server's clock. */
export interface ClockExchange {
  /** Wall clock of this browser when it asked and when the answer came. */
  readonly sentMs: number;
  readonly receivedMs: number;
  readonly serverMs: number;
}

/** More than this and times in links, credentials and logs are off. */
const maxSkewMs = 30_000;

/** Of several exchanges the one with the shortest round trip counts. */
export function judgeClock(exchanges: readonly ClockExchange[]): Check {
  const id = "server-clock";
  const trip = (exchange: ClockExchange): number => exchange.receivedMs - exchange.sentMs;
  const [best] = [...exchanges].sort((a, b) => trip(a) - trip(b));
  if (best === undefined) {
    return found("skipped", id, { code: "DOCTOR_NOT_KNOWN", message: "The server tells no time." });
  }
  const offsetMs = Math.round(best.serverMs - (best.sentMs + best.receivedMs) / 2);
  const details = { offsetMs, roundTripMs: Math.round(trip(best)) };
  if (Math.abs(offsetMs) <= maxSkewMs) {
    return ok(id, "The clocks of server and browser agree.", details);
  }
  const seconds = Math.round(Math.abs(offsetMs) / 1000);
  const which = offsetMs > 0 ? "behind" : "ahead of";
  const message = `This device's clock is ${seconds} s ${which} the server's.`;
  return found("warn", id, { ...skew, message }, details);
}

/** What to tell of a server that does not answer. */
export function judgeServer(status: number | undefined, tookMs: number, hostname: string): Check {
  const id = "http";
  if (status === 200) return timed(ok(id, "The server answers."), tookMs);
  if (status === undefined) {
    const local = addressKind(hostname) === "loopback";
    return timed(found("fail", id, local ? notRunning : unreachable), tookMs);
  }
  const message = `The server answers, but not to this page (status ${status}).`;
  return timed(found("fail", id, { ...foreign, message }, { status }), tookMs);
}

const webSocketBlocked: Finding = {
  code: "DOCTOR_WEBSOCKET_BLOCKED",
  message: "No WebSocket comes through; long-polling has to do.",
  fix: "The operator lets the proxy pass on upgrades (nginx: proxy_set_header Upgrade $http_upgrade); a company proxy exempts this server.",
};
const pollingBlocked: Finding = {
  code: "DOCTOR_POLLING_BLOCKED",
  message: "Signaling by long-polling does not come through.",
  fix: "The operator lets the proxy pass on everything below /socket.io/, with its query.",
};
const held: Finding = {
  code: "DOCTOR_PROXY_BUFFERS",
  message: "Something on the way collects answers instead of passing them on as they come.",
  fix: "The operator switches buffering off in the proxy (nginx: proxy_buffering off); a company proxy or virus scanner exempts this server.",
};
const eventsBlocked: Finding = {
  code: "DOCTOR_EVENTS_BLOCKED",
  message: "No server-sent events come through.",
  fix: "The operator lets the proxy pass on answers of the type text/event-stream.",
};
const bytesBlocked: Finding = {
  code: "DOCTOR_STREAMS_BLOCKED",
  message: "No endless answers come through.",
  fix: "The operator lets the proxy pass on answers without a length.",
};
const insecure: Finding = {
  code: "DOCTOR_TLS_MISSING",
  message: "The page is not secure: browsers give it no camera and no microphone.",
  fix: "Open it by https; the operator puts a proxy with TLS in front.",
};
const untrustedProxy: Finding = {
  code: "DOCTOR_PROXY_UNTRUSTED",
  message:
    "A proxy passes requests on that the server does not believe: every viewer seems to be the proxy.",
  fix: "The operator sets http.trustProxy to the proxy's address.",
};
const otherHost: Finding = {
  code: "DOCTOR_PROXY_HOST",
  message:
    "The server was asked by another name than this page has, and takes us for another site.",
  fix: "The operator lets the proxy pass on the Host header (nginx: proxy_set_header Host $http_host).",
};
const mixedContent: Finding = {
  code: "DOCTOR_MIXED_CONTENT",
  message:
    "The page came by https, but the server believes http; browsers block the addresses that it would give.",
  fix: "The operator lets the proxy send X-Forwarded-Proto, and sets http.trustProxy to its address.",
};
const skew: Finding = {
  code: "DOCTOR_CLOCK_SKEW",
  message: "",
  fix: "Let the device set its clock by itself.",
};
const notRunning: Finding = {
  code: "DOCTOR_HTTP_UNREACHABLE",
  message: "The server does not answer.",
  fix: "Start the server.",
};
const unreachable: Finding = {
  code: "DOCTOR_HTTP_UNREACHABLE",
  message: "The server does not answer.",
  fix: "Look whether other web sites open; then tell the operator.",
};
const foreign: Finding = {
  code: "DOCTOR_HTTP_FOREIGN",
  message: "",
  fix: "The operator lets the proxy pass on everything below /doctor/.",
};
