import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../core/clock.ts";
import { CHROMIUM_OFFER } from "./sdp/test-chromium-offer.ts";
import { Owner, PeerBench } from "./test-peers.ts";
import { TestRemote } from "./test-remote.ts";

const joins = 2000;
const atOnce = 20;
/** So much may stay of one that has left: garbage that is not found yet, and code that is compiled meanwhile. */
const maxBytesPerJoin = 1000;

let bench: PeerBench;

beforeEach(async () => {
  bench = await PeerBench.open({}, systemClock);
});
afterEach(() => bench.close());

async function joinAndLeave(goesFirst: "viewer" | "server"): Promise<void> {
  const owner = new Owner();
  const peer = bench.createSender(owner);
  const remote = new TestRemote(bench.factory.port);
  await remote.join(peer, CHROMIUM_OFFER);
  await owner.hears("connected");
  if (goesFirst === "server") peer.close("TEST");
  else {
    // close_notify
    remote.send(remote.dtls.sealed(21, Uint8Array.of(1, 0)));
    await owner.hears("PEER_CLOSED");
  }
  remote.close();
}

async function crowd(count: number): Promise<void> {
  for (let done = 0; done < count; done += atOnce) {
    await Promise.all(
      Array.from({ length: atOnce }, (_, i) => joinAndLeave(i % 2 === 0 ? "viewer" : "server")),
    );
  }
}

function usedBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
  const { heapUsed, arrayBuffers, external } = process.memoryUsage();
  return heapUsed + arrayBuffers + external;
}

test("thousands that joined and left leave nothing behind", async () => {
  await crowd(300);
  const before = usedBytes();
  await crowd(joins);
  const { counters, size } = bench.factory;
  expect(size).toEqual({ sessions: 0, ufrags: 0, addresses: 0, handshakes: 0 });
  expect(counters).toMatchObject({ peers: 0, addresses: 0, handshakesCompleted: joins + 300 });
  expect((usedBytes() - before) / joins).toBeLessThan(maxBytesPerJoin);
}, 300_000);
