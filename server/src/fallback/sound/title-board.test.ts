import { maxTitleBytes } from "@millrace/media/icy";
import { afterEach, describe, expect, it } from "vitest";
import { FakeClock } from "../../core/fake-clock.ts";
import { Registry, type Stream, silentLog } from "../../core/index.ts";
import { TitleBoard } from "./title-board.ts";

const registry = new Registry({ clock: new FakeClock(), log: silentLog, limits: { graceMs: 0 } });

function publish(name: string): Stream {
  const publisher = registry.publish({
    stream: name,
    transport: "rtmp",
    address: "127.0.0.1",
    onKick() {},
  });
  return publisher.stream;
}

afterEach(() => {
  for (const stream of registry.list()) stream.end("TEST_OVER");
});

describe("TitleBoard", () => {
  it("prefers what was set to what the publisher says, and that to the name", () => {
    const board = new TitleBoard();
    const stream = publish("live/radio");
    expect(board.title(stream)).toBe("live/radio");
    board.setPublished(stream, "from the encoder");
    expect(board.title(stream)).toBe("from the encoder");
    board.set(stream, "from the operator");
    board.setPublished(stream, "again");
    expect(board.title(stream)).toBe("from the operator");
    board.set(stream, undefined);
    expect(board.title(stream)).toBe("again");
    board.setPublished(stream, undefined);
    expect(board.title(stream)).toBe("live/radio");
    expect(board.size).toBe(0);
    board.set(stream, undefined);
    board.setPublished(stream, undefined);
    expect(board.size).toBe(0);
  });

  it("takes an empty title for one", () => {
    const board = new TitleBoard();
    const stream = publish("live/radio");
    board.set(stream, "");
    expect(board.title(stream)).toBe("");
  });

  it("takes titles up to the length that fits", () => {
    const board = new TitleBoard();
    const stream = publish("live/radio");
    const longest = `${"x".repeat(maxTitleBytes - 2)}ë`;
    board.set(stream, longest);
    expect(board.title(stream)).toBe(longest);
    expect(() => board.set(stream, `${longest}x`)).toThrow(
      expect.objectContaining({ code: "TITLE_TOO_LONG", status: 400 }),
    );
    expect(board.title(stream)).toBe(longest);
    board.set(stream, undefined);
    board.setPublished(stream, `${longest}x`);
    expect(board.title(stream)).toBe("live/radio");
  });

  it("forgets a title with its stream", () => {
    const board = new TitleBoard();
    const stream = publish("live/radio");
    board.set(stream, "old");
    stream.end("PUBLISHER_LEFT");
    expect(board.size).toBe(0);
    board.set(stream, "too late");
    expect(board.size).toBe(0);
    expect(board.title(publish("live/radio"))).toBe("live/radio");
  });
});
