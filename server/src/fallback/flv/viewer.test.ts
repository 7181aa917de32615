import { describe, expect, test } from "vitest";
import { Block } from "./block.ts";
import { BlockChain } from "./block-chain.ts";
import type { Heading } from "./heading.ts";
import { TestCarrier } from "./test-carrier.ts";
import { FlvViewer, type ViewerSource } from "./viewer.ts";

const limits = { maxWaitingBytes: 100, maxBehindBytes: 1000, maxBehindMs: 2000, stallMs: 30_000 };
const place = { endBytes: 0, endFrames: 0, endUs: 0 };

/** Blocks of 50 bytes with one frame each, 40 ms apart; every byte of a block is its number. */
class Blocks implements ViewerSource {
  readonly chain = new BlockChain({ maxGroupBytes: 5000, maxGroupMs: 60_000 });
  version = 1;
  #count = 0;

  heading(): Heading {
    return {
      version: this.version,
      opening: new Block([Buffer.from("open")], place),
      resumption: new Block([Buffer.from("again")], place),
    };
  }

  add(blocks: number, stepMs = 40): void {
    for (let added = 0; added < blocks; added++) {
      const at = this.#count++ * stepMs * 1000;
      this.chain.append([new Uint8Array(50).fill(this.#count)], 1, at);
    }
  }

  group(): void {
    this.chain.beginGroup(this.chain.tail.place.endUs, []);
  }
}

function start(reads: boolean): { blocks: Blocks; carrier: TestCarrier; viewer: FlvViewer } {
  const blocks = new Blocks();
  const carrier = new TestCarrier(reads);
  const viewer = new FlvViewer(carrier, limits);
  carrier.socket.on("drain", () => viewer.pump());
  return { blocks, carrier, viewer };
}

/** What came: headings as text, blocks as numbers. */
function taken(carrier: TestCarrier): (string | number)[] {
  const found: (string | number)[] = [];
  const bytes = carrier.socket.taken;
  for (let at = 0; at < bytes.length; ) {
    const word = ["open", "again"].find((text) => bytes.subarray(at).indexOf(text) === 0);
    found.push(word ?? bytes.readUInt8(at));
    at += word?.length ?? 50;
  }
  return found;
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("a viewer who reads", () => {
  test("gets everything from the group on", async () => {
    const { blocks, carrier, viewer } = start(true);
    blocks.add(1);
    blocks.group();
    blocks.add(2);
    viewer.open(blocks);
    blocks.add(1);
    viewer.pump();
    blocks.group();
    blocks.add(1);
    viewer.pump();
    await settle();
    expect(taken(carrier)).toEqual(["open", 2, 3, 4, 5]);
    expect(viewer.stats).toMatchObject({ framesSent: 4, framesDropped: 0, waitingBytes: 0 });
  });

  test("is not late because much came at once", async () => {
    const { blocks, carrier, viewer } = start(true);
    blocks.group();
    viewer.open(blocks);
    blocks.add(60);
    blocks.group();
    blocks.add(1);
    viewer.pump();
    await settle();
    expect(taken(carrier).length).toBe(62);
    expect(viewer.stats.framesDropped).toBe(0);
  });

  test("who came before the first group begins with it", async () => {
    const { blocks, carrier, viewer } = start(true);
    blocks.add(1);
    viewer.open(blocks);
    blocks.add(1);
    viewer.pump();
    blocks.group();
    blocks.add(1);
    viewer.pump();
    await settle();
    expect(taken(carrier)).toEqual(["open", 3]);
  });

  test("is told again when the configuration changed while it waited", async () => {
    const { blocks, carrier, viewer } = start(true);
    viewer.open(blocks);
    blocks.version++;
    blocks.group();
    blocks.add(1);
    viewer.pump();
    await settle();
    expect(taken(carrier)).toEqual(["open", "again", 1]);
  });
});

describe("a viewer who does not read", () => {
  test("costs what its socket may hold and one block, and goes on at the newest group", async () => {
    const { blocks, carrier, viewer } = start(false);
    blocks.group();
    viewer.open(blocks);
    for (let round = 0; round < 200; round++) {
      if (round % 30 === 0) blocks.group();
      blocks.add(1);
      viewer.pump();
      expect(carrier.socket.writableLength).toBeLessThanOrEqual(limits.maxWaitingBytes + 50);
    }
    expect(taken(carrier)).toEqual([]);
    carrier.socket.resumeReading();
    await settle();
    // Open, 1 and 2 filled the socket; the newest group began with block 181.
    expect(taken(carrier).slice(0, 5)).toEqual(["open", 1, 2, "again", 181]);
    expect(taken(carrier).at(-1)).toBe(200);
    expect(viewer.stats.framesDropped).toBe(178);
    blocks.add(1);
    viewer.pump();
    await settle();
    expect(taken(carrier).at(-1)).toBe(201);
    expect(viewer.stats.framesDropped).toBe(178);
  });

  test("is kept up to the limit of bytes, then nothing is kept for it", () => {
    const { blocks, viewer } = start(false);
    blocks.group();
    viewer.open(blocks);
    blocks.add(3, 1);
    viewer.pump();
    blocks.group();
    // Behind: block 3 is the first of those that wait, 20 more are at the limit.
    blocks.add(20, 1);
    viewer.pump();
    expect(viewer.stats.framesDropped).toBe(0);
    blocks.add(1, 1);
    viewer.pump();
    expect(viewer.stats.framesDropped).toBe(24 - 2);
  });

  test("is kept up to the limit of time", () => {
    const { blocks, viewer } = start(false);
    blocks.group();
    viewer.open(blocks);
    blocks.add(3, 1000);
    viewer.pump();
    blocks.group();
    blocks.add(2, 1000);
    viewer.pump();
    expect(viewer.stats.framesDropped).toBe(0);
    blocks.add(1, 1000);
    viewer.pump();
    expect(viewer.stats.framesDropped).toBe(4);
  });

  test("waits for the next group when the present one was given up", async () => {
    const { blocks, carrier, viewer } = start(false);
    blocks.group();
    viewer.open(blocks);
    blocks.add(101);
    viewer.pump();
    expect(blocks.chain.group).toBeUndefined();
    carrier.socket.resumeReading();
    await settle();
    blocks.add(1);
    viewer.pump();
    blocks.group();
    blocks.add(1);
    viewer.pump();
    await settle();
    expect(taken(carrier)).toEqual(["open", 1, 2, "again", 103]);
    expect(viewer.stats.framesDropped).toBe(100);
  });

  test("is stalled once it took nothing for the limit, not while there is nothing to take", () => {
    const { blocks, carrier, viewer } = start(false);
    viewer.open(blocks);
    const second = 1_000_000;
    expect(viewer.isStalled(second)).toBe(false);
    expect(viewer.isStalled(30 * second)).toBe(false);
    expect(viewer.isStalled(31 * second)).toBe(true);
    carrier.socket.resumeReading();
    expect(viewer.isStalled(32 * second)).toBe(false);
    expect(viewer.isStalled(3200 * second)).toBe(false);
  });

  test("is not stalled while it takes a little", async () => {
    const { blocks, carrier, viewer } = start(false);
    blocks.group();
    viewer.open(blocks);
    blocks.add(5);
    viewer.pump();
    for (let second = 1; second < 100; second += 25) {
      expect(viewer.isStalled(second * 1_000_000)).toBe(false);
      carrier.socket.resumeReading();
      carrier.socket.reads = false;
      await settle();
    }
  });
});

test("a viewer that was closed holds no block and is written nothing", async () => {
  const { blocks, carrier, viewer } = start(true);
  blocks.group();
  viewer.open(blocks);
  viewer.close();
  viewer.close();
  blocks.add(1);
  viewer.pump();
  await settle();
  expect(taken(carrier)).toEqual(["open"]);
  expect(viewer.isOpen).toBe(false);
});
