import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { RefusedError } from "../../core/errors.ts";
import { timerClock } from "../werift/test-far-sctp.ts";
import type { DataChannel } from "./channel.ts";
import { type ChannelParameters, isReliable, Ppid } from "./dcep.ts";
import { type DataLimits, PUBLISHER_DATA_LIMITS } from "./limits.ts";
import { DataSession } from "./session.ts";
import { channel, FarChannels, MEDIA } from "./test-far-channels.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.clearAllTimers();
  vi.useRealTimers();
});

/** A session and a browser's side of it. */
class Pair {
  readonly session: DataSession;
  readonly far: FarChannels;
  readonly told: string[] = [];
  readonly open: DataChannel[] = [];

  constructor(limits: Partial<DataLimits> = {}, maxMessageSize = 262_144) {
    this.session = new DataSession(
      {
        media: { ...MEDIA, maxMessageSize },
        limits: { ...PUBLISHER_DATA_LIMITS, ...limits },
        clock: timerClock,
        send: (packet) => this.far.receive(packet),
      },
      {
        established: () => void this.told.push("established"),
        opened: (one) => {
          this.open.push(one);
          this.told.push(`opened ${one.label}`);
        },
        message: (one, bytes, text) => {
          const content = Buffer.from(bytes).toString(text ? "utf8" : "hex");
          this.told.push(`${one.label}${text ? ":" : "#"}${content.slice(0, 20)}`);
        },
        channelClosed: (one, code) => void this.told.push(`${one.label} ${code}`),
        refused: (label, code) => void this.told.push(`refused ${label} ${code}`),
        closed: (code) => void this.told.push(code),
      },
    );
    this.far = new FarChannels((packet) => this.session.receive(packet, timerClock.nowUs()));
  }

  async run(ms = 1000): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms);
  }
}

async function connected(limits: Partial<DataLimits> = {}, maxMessageSize?: number): Promise<Pair> {
  const pair = new Pair(limits, maxMessageSize);
  pair.far.start();
  await pair.run(100);
  expect(pair.told.splice(0)).toEqual(["established"]);
  return pair;
}

describe("a channel that the peer opens", () => {
  test.each<[string, Partial<ChannelParameters>]>([
    ["reliable", {}],
    ["unordered", { ordered: false }],
    ["without retransmission", { ordered: false, maxRetransmits: 0 }],
    ["with a life time", { maxPacketLifeTimeMs: 500, protocol: "p" }],
  ])("%s is acknowledged and keeps its kind", async (_name, fields) => {
    const { far, open, run, told } = await connected().then((pair) => ({
      ...pair,
      run: () => pair.run(),
    }));
    const id = far.open(channel("chat", fields));
    await run();
    expect(told).toEqual(["opened chat"]);
    expect(far.acknowledged).toEqual([id]);
    expect(open[0]).toMatchObject({ ...channel("chat", fields), id, openedByPeer: true });
    expect(isReliable(open[0] ?? channel(""))).toBe(
      fields.maxRetransmits === undefined && fields.maxPacketLifeTimeMs === undefined,
    );
  });

  test("carries text and binary both ways, empty too", async () => {
    const pair = await connected();
    const id = pair.far.open(channel("chat"));
    pair.far.text(id, "grüße");
    pair.far.text(id, "");
    pair.far.binary(id, Uint8Array.of(1, 2, 255));
    pair.far.binary(id, new Uint8Array());
    await pair.run();
    expect(pair.told).toEqual(["opened chat", "chat:grüße", "chat:", "chat#0102ff", "chat#"]);
    const [own] = pair.open;
    for (const [bytes, text] of [
      [Buffer.from("grüße"), true],
      [new Uint8Array(), true],
      [Uint8Array.of(1, 2, 255), false],
      [new Uint8Array(), false],
    ] as const) {
      expect(own?.send(bytes, text)).toBe("sent");
    }
    await pair.run();
    expect(pair.far.got).toEqual(["chat:grüße", "chat:", "chat#0102ff", "chat#"]);
  });

  test("is closed when the peer closes it, and its stream may be used again", async () => {
    const pair = await connected();
    for (let round = 0; round < 3; round++) {
      const id = pair.far.open(channel(`chat ${round}`), 2);
      pair.far.text(id, "hello");
      await pair.run();
      pair.far.sctp.reset(id);
      await pair.run(5000);
      expect(pair.told.splice(0)).toEqual([
        `opened chat ${round}`,
        `chat ${round}:hello`,
        `chat ${round} PEER_CLOSED`,
      ]);
      expect([...pair.session.channels]).toEqual([]);
      expect(pair.open[round]?.state).toBe("closed");
      expect(pair.open[round]?.send(Uint8Array.of(1), true)).toBe("closed");
    }
  });

  test("closed by us ends at the peer, with everything sent before", async () => {
    const pair = await connected();
    const id = pair.far.open(channel("chat"));
    await pair.run();
    pair.open[0]?.send(Buffer.from("x".repeat(20_000)), true);
    pair.open[0]?.close("DATA_TEST");
    pair.open[0]?.close("DATA_TEST");
    expect(pair.told.slice(1)).toEqual(["chat DATA_TEST"]);
    await pair.run(5000);
    expect(pair.far.got[0]?.length).toBe("chat:".length + 20_000);
    expect(pair.far.sctp.resets).toContain(id);
    expect([...pair.session.channels]).toEqual([]);
  });

  test("on an odd stream is taken, and ours have even ones then", async () => {
    const pair = await connected();
    const id = pair.far.open(channel("odd"), 1);
    await pair.run();
    expect(pair.far.acknowledged).toEqual([id]);
    expect(pair.session.open(channel("ours")).id).toBe(0);
    await pair.run();
    expect(pair.told).toEqual(["opened odd", "opened ours"]);
  });

  test("badly is refused; the association goes on", async () => {
    const pair = await connected();
    pair.far.sctp.send(8, Ppid.dcep, Uint8Array.of(3, 0, 0));
    await pair.run();
    expect(pair.told).toEqual(["refused  DATA_OPEN_INVALID"]);
    pair.far.open(channel("fine"), 10);
    await pair.run();
    expect(pair.told.at(-1)).toBe("opened fine");
  });

  test("beyond their number is refused; a closed one makes room", async () => {
    const pair = await connected({ maxChannels: 2 });
    const [first] = ["a", "b", "c"].map((label) => pair.far.open(channel(label)));
    await pair.run();
    expect(pair.told).toEqual(["opened a", "opened b", "refused c DATA_CHANNELS_FULL"]);
    expect(() => pair.session.open(channel("d"))).toThrow(RefusedError);
    pair.far.sctp.reset(first ?? 0);
    await pair.run(5000);
    pair.far.open(channel("e"), 20);
    await pair.run();
    expect(pair.told.at(-1)).toBe("opened e");
  });
});

describe("a channel that we open", () => {
  test("has an odd stream and is ready when the peer says so", async () => {
    const pair = await connected();
    const own = pair.session.open(channel("ours", { ordered: false, maxRetransmits: 0 }));
    expect(own.id % 2).toBe(1);
    expect(own.state).toBe("opening");
    own.send(Buffer.from("at once"), true);
    await pair.run();
    expect(pair.told).toEqual(["opened ours"]);
    expect(pair.far.offered.get(own.id)).toEqual(
      channel("ours", { ordered: false, maxRetransmits: 0 }),
    );
    expect(pair.far.got).toEqual(["ours:at once"]);
    pair.far.text(own.id, "back");
    await pair.run();
    expect(pair.told.at(-1)).toBe("ours:back");
  });

  test("is ready as well when something comes on it", async () => {
    const pair = await connected();
    pair.far.acknowledges = false;
    const own = pair.session.open(channel("ours"));
    await pair.run();
    expect(pair.told).toEqual([]);
    pair.far.text(own.id, "hi");
    await pair.run();
    expect(pair.told).toEqual(["opened ours", "ours:hi"]);
  });

  test("waits for an association that does not stand yet", async () => {
    const pair = new Pair();
    pair.session.open(channel("early")).send(Buffer.from("first"), true);
    pair.far.start();
    await pair.run();
    expect(pair.told).toEqual(["established", "opened early"]);
    expect(pair.far.got).toEqual(["early:first"]);
  });
});

describe("limits", () => {
  test("the longest message comes; one byte more closes its channel", async () => {
    const pair = await connected({ maxMessageBytes: 5000 });
    const id = pair.far.open(channel("big"));
    pair.far.binary(id, new Uint8Array(5000));
    await pair.run();
    expect(pair.told.at(-1)).toBe(`big#${"00".repeat(10)}`);
    pair.far.binary(id, new Uint8Array(5001));
    await pair.run();
    expect(pair.told.at(-1)).toBe("big DATA_MESSAGE_TOO_LARGE");
    pair.far.text(id, "more");
    await pair.run();
    expect(pair.told.at(-1)).toBe("big DATA_MESSAGE_TOO_LARGE");
    expect(pair.far.sctp.resets).toContain(id);
  });

  test("what is too long for either side is not sent", async () => {
    const pair = await connected({ maxMessageBytes: 5000 }, 3000);
    pair.far.open(channel("x"));
    await pair.run();
    expect(pair.open[0]?.send(new Uint8Array(3000), false)).toBe("sent");
    expect(pair.open[0]?.send(new Uint8Array(3001), false)).toBe("too-long");
    expect(pair.open[0]?.dropped).toBe(1);
  });

  test("too many messages close a reliable channel", async () => {
    const pair = await connected({ maxMessagesPerSecond: 5 });
    const id = pair.far.open(channel("r"));
    for (let i = 0; i < 8; i++) pair.far.text(id, String(i));
    await pair.run(500);
    expect(pair.told).toEqual([
      "opened r",
      ...["r:0", "r:1", "r:2", "r:3", "r:4"],
      "r DATA_RATE_EXCEEDED",
    ]);
  });

  test("too many messages on one that may lose some cost only those", async () => {
    const pair = await connected({ maxMessagesPerSecond: 5 });
    const id = pair.far.open(channel("u", { maxRetransmits: 3 }));
    for (let i = 0; i < 8; i++) pair.far.text(id, String(i));
    await pair.run(500);
    expect(pair.told).toHaveLength(6);
    expect(pair.open[0]).toMatchObject({ state: "open", dropped: 3 });
    await pair.run(2000);
    pair.far.text(id, "later");
    await pair.run();
    expect(pair.told.at(-1)).toBe("u:later");
  });

  test("bytes are limited too, but one message always passes", async () => {
    const pair = await connected({ maxMessageBytes: 4000, maxBytesPerSecond: 10 });
    const id = pair.far.open(channel("u", { maxRetransmits: 3 }));
    pair.far.binary(id, new Uint8Array(4000));
    pair.far.binary(id, new Uint8Array(100));
    await pair.run(200);
    expect(pair.told).toHaveLength(2);
    expect(pair.open[0]?.dropped).toBe(1);
  });

  test("what waits is limited: more is not taken", async () => {
    const pair = await connected({ maxBufferedBytes: 50_000 });
    pair.far.open(channel("x"));
    await pair.run();
    const results = Array.from({ length: 70 }, () =>
      pair.open[0]?.send(new Uint8Array(1000), false),
    );
    expect(results.slice(0, 50).every((result) => result === "sent")).toBe(true);
    expect(results.at(-1)).toBe("full");
    expect(pair.session.bufferedBytes).toBeLessThanOrEqual(50_000);
    await pair.run(5000);
    expect(pair.session.bufferedBytes).toBe(0);
    expect(pair.open[0]?.send(new Uint8Array(1000), false)).toBe("sent");
  });

  test("text that is no UTF-8 closes the channel", async () => {
    const pair = await connected();
    const id = pair.far.open(channel("t"));
    pair.far.sctp.send(id, Ppid.text, Uint8Array.of(0xc3, 0x28));
    await pair.run();
    expect(pair.told.at(-1)).toBe("t DATA_TEXT_INVALID");
  });

  test("messages without a channel or of an unknown kind are counted", async () => {
    const pair = await connected();
    pair.far.text(6, "nowhere");
    const id = pair.far.open(channel("x"));
    pair.far.sctp.send(id, 99, Uint8Array.of(1));
    await pair.run();
    expect(pair.session.unknownMessages).toBe(2);
    expect(pair.told).toEqual(["opened x"]);
  });
});

test("when the association ends, every channel is told, then the end", async () => {
  const pair = await connected();
  pair.far.open(channel("a"));
  await pair.run();
  pair.session.open(channel("b"));
  await pair.run();
  pair.told.length = 0;
  const abort = pair.session;
  pair.far.sctp.close();
  // The peer is gone without a word: nothing is acknowledged any more.
  pair.open[0]?.send(Uint8Array.of(1), false);
  await pair.run(300_000);
  expect(pair.told).toEqual(["a SCTP_TIMEOUT", "b SCTP_TIMEOUT", "SCTP_TIMEOUT"]);
  expect([...abort.channels]).toEqual([]);
});

test("our own close tells nobody, and leaves nothing, a hundred times", async () => {
  for (let i = 0; i < 100; i++) {
    const pair = await connected();
    pair.far.open(channel("a"));
    await pair.run(i % 20);
    pair.session.open(channel("b")).send(new Uint8Array(3000), false);
    await pair.run(i % 7);
    pair.told.length = 0;
    pair.session.close();
    pair.session.close();
    await pair.run(20);
    pair.far.sctp.close();
    expect(pair.told).toEqual([]);
    expect(pair.open.every(({ state }) => state === "closed")).toBe(true);
  }
  await vi.advanceTimersByTimeAsync(20);
  expect(vi.getTimerCount()).toBe(0);
});
