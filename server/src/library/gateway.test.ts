import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createGateway, type Gateway, type GatewayEvent, type GatewayOptions } from "./index.ts";
import { publishFlv, smallGateway } from "./test-host.ts";

vi.setConfig({ testTimeout: 60_000 });
const patience = { timeout: 20_000, interval: 20 };

const steps: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of steps.splice(0).reverse()) await step();
});

function make(options: GatewayOptions = {}): Gateway {
  const gateway = createGateway({ ...smallGateway, ...options });
  steps.push(() => gateway.close());
  return gateway;
}

const httpOf = ({ addresses }: Gateway): string => `http://127.0.0.1:${addresses.http?.port}`;

describe("createGateway", () => {
  it("has nothing before it starts and after it closes", async () => {
    const gateway = make();
    const nothing = () => [
      gateway.addresses,
      gateway.streams(),
      gateway.viewers(),
      gateway.kick("x"),
    ];
    expect(nothing()).toEqual([{}, [], [], false]);
    const [first, second] = await Promise.all([gateway.start(), gateway.start()]);
    expect([first, second]).toEqual([gateway, gateway]);
    expect((await fetch(`${httpOf(gateway)}/readyz`)).status).toBe(200);
    await Promise.all([gateway.close(), gateway.close()]);
    expect(nothing()).toEqual([{}, [], [], false]);
    expect(() => gateway.mount({ use: () => {} })).toThrow("mount comes before start");
  });

  it("does not start after close, and closes while it starts", async () => {
    const closed = make();
    await closed.close();
    await expect(closed.start()).rejects.toThrow("closed");
    const gateway = make();
    const starting = gateway.start();
    await gateway.close();
    await starting;
    expect(gateway.addresses).toEqual({});
  });

  it("says which port is taken, and leaves nothing open", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as { port: number };
    const gateway = make({ rtmp: { host: "127.0.0.1", port } });
    await expect(gateway.start()).rejects.toThrow("Change rtmp.host or rtmp.port.");
    expect(gateway.addresses).toEqual({});
    taken.close();
  });

  it("runs twice in a process, each with its own streams", async () => {
    const [one, two] = [make(), make()];
    await Promise.all([one.start(), two.start()]);
    publishFlv(`${httpOf(one)}/live/of-one.flv`);
    await vi.waitFor(() => expect(one.streams()).toHaveLength(1), patience);
    expect(two.streams()).toEqual([]);
    await one.close();
    expect((await fetch(`${httpOf(two)}/readyz`)).status).toBe(200);
  });
});

describe("hooks, events and reports", () => {
  it("know no event that there is not", () => {
    expect(() => make().on("publish.start" as "publish.started", () => {})).toThrow(
      'There is no event "publish.start". Did you mean publish.started?',
    );
  });

  it("rename, tell, report and kick", async () => {
    const told: GatewayEvent[] = [];
    const all: string[] = [];
    const gateway = make({
      hooks: {
        onPublish: ({ stream }) =>
          stream === "live/secret-key" && { allow: true, stream: "live/anna", user: "anna" },
        onPlay: ({ token }) => token === "ticket" && { allow: true, user: "vera" },
        onEvent: async ({ type }) => {
          all.push(type);
          throw new Error("a back end's own fault");
        },
      },
    });
    const dropped = vi.fn();
    gateway
      .on("publish.started", (event) => told.push(event))
      .on("publish.started", () => {
        throw new Error("a listener's own fault");
      })
      .on("publish.started", () => Promise.reject(new Error("a listener's own fault, later")))
      .on("play.started", (event) => told.push(event))
      .on("play.ended", (event) => told.push(event))
      .on("publish.ended", (event) => told.push(event))
      .on("stream.live", dropped)
      .off("stream.live", dropped);
    await gateway.start();
    const url = httpOf(gateway);

    expect((await fetch(`${url}/live/other.flv`, { method: "POST", body: "x" })).status).toBe(415);
    publishFlv(`${url}/live/secret-key.flv`);
    await vi.waitFor(() => expect(gateway.streams()[0]?.tracks).toHaveLength(2), patience);
    const [stream] = gateway.streams();
    expect(stream).toMatchObject({
      name: "live/anna",
      state: "live",
      viewers: 0,
      publisher: { transport: "http-flv", user: "anna", address: "127.0.0.1" },
      tracks: expect.arrayContaining([expect.objectContaining({ kind: "video", codec: "h264" })]),
    });
    expect(stream?.startedAt.getTime()).toBeLessThanOrEqual(Date.now());

    expect((await fetch(`${url}/live/anna.flv`)).status).toBe(403);
    const watching = await fetch(`${url}/live/anna.flv?token=ticket`);
    await vi.waitFor(() => expect(gateway.viewers("live/anna")).toHaveLength(1), patience);
    expect(gateway.viewers("live/nobody")).toEqual([]);
    const [viewer] = gateway.viewers();
    expect(viewer).toMatchObject({ stream: "live/anna", transport: "http-flv", user: "vera" });
    expect(gateway.kick(viewer?.session ?? "")).toBe(true);
    await watching.arrayBuffer().catch(() => {});
    await vi.waitFor(() => expect(gateway.viewers()).toEqual([]), patience);
    expect(gateway.kick(viewer?.session ?? "")).toBe(false);
    expect(gateway.kick(stream?.publisher?.session ?? "", "BANNED")).toBe(true);
    await vi.waitFor(() => expect(told).toHaveLength(4), patience);
    expect(told).toEqual([
      expect.objectContaining({ type: "publish.started", stream: "live/anna", user: "anna" }),
      expect.objectContaining({ type: "play.started", session: viewer?.session, user: "vera" }),
      expect.objectContaining({ type: "play.ended", session: viewer?.session, reason: "KICKED" }),
      expect.objectContaining({ type: "publish.ended", stream: "live/anna" }),
    ]);
    expect(JSON.stringify([told, gateway.streams()])).not.toContain("secret-key");
    expect(dropped).not.toHaveBeenCalled();
    expect(all).toEqual(expect.arrayContaining(["publish.started", "stream.live", "play.started"]));
  });
});
