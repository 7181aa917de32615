import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DEFAULT_SCTP_LIMITS } from "../data/sctp.ts";
import { crc32c } from "./crc32c.ts";
import { openSctp } from "./sctp-association.ts";
import { ChunkType } from "./sctp-read.ts";
import { timerClock } from "./test-far-sctp.ts";
import {
  connectedLink,
  firstChunk,
  type LinkOptions,
  packetOf,
  SctpLink,
  SILENT,
} from "./test-sctp-link.ts";

vi.setConfig({ testTimeout: 60_000 });

const links: SctpLink[] = [];

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  for (const link of links.splice(0)) link.close();
  vi.clearAllTimers();
  vi.useRealTimers();
});

async function connected(options: LinkOptions = {}): Promise<SctpLink> {
  const link = await connectedLink(options);
  links.push(link);
  return link;
}

/** A fixed sequence of pseudo-random losses. */
function lossy(share: number, seed: number): () => boolean {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32 < share;
  };
}

const texts = (link: SctpLink): string[] => link.far.messages.map(({ data }) => data.toString());

describe("an association with werift's own", () => {
  test("carries messages both ways, long ones in pieces", async () => {
    const link = await connected();
    const long = "x".repeat(60_000);
    link.send("hello");
    link.send(long);
    link.far.send(2, 53, Buffer.from("from afar"));
    link.far.send(2, 51, Buffer.from(long));
    await vi.advanceTimersByTimeAsync(2000);
    expect(texts(link)).toEqual(["hello", long]);
    expect(link.far.messages[0]).toMatchObject({ id: 1, ppid: 51 });
    expect(link.messages.map(({ id, ppid, bytes }) => [id, ppid, bytes.length])).toEqual([
      [2, 53, 9],
      [2, 51, 60_000],
    ]);
    expect(link.near.bufferedBytes).toBe(0);
    expect(link.far.errors).toEqual([]);
    const longest = Math.max(...link.sent.map((packet) => packet.length));
    expect(longest).toBeLessThanOrEqual(DEFAULT_SCTP_LIMITS.maxPacketBytes);
  });

  test("sends what was given before the handshake", async () => {
    const link = new SctpLink();
    links.push(link);
    link.send("early");
    expect(link.near.bufferedBytes).toBe(5);
    void link.far.start();
    await vi.advanceTimersByTimeAsync(200);
    expect(texts(link)).toEqual(["early"]);
  });

  test.each([1, 2, 3])("delivers everything in order with 20 % loss (seed %d)", async (seed) => {
    const link = await connected();
    link.lose = lossy(0.2, seed);
    for (let i = 0; i < 40; i++) {
      link.send(`${i}:`.padEnd(i * 60, "."));
      link.far.send(2, 51, Buffer.from(`${i}:`.padEnd(i * 60, ".")));
    }
    await vi.advanceTimersByTimeAsync(600_000);
    const numbers = Array.from({ length: 40 }, (_, i) => i);
    expect(texts(link).map(Number.parseFloat)).toEqual(numbers);
    expect(link.messages.map(({ bytes }) => Number.parseFloat(`${Buffer.from(bytes)}`))).toEqual(
      numbers,
    );
  });

  test("reorders what comes out of order", async () => {
    const link = await connected();
    let count = 0;
    link.lose = (packet, toNear) => {
      if (!toNear || firstChunk(packet) !== ChunkType.data || ++count % 3 !== 0) return false;
      setTimeout(() => link.near.receive(packet), 35);
      return true;
    };
    for (let i = 0; i < 30; i++) link.far.send(2, 51, Buffer.from(String(i)));
    await vi.advanceTimersByTimeAsync(5000);
    expect(link.messages.map(({ bytes }) => Number(Buffer.from(bytes).toString()))).toEqual(
      Array.from({ length: 30 }, (_, i) => i),
    );
  });

  test("ends when the peer aborts or shuts down", async () => {
    for (const [type, code] of [
      [ChunkType.abort, "SCTP_ABORTED"],
      [ChunkType.shutdown, "SCTP_SHUTDOWN"],
    ] as const) {
      const link = await connected();
      const tag = Buffer.from(link.sent[0] ?? []).readUInt32BE(16);
      link.near.receive(packetOf(tag, type));
      expect(link.told.at(-1)).toBe(code);
      expect(link.near.established).toBe(false);
    }
  });

  test("tells the peer when it is closed", async () => {
    const link = await connected();
    link.near.close();
    link.near.close();
    link.send("late");
    await vi.advanceTimersByTimeAsync(100);
    expect(link.far.closed).toBe(true);
    expect(link.told).toEqual(["established"]);
  });
});

describe("streams", () => {
  test("end once everything sent on them is acknowledged, and begin anew", async () => {
    const link = await connected();
    for (let i = 0; i < 20; i++) link.send("x".repeat(1000));
    link.near.reset(1);
    await vi.advanceTimersByTimeAsync(3000);
    expect(link.far.messages).toHaveLength(20);
    expect(link.told).toContain("reset done 1");
    expect(link.far.resets).toContain(1);
    link.send("again");
    await vi.advanceTimersByTimeAsync(100);
    expect(texts(link).at(-1)).toBe("again");
  });

  test("end although requests and answers get lost", async () => {
    const link = await connected();
    link.send("a");
    await vi.advanceTimersByTimeAsync(100);
    let count = 0;
    link.lose = (packet) => firstChunk(packet) === ChunkType.reconfig && count++ < 2;
    link.near.reset(1);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(link.told.filter((line) => line === "reset done 1")).toHaveLength(1);
  });

  test("of the peer end once, however often it asks", async () => {
    const link = await connected();
    link.far.send(2, 51, Buffer.from("a"));
    await vi.advanceTimersByTimeAsync(100);
    let answers = 0;
    link.lose = (packet, toNear) =>
      !toNear && firstChunk(packet) === ChunkType.reconfig && answers++ < 2;
    link.far.reset(2);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(link.told.filter((line) => line === "reset 2")).toHaveLength(1);
    link.far.send(2, 51, Buffer.from("b"));
    await vi.advanceTimersByTimeAsync(1000);
    expect(link.messages).toHaveLength(2);
  });

  test("of the peer do not end before what it sent on them has come", async () => {
    const link = await connected();
    let lost = 0;
    link.lose = (packet, toNear) => toNear && firstChunk(packet) === ChunkType.data && lost++ === 0;
    link.far.send(2, 51, Buffer.from("late"));
    link.far.reset(2);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(link.messages.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(["late"]);
    expect(link.told).toContain("reset 2");
  });
});

describe("messages that may be given up", () => {
  const dropData = (share: number): ((packet: Uint8Array, toNear: boolean) => boolean) => {
    const lose = lossy(share, 5);
    return (packet, toNear) => !toNear && firstChunk(packet) === ChunkType.data && lose();
  };

  test.each([true, false])(
    "without retransmission: gone when lost (ordered %s)",
    async (ordered) => {
      const link = await connected();
      let dropped = 0;
      link.lose = (packet, toNear) => {
        const lost = !toNear && firstChunk(packet) === ChunkType.data && packet.length > 500;
        if (lost) dropped++;
        return lost;
      };
      for (let i = 0; i < 10; i++) {
        link.send(String(i), { ordered, maxRetransmits: 0 });
        link.send("x".repeat(600), { ordered, maxRetransmits: 0 });
      }
      await vi.advanceTimersByTimeAsync(60_000);
      expect(texts(link)).toEqual(Array.from({ length: 10 }, (_, i) => String(i)));
      expect(dropped).toBe(10);
      expect(link.near.bufferedBytes).toBe(0);
      link.lose = () => false;
      link.send("after", { ordered });
      await vi.advanceTimersByTimeAsync(20_000);
      expect(texts(link).at(-1)).toBe("after");
    },
  );

  test("a long one goes as a whole, and does not stop what follows", async () => {
    const link = await connected();
    let data = 0;
    link.lose = (packet, toNear) =>
      !toNear && firstChunk(packet) === ChunkType.data && data++ === 3;
    link.send("y".repeat(30_000), { maxRetransmits: 0 });
    link.send("after");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(texts(link)).toEqual(["after"]);
  });

  test("the peer is told again when that gets lost", async () => {
    const link = await connected();
    let forwards = 0;
    link.lose = (packet, toNear) => {
      if (toNear) return false;
      if (firstChunk(packet) === ChunkType.forwardTsn) return forwards++ < 3;
      return packet.length > 500;
    };
    link.send("x".repeat(600), { maxRetransmits: 0 });
    await vi.advanceTimersByTimeAsync(100_000);
    expect(forwards).toBeGreaterThan(3);
    link.send("after");
    await vi.advanceTimersByTimeAsync(20_000);
    expect(texts(link)).toEqual(["after"]);
  });

  test("a life time ends waiting and repeating", async () => {
    const link = await connected();
    link.lose = (_packet, toNear) => !toNear;
    link.send("old", { expiresUs: timerClock.nowUs() + 500_000 });
    await vi.advanceTimersByTimeAsync(3000);
    link.lose = () => false;
    link.send("new");
    await vi.advanceTimersByTimeAsync(20_000);
    expect(texts(link)).toEqual(["new"]);
  });

  test("with loss, what may be given up never blocks what may not", async () => {
    const link = await connected();
    link.lose = dropData(0.3);
    for (let i = 0; i < 60; i++) {
      link.send(`maybe ${i}`, { streamId: 3, ordered: false, maxRetransmits: 1 });
      link.send(`sure ${i}`);
    }
    await vi.advanceTimersByTimeAsync(600_000);
    const sure = link.arrived.filter(({ id }) => id === 1).map(({ text }) => text);
    expect(sure).toEqual(Array.from({ length: 60 }, (_, i) => `sure ${i}`));
    expect(link.arrived.filter(({ id }) => id === 3).length).toBeGreaterThan(40);
    expect(link.near.bufferedBytes).toBe(0);
    // Each message is sent once or a few times, not for every SACK.
    expect(link.sent.length).toBeLessThan(500);
  });
});

describe("a peer that falls silent", () => {
  test("is asked ever more rarely, then given up", async () => {
    const link = await connected();
    link.lose = () => true;
    link.sent.length = 0;
    for (let i = 0; i < 50; i++) link.send("x".repeat(1000));
    await vi.advanceTimersByTimeAsync(10_000);
    // Four packets at once, then one for each timeout.
    expect(link.sent.length).toBeLessThan(12);
    await vi.advanceTimersByTimeAsync(200_000);
    expect(link.told.at(-1)).toBe("SCTP_TIMEOUT");
    const count = link.sent.length;
    expect(count).toBeLessThan(30);
    await vi.advanceTimersByTimeAsync(200_000);
    expect(link.sent).toHaveLength(count);
  });

  test("and comes back finds everything", async () => {
    const link = await connected();
    link.lose = () => true;
    for (let i = 0; i < 20; i++) link.send(`${i}`);
    await vi.advanceTimersByTimeAsync(20_000);
    link.lose = () => false;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(texts(link)).toEqual(Array.from({ length: 20 }, (_, i) => `${i}`));
  });

  test("a window that the peer closes is probed until it opens", async () => {
    const link = await connected();
    link.lose = (packet, toNear) => {
      // Every SACK tells of a closed window.
      if (toNear && firstChunk(packet) === ChunkType.sack) {
        const closed = Buffer.from(packet);
        closed.writeUInt32BE(0, 20);
        closed.writeUInt32LE(crc32c(closed, 8, 12), 8);
        setTimeout(() => link.near.receive(closed), 10);
        return true;
      }
      return false;
    };
    for (let i = 0; i < 5; i++) link.send(`${i}`.padEnd(900, "."));
    await vi.advanceTimersByTimeAsync(120_000);
    expect(texts(link)).toHaveLength(5);
  });
});

test("a hundred associations leave no timer behind, wherever they are closed", async () => {
  vi.clearAllTimers();
  for (let i = 0; i < 100; i++) {
    const link = new SctpLink({ delayMs: 1 });
    void link.far.start();
    // Some before the handshake, some within it, some with much under way.
    await vi.advanceTimersByTimeAsync(i % 7);
    for (let n = 0; n < i % 5; n++) link.send("x".repeat(3000));
    if (i % 3 === 0) link.near.reset(1);
    await vi.advanceTimersByTimeAsync(i % 4);
    link.close();
  }
  await vi.advanceTimersByTimeAsync(10);
  expect(vi.getTimerCount()).toBe(0);
});

test("an association that was never begun has no timer", () => {
  const near = openSctp({ port: 5000, clock: timerClock }, SILENT);
  expect(vi.getTimerCount()).toBe(0);
  near.close();
});
