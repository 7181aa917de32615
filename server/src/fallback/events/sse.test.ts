import { afterEach, describe, expect, test } from "vitest";
import { ask, RawClient, SseClient } from "./test-client.ts";
import { Rig, type RigLimits } from "./test-rig.ts";

let rig: Rig;
const clients: { close(): void }[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await rig.close();
  expect(rig.clock.timers).toBe(0);
  expect(rig.fragments.leases).toBe(0);
});

function listen(path = "/live/cam.sse", headers: Record<string, string> = {}): SseClient {
  const client = new SseClient(rig.port, path, headers);
  clients.push(client);
  return client;
}

function raw(head: string): RawClient {
  const client = new RawClient(rig.port, head);
  clients.push({ close: () => client.socket.destroy() });
  return client;
}

async function start(limits: RigLimits = {}): Promise<void> {
  rig = await Rig.start(limits);
}

describe("on the wire", () => {
  const path = "GET /live/cam.sse";

  test("HTTP/1.1: exact headers, chunked, and the last chunk when the stream ends", async () => {
    await start();
    const client = raw(`${path} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n`);
    const text = await client.until((received) => received.includes("event: capture"));
    const [head = ""] = text.split("\r\n\r\n");
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(head).toContain("\r\nContent-Type: text/event-stream\r\n");
    expect(head).toContain("\r\nCache-Control: no-cache, no-transform\r\n");
    expect(head).toContain("\r\nX-Accel-Buffering: no\r\n");
    expect(head).toContain("\r\nTransfer-Encoding: chunked");
    expect(head).not.toMatch(/content-length|content-encoding|etag/i);
    rig.stream.end("PUBLISHER_CLOSED");
    const whole = await client.until((received) => received.endsWith("\r\n0\r\n\r\n"));
    expect(whole).toContain('event: bye\ndata: {"reason":"PUBLISHER_CLOSED"}\n\n');
    expect(unchunk(whole.slice(head.length + 4))).toMatch(
      /^retry: 3000\n\nid: \S+\.0\nevent: stream\n/,
    );
  });

  test.each(["", "Connection: keep-alive\r\n"])(
    "HTTP/1.0: no chunks, no length, the end is the end of the connection (%j)",
    async (header) => {
      await start();
      const client = raw(`${path} HTTP/1.0\r\n${header}\r\n`);
      await client.until((received) => received.includes("event: capture"));
      rig.stream.end("PUBLISHER_CLOSED");
      const [head = "", body = ""] = split(await client.end());
      expect(head).not.toMatch(/transfer-encoding|content-length/i);
      expect(body).toMatch(/^retry: 3000\n\n/);
      expect(body).toMatch(/event: bye\ndata: .*\n\n$/);
    },
  );

  test("HEAD has the same headers, no body, and begins nothing", async () => {
    await start();
    const { status, headers, body } = await ask(rig.port, "/live/cam.sse", { method: "HEAD" });
    expect([status, headers["content-type"], body.length]).toEqual([200, "text/event-stream", 0]);
    expect(rig.hub.size.logs).toBe(0);
  });

  test("a comment keeps a silent connection alive", async () => {
    await start({ sse: { heartbeatMs: 5_000 } });
    const client = raw(`${path} HTTP/1.0\r\n\r\n`);
    const before = await client.until((received) => received.includes("event: capture"));
    rig.clock.advance(5_000);
    await client.until((received) => received.length > before.length);
    rig.clock.advance(10_000);
    const after = await client.until((received) => received.length >= before.length + 9);
    expect(after.slice(before.length)).toBe(":\n\n:\n\n:\n\n");
  });
});

describe("events", () => {
  test("the state at once, changes as they happen, ids that grow by one, goodbye", async () => {
    await start();
    const client = listen();
    await client.count(2);
    expect(client.names).toEqual(["stream", "capture"]);
    expect(JSON.parse(client.events[0]?.data ?? "")).toMatchObject({
      name: "live/cam",
      state: "live",
      viewers: 0,
    });
    rig.stream.addHint("A", "Advice.");
    rig.publisher.close("PUBLISHER_CLOSED");
    rig.stream.end("PUBLISHER_CLOSED");
    await client.ended();
    expect(client.names.slice(2)).toEqual(["stream", "stream", "stream", "bye"]);
    const epochs = new Set(client.events.map(({ id }) => id.split(".")[0]));
    expect(epochs.size).toBe(1);
    expect(client.events.map(({ id }) => id.split(".")[1])).toEqual(["0", "0", "1", "2", "3", "4"]);
  });

  test.each([
    ["Last-Event-ID", (id: string) => listen("/live/cam.sse", { "Last-Event-ID": id })],
    ["after", (id: string) => listen(`/live/cam.sse?after=${id}`)],
  ])("whoever comes back with %s is told what it missed and nothing twice", async (_how, back) => {
    await start();
    const first = listen();
    await first.count(2);
    rig.stream.addHint("A", "Before.");
    await first.count(3);
    first.close();
    rig.stream.addHint("B", "Between.");
    const second = back(first.reader.lastEventId);
    await second.count(1);
    rig.stream.addHint("C", "After.");
    await second.count(2);
    const hints = second.events.map(({ data }) => (JSON.parse(data) as { hints: [] }).hints.length);
    expect([second.names, hints]).toEqual([
      ["stream", "stream"],
      [2, 3],
    ]);
  });

  test("an id of another incarnation: reset, then the state", async () => {
    await start();
    const client = listen("/live/cam.sse", { "Last-Event-ID": "elsewhere.17" });
    await client.count(3);
    expect(client.names).toEqual(["reset", "stream", "capture"]);
  });

  test("listeners to events are no viewers", async () => {
    await start();
    await listen().count(2);
    expect(rig.stream.viewers.size).toBe(0);
  });
});

describe("ends", () => {
  test("after the longest duration the client goes on without a gap", async () => {
    await start({ sse: { maxDurationMs: 20_000, renewRetryMs: 500 } });
    const first = listen();
    await first.count(2);
    rig.clock.advance(19_000);
    rig.stream.addHint("A", "Before.");
    await first.count(3);
    rig.clock.advance(1_000);
    await first.ended();
    expect([first.names.includes("bye"), first.reader.retryMs]).toEqual([false, 500]);
    rig.stream.addHint("B", "Between.");
    const second = listen("/live/cam.sse", { "Last-Event-ID": first.reader.lastEventId });
    await second.count(1);
    expect(second.names).toEqual(["stream"]);
    expect(second.reader.retryMs).toBe(3_000);
  });

  test("at a shutdown everybody is told to come back, not all at once, and nobody is let in", async () => {
    await start({ sse: { closeRetryMs: 2_000 } });
    const client = listen();
    await client.count(2);
    rig.sse.close("SERVER_CLOSING");
    rig.sse.close("SERVER_CLOSING");
    await client.ended();
    expect(client.events.at(-1)).toMatchObject({
      event: "bye",
      data: '{"reason":"SERVER_CLOSING"}',
    });
    expect(client.reader.retryMs).toBeGreaterThanOrEqual(2_000);
    expect(client.reader.retryMs).toBeLessThanOrEqual(4_000);
    const { status, body } = await ask(rig.port, "/live/cam.sse");
    expect([status, body.toString()]).toEqual([503, "SHUTTING_DOWN"]);
  });

  test("a client that does not take its last bytes is cut off after the drain time", async () => {
    await start({ sse: { drainMs: 10_000 } });
    const client = raw("GET /live/cam.sse?media=1 HTTP/1.0\r\n\r\n");
    await client.until((received) => received.includes("event: capture"));
    client.socket.pause();
    // More than the kernel takes on both sides together.
    rig.fragments.of(rig.stream).pushGroup(1, { size: 10_000_000 });
    rig.sse.close("SERVER_CLOSING");
    rig.clock.advance(9_999);
    expect(rig.responses.size).toBe(1);
    rig.clock.advance(1);
    client.socket.resume();
    const text = await client.end();
    expect(text).not.toContain("event: bye");
  });

  test("a client that goes leaves nothing behind", async () => {
    await start();
    const client = listen("/live/cam.sse?media=1");
    await client.count(2);
    expect(rig.stream.viewers.size).toBe(1);
    const gone = new Promise((resolve) => [...rig.responses][0]?.once("close", resolve));
    client.close();
    await gone;
    expect(rig.stream.viewers.size).toBe(0);
    rig.clock.advance(11_000);
    expect(rig.hub.size).toEqual({ logs: 1, feeds: 0 });
    rig.clock.advance(60_000);
    expect(rig.hub.size.logs).toBe(0);
  });
});

describe("limits", () => {
  test.each([
    ["maxPerAddress", 429, "LISTENERS_PER_ADDRESS"],
    ["maxPerStream", 503, "LISTENERS_FULL"],
    ["maxInAll", 503, "LISTENERS_FULL"],
  ] as const)("%s: one more is refused until one goes", async (limit, status, code) => {
    await start({ sse: { [limit]: 2 } });
    const first = listen();
    await first.count(2);
    await listen().count(2);
    const refused = await ask(rig.port, "/live/cam.sse");
    expect([refused.status, refused.body.toString()]).toEqual([status, code]);
    expect(refused.headers["retry-after"]).toBe("5");
    const gone = new Promise((resolve) => [...rig.responses][0]?.once("close", resolve));
    first.close();
    await gone;
    await listen().count(2);
  });

  test("another address has seats of its own, an IPv6 network the same ones", async () => {
    await start({ sse: { maxPerAddress: 1 } });
    await listen().count(2);
    await listen("/live/cam.sse", { "X-From": "2001:db8::1" }).count(2);
    const near = await ask(rig.port, "/live/cam.sse", { headers: { "X-From": "2001:db8::2" } });
    expect(near.status).toBe(429);
  });
});

function split(text: string): string[] {
  const at = text.indexOf("\r\n\r\n");
  return [text.slice(0, at), text.slice(at + 4)];
}

/** RFC 9112 section 7.1. */
function unchunk(text: string): string {
  let body = "";
  let at = 0;
  for (;;) {
    const end = text.indexOf("\r\n", at);
    const size = Number.parseInt(text.slice(at, end), 16);
    if (!(size > 0)) return body;
    body += text.slice(end + 2, end + 2 + size);
    at = end + 2 + size + 2;
  }
}
