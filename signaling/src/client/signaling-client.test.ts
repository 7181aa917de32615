import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type SignalingOptions, systemClock } from "../server/options.ts";
import { type ServedSignaling, serveSignaling } from "../server/testing/index.ts";
import { liveStatus, offlineStatus } from "../session/testing/index.ts";
import {
  type ClockOffset,
  type ConnectionState,
  SignalingClient,
  type SignalingClientOptions,
  type SignalingError,
  type SignalingSession,
} from "./index.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(options: SignalingOptions = {}, port = 0): Promise<ServedSignaling> {
  const served = await serveSignaling(options, port);
  closers.push(() => served.close());
  return served;
}

function client(url: string, options: Partial<SignalingClientOptions> = {}): SignalingClient {
  const made = new SignalingClient({ url, reconnectMinMs: 20, reconnectMaxMs: 100, ...options });
  closers.push(() => made.close());
  return made;
}

function next<Payload>(
  subscribe: (listener: (payload: Payload) => void) => () => void,
): Promise<Payload> {
  return new Promise((resolve) => {
    const stop = subscribe((payload) => {
      stop();
      resolve(payload);
    });
  });
}

const nextBye = (session: SignalingSession): Promise<{ readonly reason: string }> =>
  next((listener) => session.on("bye", listener));

const state = async (of: SignalingClient, wanted: ConnectionState): Promise<void> => {
  while (of.state !== wanted) await next<ConnectionState>((listener) => of.on("state", listener));
};

const offer = { type: "offer", sdp: "v=0" } as const;

describe.each([["websocket"], ["polling"]] as const)("over %s", (transport) => {
  const transports = [transport];

  test("a whole session", async () => {
    const { url, gateway } = await serve();
    const signaling = client(url, { transports, token: "T" });
    const session = await signaling.watch("live/cam");
    expect(gateway.last.request).toMatchObject({ action: "watch", token: "T" });
    expect(session.iceServers).toEqual(gateway.last.iceServers);
    expect(session.status).toEqual(liveStatus("live/cam"));
    expect(await session.describe(offer)).toEqual({ type: "answer", sdp: "answer:v=0" });
    await session.candidate({ candidate: "candidate:1" });
    await session.candidate(null);
    expect(gateway.last.candidates).toEqual(["candidate:1", null]);

    const told = next((listener) => session.on("stream", listener));
    gateway.last.observer.stream({ ...liveStatus("live/cam"), state: "waiting" });
    expect(await told).toMatchObject({ state: "waiting" });
    expect(session.status.state).toBe("waiting");

    session.leave();
    session.leave();
    expect(await gateway.last.closed).toBe("LEFT");
    expect(session.endReason).toBe("LEFT");
  });

  test("after a break the session goes on, and what was asked meanwhile is answered", async () => {
    const { url, gateway, cut, mend } = await serve();
    const signaling = client(url, { transports });
    const session = await signaling.watch("live/cam");
    const broken = next<ConnectionState>((listener) => signaling.on("state", listener));
    cut();
    expect(await broken).toBe("waiting");
    gateway.last.observer.stream({ ...liveStatus("live/cam"), state: "waiting" });
    const answer = session.describe(offer);
    const told = next((listener) => session.on("stream", listener));
    mend();
    expect(await answer).toEqual({ type: "answer", sdp: "answer:v=0" });
    expect(await told).toMatchObject({ state: "waiting" });
    expect(gateway.sessions).toHaveLength(1);
    const bye = nextBye(session);
    gateway.last.observer.bye("STREAM_ENDED");
    expect(await bye).toEqual({ reason: "STREAM_ENDED" });
  });

  test("a request whose acknowledgement was lost is asked again", async () => {
    const { url, gateway, cut, mend } = await serve();
    const signaling = client(url, { transports });
    const session = await signaling.watch("live/cam");
    gateway.last.answer = async () => {
      cut();
      return "lost answer";
    };
    const answer = session.describe(offer);
    await state(signaling, "waiting");
    mend();
    expect(await answer).toEqual({ type: "answer", sdp: "lost answer" });
    expect(gateway.last.offers).toEqual(["v=0"]);
  });
});

test("a session that the server no longer has ends with the reason", async () => {
  const first = await serve();
  const signaling = client(first.url);
  const session = await signaling.watch("live/cam");
  const bye = nextBye(session);
  first.cut();
  await first.close();
  const second = await serve({}, first.port);
  expect((await bye).reason).toMatch(/^(SERVER_CLOSING|SESSION_NOT_FOUND)$/);
  const again = await signaling.watch("live/cam");
  expect(await again.describe(offer)).toMatchObject({ type: "answer" });
  expect(second.gateway.sessions).toHaveLength(1);
});

test("a session that ended while nobody was connected tells why", async () => {
  const { url, gateway, cut, mend } = await serve();
  const session = await client(url).watch("live/cam");
  cut();
  const bye = nextBye(session);
  gateway.last.observer.bye("PEER_TIMEOUT");
  mend();
  expect(await bye).toEqual({ reason: "PEER_TIMEOUT" });
});

test("a server that shuts down says bye, and the client keeps trying", async () => {
  const { url, signaling } = await serve();
  const made = client(url);
  const session = await made.watch("live/cam");
  const bye = nextBye(session);
  const error = next<SignalingError>((listener) => made.on("error", listener));
  await signaling.close();
  expect(await bye).toEqual({ reason: "SERVER_CLOSING" });
  expect((await error).code).toBe("DISCONNECTED");
  await state(made, "waiting");
  await state(made, "connecting");
});

test("the server's refusals are thrown with their codes", async () => {
  const { url, gateway } = await serve({ limits: { maxSessionsPerSocket: 1 } });
  const signaling = client(url);
  gateway.refusal = Object.assign(new Error("There is none."), {
    name: "RefusedError",
    code: "STREAM_NOT_FOUND",
    status: 404,
  });
  await expect(signaling.watch("live/no")).rejects.toMatchObject({
    name: "SignalingError",
    code: "STREAM_NOT_FOUND",
    message: "There is none.",
  });
  gateway.refusal = undefined;
  await signaling.publish("live/cam", { token: "other token" });
  expect(gateway.last.request).toMatchObject({ action: "publish", token: "other token" });
  expect(gateway.last.request.takeOver).toBeUndefined();
  await expect(signaling.watch("live/cam")).rejects.toMatchObject({ code: "SESSIONS_FULL" });
});

test("requests end: in time without an answer, in time without a connection, and with close", async () => {
  const { url, gateway } = await serve();
  const signaling = client(url, { requestTimeoutMs: 60 });
  await state(signaling, "connected");
  gateway.delay = new Promise(() => {});
  await expect(signaling.watch("live/cam")).rejects.toMatchObject({ code: "TIMEOUT" });
  const nowhere = client("http://127.0.0.1:9", { requestTimeoutMs: 60 });
  await expect(nowhere.watch("live/cam")).rejects.toMatchObject({ code: "TIMEOUT" });
  const closing = client(url);
  const refused = expect(closing.watch("live/cam")).rejects.toMatchObject({ code: "CLOSED" });
  closing.close();
  closing.close();
  await refused;
  await expect(closing.watch("live/cam")).rejects.toMatchObject({ code: "CLOSED" });
  expect(closing.state).toBe("closed");
});

test("close ends the sessions at once, on both sides", async () => {
  const { url, gateway, signaling } = await serve();
  const made = client(url);
  const session = await made.watch("live/cam");
  const bye = nextBye(session);
  made.close();
  expect(await bye).toEqual({ reason: "CLOSED" });
  expect(await gateway.last.closed).toBe("LEFT");
  expect(signaling.sessions).toBe(0);
});

test("an observed stream is told now, at each change, and after a break", async () => {
  const { url, gateway, cut, mend } = await serve({ limits: { statusIntervalMs: 1 } });
  const signaling = client(url);
  const told: string[] = [];
  const stop = signaling.observe("live/cam", { status: ({ state: is }) => void told.push(is) });
  await vi.waitFor(() => expect(told).toEqual(["offline"]));
  gateway.tell(liveStatus("live/cam"));
  await vi.waitFor(() => expect(told).toEqual(["offline", "live"]));
  const late: string[] = [];
  const stopLate = signaling.observe("live/cam", { status: ({ state: is }) => void late.push(is) });
  expect(late).toEqual(["live"]);
  stopLate();

  cut();
  await state(signaling, "waiting");
  gateway.tell(offlineStatus("live/cam"));
  mend();
  await vi.waitFor(() => expect(told).toEqual(["offline", "live", "offline"]));
  expect(late).toEqual(["live"]);
  stop();
  await vi.waitFor(() => expect(gateway.observers).toBe(0));
});

test("an observation that is refused says so", async () => {
  const { url } = await serve({ limits: { maxObservedPerSocket: 0 } });
  const refused = await new Promise<SignalingError>((resolve) => {
    client(url).observe("live/cam", { status: () => expect.fail("told"), refused: resolve });
  });
  expect(refused.code).toBe("OBSERVED_FULL");
});

test("the clock offset is measured, over a connection that comes and goes", async () => {
  const { url } = await serve({
    clock: { ...systemClock, wallMs: () => systemClock.wallMs() + 5000 },
  });
  const signaling = client(url, { clockIntervalMs: 10 });
  expect(signaling.clock).toBeUndefined();
  const offset = await next<ClockOffset>((listener) => signaling.on("clock", listener));
  expect(Math.abs(offset.offsetMs - 5000)).toBeLessThanOrEqual(offset.errorMs + 0.1);
  await next<ClockOffset>((listener) => signaling.on("clock", listener));
  expect(signaling.clock?.offsetMs).toBeCloseTo(5000, -2);
});

test("the token may be had anew for each connection, and its failure is told", async () => {
  const { url, gateway, cut, mend } = await serve();
  let tokens = 0;
  const signaling = client(url, {
    token: () => {
      tokens += 1;
      if (tokens === 2) throw new Error("no token");
      return Promise.resolve(`token ${tokens}`);
    },
  });
  await signaling.watch("live/cam");
  expect(gateway.last.request.token).toBe("token 1");
  const error = new Promise((resolve) => {
    signaling.on("error", ({ code }) => void (code === "TOKEN_FAILED" && resolve(code)));
  });
  cut();
  await state(signaling, "waiting");
  mend();
  await error;
  await signaling.watch("live/cam");
  expect(gateway.last.request.token).toBeUndefined();
});

test("under a path prefix", async () => {
  const { url } = await serve({ path: "/gw/socket.io/" });
  await client(`${url}/gw/`).watch("live/cam");
  await client(url, { path: "/gw/socket.io/" }).watch("live/cam");
});

test("a malformed push is told as an error and harms nothing else", async () => {
  const { url, gateway } = await serve();
  const signaling = client(url);
  const session = await signaling.watch("live/cam");
  const error = next<SignalingError>((listener) => signaling.on("error", listener));
  gateway.last.observer.stream({ name: 7 } as never);
  expect((await error).code).toBe("PROTOCOL_VIOLATION");
  expect(await session.describe(offer)).toMatchObject({ type: "answer" });
});

test("when the browser reports the network, the client does not wait for its turn", async () => {
  const { url, cut, mend } = await serve();
  const listeners = new Set<() => void>();
  vi.stubGlobal("addEventListener", (_type: string, listener: () => void) =>
    listeners.add(listener),
  );
  vi.stubGlobal("removeEventListener", (_type: string, listener: () => void) =>
    listeners.delete(listener),
  );
  closers.push(() => vi.unstubAllGlobals());
  const signaling = client(url, { reconnectMinMs: 3_600_000, reconnectMaxMs: 3_600_000 });
  await state(signaling, "connected");
  cut();
  await state(signaling, "waiting");
  mend();
  for (const listener of listeners) listener();
  await state(signaling, "connected");
  signaling.close();
  expect(listeners.size).toBe(0);
});

describe("row 35: where WebSocket is blocked", () => {
  /** A proxy that lets everything pass but WebSocket, which it refuses or swallows. */
  async function proxy(port: number, refuse: boolean): Promise<string> {
    const open = new Set<Socket>();
    const server: Server = createServer((socket) => {
      open.add(socket);
      socket.on("error", () => {});
      socket.once("data", (bytes) => {
        if (/upgrade: *websocket/i.test(String(bytes))) {
          if (refuse) socket.destroy();
          return;
        }
        const upstream = connect(port, "127.0.0.1");
        open.add(upstream);
        upstream.on("error", () => socket.destroy());
        socket.on("close", () => upstream.destroy());
        upstream.write(bytes);
        socket.pipe(upstream).pipe(socket);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closers.push(() => {
      for (const socket of open) socket.destroy();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  }

  test.each([
    ["refused", true],
    ["swallowed", false],
  ])("%s: signaling goes over long-polling", async (_how, refuse) => {
    const { port, gateway } = await serve();
    const signaling = client(await proxy(port, refuse), { connectTimeoutMs: 150 });
    const session = await signaling.watch("live/cam");
    expect(await session.describe(offer)).toMatchObject({ type: "answer" });
    const bye = nextBye(session);
    gateway.last.observer.bye("DONE");
    expect(await bye).toEqual({ reason: "DONE" });
  });
});
