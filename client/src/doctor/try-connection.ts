import type { Arrivals, TryOutcome } from "./judge-connection.ts";

const signalingMs = 5000;
/** What a timed answer may take beyond its own time. */
const graceMs = 4000;
/** Engine.IO 4 and socket.io 5: open, then a connection to the namespace and its acknowledgement. */
const opened = /^0\{/;
const join = "40/signal,";
const joined = "40/signal,{";

/** Signaling by a WebSocket: open, join, hear that it was taken. Never rejects. */
export function tryWebSocket(base: string): Promise<TryOutcome> {
  const startedMs = performance.now();
  const url = new URL("socket.io/?EIO=4&transport=websocket", base);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return new Promise((resolve) => {
    let at = "open";
    let socket: WebSocket;
    const settle = (passed: boolean): void => {
      clearTimeout(timer);
      socket?.close();
      resolve({ passed, at, tookMs: performance.now() - startedMs });
    };
    const timer = setTimeout(() => settle(false), signalingMs);
    try {
      socket = new WebSocket(url);
    } catch {
      settle(false);
      return;
    }
    socket.addEventListener("error", () => settle(false));
    socket.addEventListener("close", () => settle(false));
    socket.addEventListener("message", ({ data }) => {
      const text = String(data);
      if (opened.test(text)) {
        at = "join";
        socket.send(join);
      } else if (text.includes(joined)) settle(true);
    });
  });
}

/** Signaling by long-polling: the same in single requests. Never rejects. */
export async function tryPolling(base: string): Promise<TryOutcome> {
  const startedMs = performance.now();
  const url = new URL("socket.io/?EIO=4&transport=polling", base);
  let at = "open";
  const ask = async (body?: string): Promise<string> => {
    const response = await fetch(url, {
      method: body === undefined ? "GET" : "POST",
      ...(body === undefined ? {} : { body, headers: { "Content-Type": "text/plain" } }),
      cache: "no-store",
      signal: AbortSignal.timeout(signalingMs),
    });
    if (!response.ok) throw new Error(`${at}: ${response.status}`);
    return response.text();
  };
  const outcome = (passed: boolean): TryOutcome => {
    return { passed, at, tookMs: performance.now() - startedMs };
  };
  try {
    const sid = /^0\{.*"sid":"([^"]+)"/.exec(await ask())?.[1];
    if (sid === undefined) return outcome(false);
    url.searchParams.set("sid", sid);
    at = "send";
    await ask(join);
    at = "receive";
    if (!(await ask()).includes(joined)) return outcome(false);
    const passed = outcome(true);
    // Engine.IO's word for good-bye.
    await ask("1").catch(() => "");
    return passed;
  } catch (error) {
    at = error instanceof Error && /^\w+: \d+$/.test(error.message) ? error.message : at;
    return outcome(false);
  }
}

/** When server-sent events arrive that take `spanMs` to be written. Never rejects. */
export function tryEvents(base: string, spanMs: number): Promise<Arrivals> {
  const startedMs = performance.now();
  const atMs: number[] = [];
  return new Promise((resolve) => {
    const source = new EventSource(new URL("doctor/events", base));
    const settle = (ended: boolean): void => {
      clearTimeout(timer);
      source.close();
      resolve({ atMs, ended });
    };
    const timer = setTimeout(() => settle(false), spanMs + graceMs);
    source.addEventListener("beat", () => atMs.push(performance.now() - startedMs));
    source.addEventListener("bye", () => settle(true));
    source.addEventListener("error", () => settle(false));
  });
}

/** When bytes of an answer arrive that take `spanMs` to be written. Never rejects. */
export async function tryBytes(base: string, spanMs: number): Promise<Arrivals> {
  const startedMs = performance.now();
  const atMs: number[] = [];
  try {
    const response = await fetch(new URL("doctor/bytes", base), {
      cache: "no-store",
      signal: AbortSignal.timeout(spanMs + graceMs),
    });
    const reader = response.ok ? response.body?.getReader() : undefined;
    if (reader === undefined) return { atMs, ended: false };
    while (!(await reader.read()).done) atMs.push(performance.now() - startedMs);
    return { atMs, ended: true };
  } catch {
    return { atMs, ended: false };
  }
}
