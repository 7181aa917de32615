import { beforeEach, describe, expect, test } from "vitest";
import { FakeClock } from "../../core/fake-clock.ts";
import { Registry, silentLog } from "../../core/index.ts";
import { FakeFragments, type FakeOutput } from "./fake-fragments.ts";
import { PartCursor } from "./part-cursor.ts";
import { PartFeed } from "./part-feed.ts";

let output: FakeOutput;
let feed: PartFeed;

beforeEach(() => {
  const { stream } = new Registry({ clock: new FakeClock(), log: silentLog }).publish({
    stream: "live/cam",
    transport: "rtmp",
    address: "127.0.0.1",
    onKick: () => {},
  });
  const fragments = new FakeFragments();
  output = fragments.of(stream);
  feed = new PartFeed(fragments.lease(stream, "native"), () => {});
});

/** Everything there is, gaps as text. */
function takeAll(cursor: PartCursor): (number | string)[] {
  const taken: (number | string)[] = [];
  for (;;) {
    const part = cursor.take();
    const gap = cursor.takeGap();
    if (gap !== undefined) taken.push(`gap ${gap}`);
    if (part === undefined) return taken;
    taken.push(part.sequence);
  }
}

describe("a newcomer", () => {
  test("begins at the latest independent part", () => {
    output.pushGroup(3);
    output.pushGroup(2);
    const cursor = new PartCursor(feed, undefined, true);
    expect(cursor.pending).toBe(true);
    expect(takeAll(cursor)).toEqual([4, 5]);
    expect([cursor.pending, cursor.last]).toEqual([false, 5]);
    output.push();
    expect([cursor.pending, takeAll(cursor)]).toEqual([true, [6]]);
  });

  test("waits for the first part", () => {
    const cursor = new PartCursor(feed, undefined, true);
    expect([cursor.pending, takeAll(cursor), cursor.last]).toEqual([false, [], undefined]);
    output.pushGroup(1);
    expect(takeAll(cursor)).toEqual([1]);
  });
});

describe("whoever comes back", () => {
  test("goes on with the next part, however many independent ones follow", () => {
    output.pushGroup(2);
    output.pushGroup(2);
    output.pushGroup(2);
    const at = (part: number): PartCursor => new PartCursor(feed, { feed: feed.id, part }, true);
    expect(takeAll(at(1))).toEqual([2, 3, 4, 5, 6]);
    expect([at(6).pending, takeAll(at(6)), at(6).last]).toEqual([false, [], 6]);
  });

  test("has a gap and the latest independent part when the next one is not kept", () => {
    for (let group = 0; group < 4; group++) output.pushGroup(2);
    output.forgetBefore(5);
    const cursor = new PartCursor(feed, { feed: feed.id, part: 2 }, true);
    expect(takeAll(cursor)).toEqual(["gap 4", 7, 8]);
    expect(cursor.missed).toBe(4);
  });

  test.each([
    ["of another feed", "elsewhere", 1],
    ["that never was", "", 99],
  ])("has a gap of unknown length for a part %s", (_what, id, part) => {
    output.pushGroup(2);
    const cursor = new PartCursor(feed, { feed: id || feed.id, part }, true);
    expect([cursor.pending, cursor.last]).toEqual([true, undefined]);
    expect(takeAll(cursor)).toEqual(["gap 0", 1, 2]);
  });

  test("is told of a gap even while there is no part", () => {
    const cursor = new PartCursor(feed, { feed: "elsewhere", part: 1 }, true);
    expect(takeAll(cursor)).toEqual(["gap 0"]);
    expect([cursor.pending, cursor.last]).toEqual([false, undefined]);
  });
});

describe("inits", () => {
  function inits(cursor: PartCursor): boolean[] {
    const needed: boolean[] = [];
    while (cursor.take() !== undefined) needed.push(cursor.newInit);
    return needed;
  }

  test("one before the first part and one at each change", () => {
    output.pushGroup(2);
    output.reconfigure();
    output.push();
    expect(inits(new PartCursor(feed, undefined, true))).toEqual([true, false, true]);
  });

  test("none for who comes back and has it, unless the connection is another or it changed", () => {
    output.pushGroup(3);
    const place = { feed: feed.id, part: 1 };
    expect(inits(new PartCursor(feed, place, true))).toEqual([false, false]);
    expect(inits(new PartCursor(feed, place, false))).toEqual([true, false]);
    output.reconfigure();
    output.push();
    expect(inits(new PartCursor(feed, { feed: feed.id, part: 3 }, true))).toEqual([true]);
  });
});

describe("whoever is late", () => {
  test("jumps to the latest independent part once more waits than may", () => {
    output.pushGroup(1);
    const cursor = new PartCursor(feed, undefined, true);
    takeAll(cursor);
    output.push();
    output.pushGroup(3);
    cursor.skipLate(400_000);
    expect(cursor.missed).toBe(0);
    cursor.skipLate(399_999);
    expect(takeAll(cursor)).toEqual(["gap 1", 3, 4, 5]);
    expect(cursor.missed).toBe(1);
  });

  test("does not jump back, nor where nothing independent follows, nor while it catches up", () => {
    output.pushGroup(4);
    const cursor = new PartCursor(feed, undefined, true);
    cursor.take();
    output.pushGroup(4);
    cursor.skipLate(0);
    expect(takeAll(cursor)).toEqual([2, 3, 4, 5, 6, 7, 8]);
    output.push();
    output.push();
    cursor.skipLate(0);
    expect(takeAll(cursor)).toEqual([9, 10]);
  });

  test("loses what is forgotten meanwhile", () => {
    output.pushGroup(2);
    const cursor = new PartCursor(feed, undefined, true);
    takeAll(cursor);
    output.pushGroup(2);
    output.pushGroup(2);
    output.forgetBefore(5);
    expect(takeAll(cursor)).toEqual(["gap 2", 5, 6]);
  });

  test("waits through a time when nothing is kept", () => {
    output.pushGroup(2);
    const cursor = new PartCursor(feed, undefined, true);
    takeAll(cursor);
    output.push();
    output.parts.length = 0;
    expect([cursor.pending, takeAll(cursor)]).toEqual([false, []]);
    output.pushGroup(1);
    expect(takeAll(cursor)).toEqual(["gap 1", 4]);
  });
});
