import { afterEach, expect, test, vi } from "vitest";
import { type ServedSignaling, serveSignaling } from "../server/testing/index.ts";
import { liveStatus } from "../session/testing/index.ts";
import { negotiatePublish, SignalingClient, type SignalingClientOptions } from "./index.ts";
import { FakePeer } from "./testing/index.ts";

/** Over real sockets, on a machine that may be busy. */
const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 4000 });

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(): Promise<ServedSignaling> {
  const served = await serveSignaling();
  closers.push(() => served.close());
  return served;
}

function client(url: string, options: Partial<SignalingClientOptions> = {}): SignalingClient {
  const made = new SignalingClient({ url, reconnectMinMs: 20, reconnectMaxMs: 100, ...options });
  closers.push(() => made.close());
  return made;
}

test("a publisher asks to take over, and hears how many watch", async () => {
  const { url, gateway } = await serve();
  const session = await client(url, { token: "old" }).publish("live/cam", {
    token: "new",
    takeOver: true,
  });
  expect(gateway.last.request).toMatchObject({ action: "publish", token: "new", takeOver: true });
  const told = new Promise((resolve) => void session.on("stream", resolve));
  gateway.last.observer.stream({ ...liveStatus("live/cam"), viewers: 3 });
  expect(await told).toMatchObject({ viewers: 3 });
});

test("a publisher negotiates, adds a track, and goes on after a break of signaling with an ICE restart", async () => {
  const { url, gateway, cut, mend } = await serve();
  const signaling = client(url);
  const session = await signaling.publish("live/cam");
  const pc = new FakePeer("pc", []);
  pc.transceivers = ["camera"];
  const errors: unknown[] = [];
  negotiatePublish(pc, session, { failed: (error) => void errors.push(error) });
  const answers = (): number => pc.trace.filter((step) => step === "pc setRemote answer").length;
  await eventually(() => expect(answers()).toBe(1));
  pc.iceIs("connected");
  pc.need();
  await eventually(() => expect(answers()).toBe(2));
  cut();
  await eventually(() => expect(signaling.state).not.toBe("connected"));
  // Needed while nobody can be asked.
  pc.need();
  await eventually(() => expect(pc.state).toBe("have-local-offer"));
  mend();
  await eventually(() => expect(answers()).toBe(3));
  expect(pc.trace).toContain("pc restartIce");
  expect([gateway.sessions.length, errors]).toEqual([1, []]);
  const ended = new Promise((resolve) => void session.on("bye", resolve));
  gateway.last.observer.bye("TAKEN_OVER");
  expect(await ended).toEqual({ reason: "TAKEN_OVER" });
  expect(pc.listeners).toBe(0);
});

test("the server asks for an offer, and gets one", async () => {
  const { url, gateway } = await serve();
  const session = await client(url).publish("live/cam");
  const pc = new FakePeer("pc", []);
  negotiatePublish(pc, session, { failed: (error) => expect.fail(String(error)) });
  const asked = new Promise((resolve) => void session.on("renegotiate", () => resolve(true)));
  gateway.last.observer.renegotiate?.();
  expect(await asked).toBe(true);
  await eventually(() => expect(gateway.last.offers).toEqual(["pc offer 1"]));
});

test("a viewer says which layer suits, and hears which is shown, also after a break", async () => {
  const { url, gateway, cut, mend } = await serve();
  const signaling = client(url);
  const session = await signaling.watch("live/cam");
  session.prefer({ rid: "h", viewport: { width: 640.5, height: 360 } });
  await eventually(() =>
    expect(gateway.last.preferences).toEqual([{ rid: "h", viewport: { width: 641, height: 360 } }]),
  );
  const layers: (string | null)[] = [];
  session.on("layer", (rid) => void layers.push(rid));
  expect(session.layer).toBeNull();
  gateway.last.observer.layer?.("h");
  await eventually(() => expect(layers).toEqual(["h"]));
  cut();
  await eventually(() => expect(signaling.state).not.toBe("connected"));
  gateway.last.observer.layer?.("q");
  const resumed = new Promise((resolve) => void session.on("resumed", () => resolve(true)));
  mend();
  expect(await resumed).toBe(true);
  await eventually(() => expect(layers).toEqual(["h", "q"]));
  expect(session.layer).toBe("q");
  session.leave();
  session.prefer({ rid: null });
  expect(await gateway.last.closed).toBe("LEFT");
  expect(gateway.last.preferences).toHaveLength(1);
});
