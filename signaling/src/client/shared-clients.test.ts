import { afterEach, describe, expect, test, vi } from "vitest";
import { type ServedSignaling, serveSignaling } from "../server/testing/index.ts";
import { maxUsersPerClient, maxWatchersPerClient, SharedClients } from "./shared-clients.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(): Promise<ServedSignaling> {
  const served = await serveSignaling();
  closers.push(() => served.close());
  return served;
}

function share(lingerMs = 0): SharedClients {
  return new SharedClients({ lingerMs, client: { reconnectMinMs: 60_000 } });
}

describe("players of one page", () => {
  test("share a connection to a server, whatever they watch", async () => {
    const { url, gateway } = await serve();
    const shared = share();
    const one = shared.lease({ url, token: undefined, watches: true });
    const other = shared.lease({ url: `${url}/`, token: undefined, watches: true });
    expect(other.client).toBe(one.client);
    expect(shared.size).toBe(1);
    const session = await one.client.watch("live/a");
    await other.client.watch("live/b");
    session.leave();
    one.release();
    one.release();
    expect(await gateway.sessions[0]?.closed).toBe("LEFT");
    expect(other.client.state).toBe("connected");
    other.release();
    await vi.waitUntil(() => other.client.state === "closed");
    expect(shared.size).toBe(0);
    expect(await gateway.sessions[1]?.closed).toBeDefined();
  });

  test("share none with another token or path, which would lend its rights", async () => {
    const { url, gateway } = await serve();
    const shared = share();
    const leases = [undefined, "A", "B", "A"].map((token) =>
      shared.lease({ url, token, watches: true }),
    );
    expect(shared.size).toBe(3);
    for (const { client } of leases) await client.watch("live/a");
    expect(gateway.sessions.map(({ request }) => request.token)).toEqual([
      undefined,
      "A",
      "B",
      "A",
    ]);
    leases.push(shared.lease({ url: `${url}/tv`, token: "A", watches: true }));
    expect(shared.size).toBe(4);
    for (const { release } of leases) release();
    await vi.waitUntil(() => shared.size === 0);
  });

  test("are no more than a connection may have sessions and observations", async () => {
    const { url } = await serve();
    const shared = share();
    const lease = (watches: boolean) => shared.lease({ url, token: undefined, watches });
    const watching = Array.from({ length: maxWatchersPerClient }, () => lease(true));
    const beyond = lease(true);
    expect([shared.size, beyond.client === watching[0]?.client]).toEqual([2, false]);
    const observing = Array.from({ length: maxUsersPerClient - maxWatchersPerClient }, () =>
      lease(false),
    );
    expect(observing.every(({ client }) => client === watching[0]?.client)).toBe(true);
    const observer = lease(false);
    expect(observer.client).toBe(beyond.client);
    watching[0]?.release();
    const last = lease(true);
    expect(last.client).toBe(watching[1]?.client);
    expect(shared.size).toBe(2);
    for (const { client } of [...watching, beyond]) client.close();
  });
});

describe("a connection that nobody uses", () => {
  test("stays a while for whoever changes its way of watching", async () => {
    const { url } = await serve();
    const shared = share(60_000);
    const lease = shared.lease({ url, token: undefined, watches: true });
    await lease.client.watch("live/a");
    lease.release();
    const next = shared.lease({ url, token: undefined, watches: false });
    expect(next.client).toBe(lease.client);
    expect(next.client.state).toBe("connected");
    next.client.close();
  });

  test("is closed at once when the server does not answer", () => {
    const shared = share(60_000);
    const request = { url: "http://127.0.0.1:1", token: undefined, watches: true };
    const lease = shared.lease(request);
    lease.release();
    expect([lease.client.state, shared.size]).toEqual(["closed", 0]);
  });

  test("is not handed out when it was closed", async () => {
    const { url } = await serve();
    const shared = share(20);
    const lease = shared.lease({ url, token: undefined, watches: true });
    await lease.client.watch("live/a");
    lease.release();
    await vi.waitUntil(() => shared.size === 0);
    const next = shared.lease({ url, token: undefined, watches: true });
    expect(next.client).not.toBe(lease.client);
    next.release();
  });
});

test("who comes while a lost connection waits does not wait with it", async () => {
  const { url, cut, mend } = await serve();
  const shared = share();
  const lease = shared.lease({ url, token: undefined, watches: true });
  await lease.client.watch("live/a");
  cut();
  await vi.waitUntil(() => lease.client.state === "waiting");
  mend();
  const next = shared.lease({ url, token: undefined, watches: true });
  await vi.waitUntil(() => next.client.state === "connected");
  lease.release();
  next.release();
});
