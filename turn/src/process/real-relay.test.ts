import { afterEach, describe, expect, it } from "vitest";
import { issueCredentials } from "../auth/index.ts";
import { checkTurnOptions } from "../options.ts";
import { codeOf, TestClient } from "../relay/test-client.ts";
import type { TurnEvent } from "./message.ts";
import { startTurn, type TurnRelay } from "./start-turn.ts";
import { testLog, testTurnOptions } from "./test-options.ts";

let relay: TurnRelay | undefined;
const clients: TestClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await relay?.close();
});

async function connect(secret = "a-test-secret"): Promise<TestClient> {
  const at = relay?.addresses[0];
  if (at === undefined) throw new Error("no address");
  const expiry = Math.floor(Date.now() / 1000) + 60;
  const client = await TestClient.open(at, issueCredentials(secret, "viewer-1", expiry));
  clients.push(client);
  return client;
}

/** The next event of a type that comes. */
function happening(type: TurnEvent["type"]): {
  readonly onEvents: (events: readonly TurnEvent[]) => void;
  readonly event: Promise<TurnEvent>;
} {
  let resolve: (event: TurnEvent) => void = () => {};
  const event = new Promise<TurnEvent>((found) => {
    resolve = found;
  });
  return {
    event,
    onEvents: (events) => {
      const found = events.find((one) => one.type === type);
      if (found !== undefined) resolve(found);
    },
  };
}

describe("the relay in a process of its own", () => {
  it("allocates for credentials of its secret alone, tells so, and gives all back at the end", async () => {
    const { log, lines } = testLog();
    const allocated = happening("allocated");
    const released = happening("released");
    relay = await startTurn(checkTurnOptions(testTurnOptions()), {
      log,
      onEvents: (events) => {
        allocated.onEvents(events);
        released.onEvents(events);
      },
      supervision: { checkMs: 50 },
    });
    const client = await connect();
    const { port } = await client.relayed();
    expect(port).toBeGreaterThanOrEqual(61_000);
    expect(codeOf(await (await connect("another-secret")).allocate())).toBe(401);
    const event = await allocated.event;
    expect(event.details).toMatchObject({ user: "viewer-1", protocol: "udp" });
    while (relay.stats().relay?.allocations.now !== 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await relay.close("TEST", 0);
    expect((await released.event).details).toMatchObject({ user: "viewer-1" });
    expect(JSON.stringify([lines, event])).not.toContain("a-test-secret");
  });

  it("is there again on its port after a crash, for new allocations", async () => {
    const { log, logged } = testLog();
    relay = await startTurn(checkTurnOptions(testTurnOptions()), {
      log,
      supervision: { firstRestartMs: 20 },
    });
    expect(codeOf(await (await connect()).allocate())).toBe(0);
    process.kill(relay.pid ?? 0, "SIGKILL");
    await logged("TURN is back");
    expect(codeOf(await (await connect()).allocate())).toBe(0);
  });
});
