import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { io, type Socket } from "socket.io-client";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Opened, Reply } from "../protocol/index.ts";
import { FakeGateway, liveStatus } from "../session/testing/index.ts";
import { attachSignaling, type SignalingOptions } from "./index.ts";
import { type ServedSignaling, serveSignaling } from "./testing/index.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(options: SignalingOptions = {}): Promise<ServedSignaling> {
  const served = await serveSignaling(options);
  closers.push(() => served.close());
  return served;
}

function client(url: string, options: object = {}): Socket {
  const socket = io(`${url}/signal`, { forceNew: true, reconnection: false, ...options });
  closers.push(() => socket.disconnect());
  return socket;
}

const once = (socket: Socket, event: string): Promise<unknown> =>
  new Promise((resolve) => void socket.once(event, resolve));

async function watch(socket: Socket): Promise<Opened> {
  const reply: Reply<Opened> = await socket.emitWithAck("watch", { stream: "live/cam" });
  if (!reply.ok) throw new Error(reply.error.code);
  return reply;
}

const handshakeUrl = (url: string): string => `${url}/socket.io/?EIO=4&transport=polling`;

describe.each([["websocket"], ["polling"]])("over %s", (transport) => {
  test("a whole session: watch, offer, candidates, status, bye", async () => {
    const { url, gateway } = await serve();
    const socket = client(url, { transports: [transport], auth: { token: "T" } });
    const { session } = await watch(socket);
    expect(gateway.last.request).toMatchObject({
      token: "T",
      address: "127.0.0.1",
      stream: "live/cam",
    });
    expect(
      await socket.emitWithAck("description", {
        session,
        description: { type: "offer", sdp: "v=0" },
      }),
    ).toEqual({ ok: true, description: { type: "answer", sdp: "answer:v=0" } });
    expect(await socket.emitWithAck("candidate", { session, candidate: null })).toEqual({
      ok: true,
    });
    expect(gateway.last.candidates).toEqual([null]);

    const told = once(socket, "stream");
    gateway.last.observer.stream({ ...liveStatus("live/cam"), state: "waiting" });
    expect(await told).toMatchObject({ session, stream: { state: "waiting" } });

    const bye = once(socket, "bye");
    gateway.last.observer.bye("STREAM_ENDED");
    expect(await bye).toEqual({ session, reason: "STREAM_ENDED" });
  });

  test("a client that leaves the namespace ends its sessions at once", async () => {
    const { url, gateway } = await serve();
    const socket = client(url, { transports: [transport] });
    await watch(socket);
    socket.disconnect();
    expect(await gateway.last.closed).toBe("LEFT");
  });

  test("a session outlives its connection for the recovery time only", async () => {
    const { url, gateway, cut, signaling } = await serve({
      limits: { recoveryMs: 40, pingIntervalMs: 60, pingTimeoutMs: 60 },
    });
    const socket = client(url, { transports: [transport] });
    await watch(socket);
    cut();
    expect(await gateway.last.closed).toBe("SIGNALING_LOST");
    expect(signaling.sessions).toBe(0);
  });

  test("close says bye, ends sessions and connections, and refuses new ones; the HTTP server stays", async () => {
    const { url, gateway, signaling, http } = await serve();
    const socket = client(url, { transports: [transport] });
    const { session } = await watch(socket);
    const bye = once(socket, "bye");
    const disconnected = once(socket, "disconnect");
    await Promise.all([signaling.close("DRAINING"), signaling.close()]);
    expect(await bye).toEqual({ session, reason: "DRAINING" });
    await disconnected;
    expect(gateway.last.closeReason).toBe("DRAINING");
    expect([signaling.sockets, signaling.sessions]).toEqual([0, 0]);
    expect(http.listening).toBe(true);
    const refused = await fetch(handshakeUrl(url));
    expect([refused.status, await refused.json()]).toEqual([
      403,
      { code: 4, message: "SERVER_CLOSING" },
    ]);
  });
});

describe.each([["websocket"], ["polling"]])("cookies over %s (rows 8 and 9)", (transport) => {
  const id = "AbCdEfGhIjKlMnOpQrSt-_";
  const cookie = `millrace_pass=the-pass; millrace_client=${id}`;
  const connecting = (url: string, more: Record<string, string> = {}, auth: object = {}): Socket =>
    client(url, { transports: [transport], auth, extraHeaders: { cookie, ...more } });

  test("a pass counts as a token to watch where there is none, and the client is known", async () => {
    const { url, gateway } = await serve();
    await watch(connecting(url));
    expect(gateway.last.request).toMatchObject({ token: "the-pass", clientId: id });
    await watch(connecting(url, {}, { token: "T" }));
    expect(gateway.last.request).toMatchObject({ token: "T", clientId: id });
  });

  test("a pass neither publishes nor calls (CSRF)", async () => {
    const { url, gateway } = await serve();
    const socket = connecting(url);
    await socket.emitWithAck("publish", { stream: "live/cam" });
    expect(gateway.last.request).toMatchObject({ action: "publish", token: undefined });
    let asked: object | undefined;
    gateway.call = async (request) => {
      asked = request;
    };
    await socket.emitWithAck("call", { room: "live/room" });
    expect(asked).toMatchObject({ room: "live/room", token: undefined });
  });

  test("of a page of others cookies do not count, unless it is listed by name", async () => {
    const Origin = "https://player.example";
    for (const [origins, token] of [
      ["*", undefined],
      [[Origin], "the-pass"],
    ] as const) {
      const { url, gateway } = await serve({ origins });
      await watch(connecting(url, { Origin }));
      expect(gateway.last.request.token).toBe(token);
    }
  });
});

describe("who may connect", () => {
  test.each([
    ["https://evil.example", 403],
    ["null", 403],
    ["https://player.example", 200],
    [undefined, 200],
  ])("a page of %s: %s", async (origin, status) => {
    const { url } = await serve({ origins: ["https://player.example"] });
    const headers: Record<string, string> = origin === undefined ? {} : { Origin: origin };
    const response = await fetch(handshakeUrl(url), { headers });
    expect(response.status).toBe(status);
    const echoed = status === 200 ? (origin ?? null) : null;
    expect(response.headers.get("access-control-allow-origin")).toBe(echoed);
    expect(response.headers.get("access-control-allow-credentials")).toBe(
      echoed === null ? null : "true",
    );
    if (status === 403) {
      expect(await response.json()).toEqual({ code: 4, message: "ORIGIN_FORBIDDEN" });
      const extraHeaders = headers;
      const socket = client(url, { transports: ["websocket"], extraHeaders });
      expect(await once(socket, "connect_error")).toBeInstanceOf(Error);
    }
  });

  test("with * any page may connect, but never with the user's cookies", async () => {
    const { url } = await serve({ origins: "*" });
    const headers = { Origin: "https://any.example" };
    const preflight = await fetch(handshakeUrl(url), { method: "OPTIONS", headers });
    expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
    expect(preflight.headers.get("access-control-allow-credentials")).toBeNull();
    expect((await fetch(handshakeUrl(url), { headers })).status).toBe(200);
  });

  test("our own pages may connect", async () => {
    const { url } = await serve();
    const response = await fetch(handshakeUrl(url), { headers: { Origin: url } });
    expect(response.status).toBe(200);
  });

  test("the default namespace is closed to everybody", async () => {
    const { url } = await serve();
    const socket = io(url, { forceNew: true, reconnection: false });
    closers.push(() => socket.disconnect());
    expect(await once(socket, "connect_error")).toMatchObject({ message: "NAMESPACE_UNKNOWN" });
  });

  test("a malformed handshake is refused", async () => {
    const { url } = await serve();
    for (const token of [7, "x".repeat(4097)]) {
      const socket = client(url, { auth: { token } });
      expect(await once(socket, "connect_error")).toMatchObject({ message: "HANDSHAKE_INVALID" });
    }
  });

  test("the address is the client's, behind a trusted proxy the forwarded one", async () => {
    const headers = { "X-Forwarded-For": "198.51.100.7" };
    for (const [trustProxy, expected] of [
      [[], "unknown"],
      [["loopback"], "198.51.100.7"],
    ] as const) {
      const { url, gateway } = await serve({ trustProxy });
      await watch(client(url, { transports: ["websocket"], extraHeaders: headers }));
      expect(gateway.last.request.address).toBe(expected);
    }
  });
});

describe("limits", () => {
  test("connections of one address, and room again when one leaves", async () => {
    const { url, signaling } = await serve({ limits: { maxSocketsPerAddress: 2 } });
    const [first, second] = [client(url), client(url)];
    await Promise.all([once(first, "connect"), once(second, "connect")]);
    const refused = await fetch(handshakeUrl(url));
    expect(await refused.json()).toEqual({ code: 4, message: "ADDRESS_SOCKETS_FULL" });
    first.disconnect();
    await vi.waitFor(() => expect(signaling.sockets).toBe(1));
    await once(client(url), "connect");
  });

  test("a burst of handshakes cannot pass the limit", async () => {
    const { url, signaling } = await serve({ limits: { maxSockets: 5 } });
    await Promise.all(Array.from({ length: 20 }, () => fetch(handshakeUrl(url))));
    expect(signaling.sockets).toBeLessThanOrEqual(5);
    const refused = await fetch(handshakeUrl(url));
    expect(await refused.json()).toEqual({ code: 4, message: "SOCKETS_FULL" });
  });

  test("a connection that never joins is closed", async () => {
    const { url, signaling } = await serve({ limits: { joinTimeoutMs: 30 } });
    await fetch(handshakeUrl(url));
    expect(signaling.sockets).toBe(1);
    await vi.waitFor(() => expect(signaling.sockets).toBe(0));
  });

  test("a client that went silent is noticed", async () => {
    const { url, signaling } = await serve({
      limits: { pingIntervalMs: 30, pingTimeoutMs: 30 },
    });
    await fetch(handshakeUrl(url));
    await vi.waitFor(() => expect(signaling.sockets).toBe(0));
  });

  test.each(["websocket", "polling"])("a message over the limit ends a %s", async (transport) => {
    const { url, signaling } = await serve({ limits: { maxMessageBytes: 1000 } });
    const socket = client(url, { transports: [transport] });
    await once(socket, "connect");
    expect(await socket.emitWithAck("clock", { pad: "x".repeat(800) })).toMatchObject({
      ok: true,
    });
    socket.emit("clock", { pad: "x".repeat(1100) }, () => {});
    await once(socket, "disconnect");
    await vi.waitFor(() => expect(signaling.sockets).toBe(0));
  });

  test("a client that asks but does not read is cut off", async () => {
    const { url, signaling } = await serve({ limits: { maxUnsentPackets: 8 } });
    const opened = (await (await fetch(handshakeUrl(url))).text()).slice(1);
    const { sid } = JSON.parse(opened) as { sid: string };
    const post = async (body: string): Promise<number> => {
      const response = await fetch(`${handshakeUrl(url)}&sid=${sid}`, { method: "POST", body });
      await response.arrayBuffer();
      return response.status;
    };
    expect(await post("40/signal,{}")).toBe(200);
    expect(signaling.sockets).toBe(1);
    for (let id = 0; id < 10 && signaling.sockets > 0; id += 1) {
      await post(`42/signal,${id}["clock",{}]`);
    }
    expect(signaling.sockets).toBe(0);
  });

  test("messages faster than the limit are refused, a flood ends the connection", async () => {
    const { url } = await serve({
      limits: {
        messages: { perSecond: 0.001, burst: 2 },
        refusals: { perSecond: 0.001, burst: 3 },
      },
    });
    const socket = client(url);
    const replies = await Promise.all([1, 2, 3].map(() => socket.emitWithAck("clock", {})));
    expect(replies.map(({ ok }) => ok)).toEqual([true, true, false]);
    const disconnected = once(socket, "disconnect");
    for (let n = 0; n < 5; n += 1) socket.emit("clock", {});
    expect(await disconnected).toBe("io server disconnect");
  });

  test("100 sessions opened and closed leave nothing behind", async () => {
    const { url, gateway, signaling } = await serve();
    for (let round = 0; round < 20; round += 1) {
      const sockets = Array.from({ length: 5 }, () => client(url, { transports: ["websocket"] }));
      for (const socket of sockets) {
        await socket.emitWithAck("observe", { stream: "live/cam" });
        await watch(socket);
      }
      for (const socket of sockets) socket.disconnect();
    }
    await vi.waitFor(() => expect(signaling.sockets).toBe(0));
    expect(gateway.sessions).toHaveLength(100);
    expect(gateway.sessions.every(({ closeReason }) => closeReason === "LEFT")).toBe(true);
    expect([signaling.sessions, gateway.observers]).toEqual([0, 0]);
  });
});

describe("beside other handlers", () => {
  test("other paths and other upgrades are left alone", async () => {
    const { url, http, port } = await serve();
    expect((await fetch(`${url}/live/cam`)).status).toBe(404);
    http.on("upgrade", (request, socket) => {
      if (request.url !== "/live/cam.flv") return;
      // Later than the second after which socket.io by default destroys upgrades that it does not know.
      setTimeout(() => socket.end("HTTP/1.1 101 Switching Protocols\r\n\r\nflv"), 1200);
    });
    const socket = connect(port, "127.0.0.1");
    socket.write(
      "GET /live/cam.flv HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    );
    let text = "";
    for await (const bytes of socket) text += String(bytes);
    expect(text).toContain("flv");
  });

  test("one signaling serves several HTTP servers, under a prefix", async () => {
    const gateway = new FakeGateway();
    const servers = [createServer(), createServer()];
    const signaling = attachSignaling(servers, gateway, { path: "/gw/socket.io/" });
    closers.push(() => signaling.close());
    for (const server of servers) {
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      closers.push(() => server.close());
      const { port } = server.address() as AddressInfo;
      for (const transport of ["websocket", "polling"]) {
        const options = { path: "/gw/socket.io/", transports: [transport] };
        const socket = client(`http://127.0.0.1:${port}`, options);
        await watch(socket);
      }
    }
    expect(gateway.sessions).toHaveLength(4);
    expect(signaling.sockets).toBe(4);
  });

  test("malformed options are refused at once", () => {
    const gateway = new FakeGateway();
    expect(() => attachSignaling([], gateway)).toThrow(RangeError);
    expect(() => attachSignaling(createServer(), gateway, { trustProxy: ["x"] })).toThrow(
      RangeError,
    );
    expect(() => attachSignaling(createServer(), gateway, { origins: ["x"] })).toThrow(RangeError);
  });
});
