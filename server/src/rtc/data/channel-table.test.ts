import { expect, test } from "vitest";
import { type ChannelHost, DataChannel } from "./channel.ts";
import { ChannelTable } from "./channel-table.ts";
import { channel } from "./test-far-channels.ts";

const HOST: ChannelHost = { send: () => "sent", close() {} };
const make = (id: number, openedByPeer = false): DataChannel =>
  new DataChannel(HOST, id, channel("x"), openedByPeer);

test("a stream is free when both directions have ended, in either order", () => {
  const table = new ChannelTable(16);
  for (const order of [
    ["ourEnd", "theirEnd"],
    ["theirEnd", "ourEnd"],
  ] as const) {
    const one = make(3);
    table.add(one);
    table[order[0]](3);
    expect(table.get(3)).toBe(one);
    expect(table.awaitsOurEnd(3)).toBe(order[0] === "theirEnd");
    table[order[1]](3);
    expect(table.get(3)).toBeUndefined();
    expect(one.state).toBe("closed");
  }
});

test("our streams are odd, and used again only after all others", () => {
  const table = new ChannelTable(8);
  expect([table.freeId(), table.freeId()]).toEqual([1, 3]);
  table.add(make(5));
  expect([table.freeId(), table.freeId()]).toEqual([7, 1]);
});

test("ours are even when the peer's are odd", () => {
  const table = new ChannelTable(8);
  table.add(make(1, true));
  expect([table.freeId(), table.freeId(), table.freeId()]).toEqual([0, 2, 4]);
  table.add(make(3, true));
  expect([table.freeId(), table.freeId()]).toEqual([6, 0]);
});
