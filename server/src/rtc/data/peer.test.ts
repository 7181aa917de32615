import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { silentLog } from "../../core/log.ts";
import type { Peer, PeerEvents } from "../peer.ts";
import { type BoundPeerFactory, createPeerFactory } from "../peer-factory.ts";
import { timerClock } from "../werift/test-far-sctp.ts";
import { type TestChannel, WeriftViewer } from "../werift/test-viewer.ts";
import { DataHub } from "./hub.ts";
import type { DataMember } from "./member.ts";

vi.setConfig({ testTimeout: 60_000 });

let factory: BoundPeerFactory;
let hub: DataHub;
const viewers: WeriftViewer[] = [];

beforeEach(async () => {
  factory = await createPeerFactory({
    port: 0,
    host: "127.0.0.1",
    clock: timerClock,
    log: silentLog,
  });
  hub = new DataHub({ clock: timerClock });
});
afterEach(async () => {
  for (const viewer of viewers.splice(0)) await viewer.close();
  hub.close();
  await factory.close();
});

function until(condition: () => boolean): Promise<void> {
  return vi.waitFor(() => expect(condition()).toBe(true), { timeout: 20_000, interval: 10 });
}

/** A werift peer connection, joined to the hub over ICE, DTLS and real sockets. */
async function join(
  role: "publisher" | "viewer",
  label: string,
  options: { ordered?: boolean; maxRetransmits?: number } = {},
): Promise<{ client: WeriftViewer; own: TestChannel; offered: TestChannel[] }> {
  let member: DataMember | undefined;
  const events: PeerEvents = {
    connected() {
      const media = peer.dataMedia;
      if (media === undefined) throw new Error("no data channels were negotiated");
      member = hub.join(role, { media, send: (packet) => peer.sendData(packet) });
    },
    datagram() {},
    data: (bytes, nowUs) => member?.receive(bytes, nowUs),
    closed: () => member?.close(),
  };
  const peer: Peer = factory.createSender({ h264ProfileLevelId: "42e01f" }, events);
  const client = new WeriftViewer();
  viewers.push(client);
  const offered: TestChannel[] = [];
  client.onChannel((channel) => offered.push(channel));
  const own = client.channel(label, options);
  await client.negotiate(peer);
  await until(() => own.state === "open");
  return { client, own, offered };
}

test("a publisher's messages reach viewers over DTLS, and theirs the publisher", async () => {
  const publisher = await join("publisher", "chat", { ordered: false, maxRetransmits: 2 });
  const listener = await join("viewer", "something else");
  const talker = await join("viewer", "chat");
  await until(() => listener.offered[0]?.state === "open");
  expect(listener.offered[0]?.label).toBe("chat");
  expect(talker.offered).toEqual([]);
  publisher.own.send("hello");
  publisher.own.send(Buffer.from([1, 2, 3]));
  publisher.own.send("x".repeat(60_000));
  for (const { got } of [listener.offered[0] ?? talker.own, talker.own]) {
    await until(() => got.length === 3);
    // Unordered: the long one may be overtaken, never the kind changed.
    expect(got).toContain("hello");
    expect(got).toContainEqual(Buffer.from([1, 2, 3]));
    expect(got).toContain("x".repeat(60_000));
  }
  talker.own.send("to the publisher");
  listener.offered[0]?.send("too");
  await until(() => publisher.own.got.length === 2);
  expect(talker.own.got).toHaveLength(3);
});

test("when a peer goes, its channels go, and the hub is empty", async () => {
  const publisher = await join("publisher", "chat");
  const viewer = await join("viewer", "other");
  await until(() => viewer.offered[0]?.state === "open");
  publisher.own.close();
  await until(() => viewer.offered[0]?.state === "closed");
  expect(hub.size).toBe(2);
  await factory.close();
  await until(() => hub.size === 0);
});
