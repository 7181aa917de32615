import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { timerClock } from "../werift/test-far-sctp.ts";
import { DataHub, type DataHubOptions } from "./hub.ts";
import { type DataMember, OWN_CHANNELS_FIRST_MS } from "./member.ts";
import { channel, FarChannels, MEDIA } from "./test-far-channels.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.clearAllTimers();
  vi.useRealTimers();
});

interface Joined {
  readonly far: FarChannels;
  readonly member: DataMember;
  readonly notices: string[];
}

function rig(options: Partial<DataHubOptions> = {}) {
  const hub = new DataHub({ clock: timerClock, ...options });
  const join = (role: "publisher" | "viewer", own: readonly string[] = []): Joined => {
    const notices: string[] = [];
    const far: FarChannels = new FarChannels((packet) =>
      member.receive(packet, timerClock.nowUs()),
    );
    const member = hub.join(role, {
      media: MEDIA,
      send: (packet) => far.receive(packet),
      channelClosed: (label, code) => void notices.push(`${label} ${code}`),
    });
    far.start();
    setTimeout(() => {
      for (const label of own) far.open(channel(label));
    }, 40);
    return { far, member, notices };
  };
  return { hub, join };
}

const run = (ms = 1000): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

describe("what the publisher sends", () => {
  test("reaches every viewer on the channel of that label, as what it is", async () => {
    const { hub, join } = rig();
    const publisher = join("publisher", ["chat", "telemetry"]);
    const viewers = [join("viewer"), join("viewer", ["chat"]), join("viewer", ["other"])];
    await run();
    publisher.far.text(0, "hello");
    publisher.far.binary(2, Uint8Array.of(7));
    publisher.far.text(2, "");
    await run();
    for (const { far } of viewers) {
      expect(far.got.sort()).toEqual(["chat:hello", "telemetry#07", "telemetry:"]);
    }
    expect(hub.counters).toMatchObject({ fromPublisher: 3, delivered: 9, dropped: 0, closed: 0 });
  });

  test("comes on channels of the publisher's kind", async () => {
    const { join } = rig();
    const publisher = join("publisher");
    const viewer = join("viewer");
    await run();
    const parameters = channel("fast", { ordered: false, maxRetransmits: 0, protocol: "x" });
    publisher.far.open(parameters);
    await run();
    expect([...viewer.far.offered.values()]).toEqual([parameters]);
  });

  test("does not reach the publisher itself", async () => {
    const { join } = rig();
    const publisher = join("publisher", ["chat"]);
    await run();
    publisher.far.text(0, "hello");
    await run();
    expect(publisher.far.got).toEqual([]);
  });

  test("a viewer that is too slow loses what may be lost, and otherwise its channel", async () => {
    const { hub, join } = rig({ viewerLimits: { maxBufferedBytes: 3000 } });
    const publisher = join("publisher", ["sure"]);
    const slow = join("viewer");
    const quick = join("viewer", ["sure"]);
    await run();
    const maybe = publisher.far.open(channel("maybe", { maxRetransmits: 1 }));
    await run();
    // Nothing of the slow one's is acknowledged any more.
    slow.far.sctp.close();
    for (let i = 0; i < 10; i++) {
      publisher.far.binary(maybe, new Uint8Array(900));
      await run(50);
    }
    expect(hub.counters.dropped).toBeGreaterThan(2);
    expect(slow.notices).toEqual([]);
    for (let i = 0; i < 5; i++) {
      publisher.far.binary(0, new Uint8Array(900));
      await run(50);
    }
    expect(slow.notices).toEqual(["sure DATA_TOO_SLOW"]);
    expect(quick.notices).toEqual([]);
    expect(quick.far.got.filter((line) => line.startsWith("sure"))).toHaveLength(5);
    expect(hub.counters.closed).toBe(1);
  });
});

describe("a viewer's channels", () => {
  test("its own come first: none of that label is opened for it", async () => {
    const { join } = rig();
    join("publisher", ["chat", "news"]);
    const viewer = join("viewer", ["chat"]);
    await run(OWN_CHANNELS_FIRST_MS - 10);
    expect(viewer.far.offered.size).toBe(0);
    await run();
    expect([...viewer.far.offered.values()].map(({ label }) => label)).toEqual(["news"]);
  });

  test("one that it opens later takes the place of ours", async () => {
    const { hub, join } = rig();
    const publisher = join("publisher", ["chat"]);
    const viewer = join("viewer");
    await run();
    const ours = viewer.far.offeredId("chat");
    const own = viewer.far.open(channel("chat"));
    await run(5000);
    expect(viewer.far.sctp.resets).toContain(ours);
    publisher.far.text(0, "once");
    await run();
    expect(viewer.far.got).toEqual(["chat:once"]);
    // And when it closes it, it has none.
    viewer.far.sctp.reset(own);
    await run(5000);
    publisher.far.text(0, "nobody");
    await run();
    expect(viewer.far.got).toEqual(["chat:once"]);
    expect(viewer.notices).toEqual([]);
    expect(hub.counters.closed).toBe(0);
  });

  test("go when the publisher closes its own", async () => {
    const { join } = rig();
    const publisher = join("publisher", ["chat"]);
    const without = join("viewer");
    const own = join("viewer", ["chat"]);
    await run();
    publisher.far.sctp.reset(0);
    await run(5000);
    expect(without.far.sctp.resets).toContain(without.far.offeredId("chat"));
    expect(own.far.sctp.resets).toEqual([]);
  });

  test("stay when the publisher vanishes, and serve the next one", async () => {
    const { hub, join } = rig();
    const first = join("publisher", ["chat"]);
    const viewer = join("viewer");
    await run();
    first.member.close();
    await run(5000);
    expect(viewer.far.sctp.resets).toEqual([]);
    const second = join("publisher", ["chat"]);
    await run();
    expect(viewer.far.offered.size).toBe(1);
    second.far.text(0, "back again");
    await run();
    expect(viewer.far.got).toEqual(["chat:back again"]);
    expect(hub.size).toBe(2);
  });

  test("are made anew when the next publisher's are of another kind", async () => {
    const { join } = rig();
    const first = join("publisher", ["chat"]);
    const viewer = join("viewer");
    await run();
    first.member.close();
    const second = join("publisher");
    await run();
    second.far.open(channel("chat", { ordered: false }));
    await run(5000);
    expect([...viewer.far.offered.values()].map(({ ordered }) => ordered)).toEqual([true, false]);
    second.far.text(0, "new kind");
    await run();
    expect(viewer.far.got).toEqual(["chat:new kind"]);
  });

  test("of a publisher's past make room when there are too many labels", async () => {
    const { join } = rig({ publisherLimits: { maxChannels: 2 } });
    const first = join("publisher", ["a", "b"]);
    const viewer = join("viewer");
    await run();
    first.member.close();
    join("publisher", ["c", "b"]);
    await run(5000);
    expect(new Set(viewer.far.sctp.resets)).toEqual(new Set([viewer.far.offeredId("a")]));
    expect([...viewer.far.offered.values()].map(({ label }) => label).sort()).toEqual([
      "a",
      "b",
      "c",
    ]);
  });
});

describe("a second publisher", () => {
  test("takes over; the first one's messages and channels mean nothing", async () => {
    const { hub, join } = rig();
    const first = join("publisher", ["chat"]);
    const viewer = join("viewer", ["chat"]);
    await run();
    const second = join("publisher", ["chat"]);
    await run();
    first.far.text(0, "old");
    second.far.text(0, "new");
    viewer.far.text(0, "to whom?");
    await run();
    expect(viewer.far.got).toEqual(["chat:new"]);
    expect(second.far.got).toEqual(["chat:to whom?"]);
    expect(first.far.got).toEqual([]);
    first.member.close();
    second.far.text(0, "still new");
    await run();
    expect(viewer.far.got.at(-1)).toBe("chat:still new");
    expect(hub.size).toBe(2);
  });
});

describe("what a viewer sends", () => {
  test("reaches the publisher's channel of that label and no other viewer", async () => {
    const { hub, join } = rig();
    const publisher = join("publisher", ["chat"]);
    const viewer = join("viewer", ["chat", "other"]);
    const bystander = join("viewer", ["chat"]);
    await run();
    viewer.far.text(0, "hi");
    viewer.far.binary(2, Uint8Array.of(1));
    await run();
    expect(publisher.far.got).toEqual(["chat:hi"]);
    expect(bystander.far.got).toEqual([]);
    expect(hub.counters).toMatchObject({ fromViewers: 2, delivered: 1, unheard: 1 });
  });

  test("reaches nobody when that is switched off", async () => {
    const { hub, join } = rig({ viewersMaySend: false });
    const publisher = join("publisher", ["chat"]);
    const viewer = join("viewer", ["chat"]);
    await run();
    viewer.far.text(0, "hi");
    await run();
    expect(publisher.far.got).toEqual([]);
    expect(hub.counters.unheard).toBe(1);
  });

  test("reaches the other viewers when that is switched on", async () => {
    const { join } = rig({ echoAmongViewers: true });
    const publisher = join("publisher", ["chat"]);
    const viewer = join("viewer", ["chat"]);
    const other = join("viewer");
    await run();
    viewer.far.text(0, "hi all");
    await run();
    expect(publisher.far.got).toEqual(["chat:hi all"]);
    expect(other.far.got).toEqual(["chat:hi all"]);
    expect(viewer.far.got).toEqual([]);
  });

  test("too much of many viewers is dropped, and the publisher keeps its channel", async () => {
    const { hub, join } = rig({ publisherLimits: { maxBufferedBytes: 2000 } });
    const publisher = join("publisher", ["chat"]);
    const viewers = Array.from({ length: 10 }, () => join("viewer", ["chat"]));
    await run();
    for (const { far } of viewers) far.binary(0, new Uint8Array(1500));
    await run();
    expect(hub.counters.dropped).toBeGreaterThan(0);
    expect(publisher.notices).toEqual([]);
    viewers[0]?.far.text(0, "later");
    await run();
    expect(publisher.far.got.at(-1)).toBe("chat:later");
  });
});

test("closing the hub closes everyone, twice, and leaves nothing", async () => {
  const { hub, join } = rig();
  const joined = [join("publisher", ["a"]), join("viewer", ["a"]), join("viewer")];
  await run();
  joined[0]?.far.binary(0, new Uint8Array(30_000));
  await run(12);
  hub.close();
  hub.close();
  expect(hub.size).toBe(0);
  const late = join("viewer");
  expect(hub.size).toBe(0);
  await run(100);
  for (const { far } of [...joined, late]) far.sctp.close();
  expect(vi.getTimerCount()).toBe(0);
});

test("a hundred viewers that come and go leave nothing", async () => {
  const { hub, join } = rig();
  const publisher = join("publisher", ["a"]);
  await run();
  for (let i = 0; i < 100; i++) {
    const viewer = join("viewer", i % 2 === 0 ? ["a"] : []);
    await run(i % 4 === 0 ? 400 : i % 60);
    publisher.far.binary(0, new Uint8Array(2000));
    await run(i % 9);
    viewer.member.close();
    await run(10);
    viewer.far.sctp.close();
  }
  expect(hub.size).toBe(1);
  hub.close();
  await run(100);
  publisher.far.sctp.close();
  expect(vi.getTimerCount()).toBe(0);
});
