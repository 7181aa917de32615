import fc from "fast-check";
import { type MediaDescription, parse } from "sdp-transform";
import { describe, expect, test } from "vitest";
import { chooseLayers, type Layer, writeLayers } from "./simulcast.ts";

const MAX = 4;

function line(...attributes: string[]): MediaDescription {
  const sdp = ["v=0", "m=video 9 UDP/TLS/RTP/SAVPF 96 98", ...attributes].join("\r\n");
  const [media] = parse(sdp).media;
  if (media === undefined) throw new Error("no m-line");
  return media;
}

function rids(...attributes: string[]): readonly Layer[] {
  return chooseLayers(line(...attributes), [96, 98], MAX);
}

const names = (layers: readonly Layer[]): string => writeLayers(layers);

describe("layers", () => {
  test("are those of the send list, in its order", () => {
    const declared = ["a=rid:l send", "a=rid:h send", "a=rid:m send", "a=rid:x recv"];
    expect(names(rids(...declared, "a=simulcast:send h;m;l"))).toBe("h;m;l");
    expect(names(rids(...declared, "a=simulcast:recv x send l;h"))).toBe("l;h");
    expect(names(rids(...declared, "a=simulcast:send l;h recv x"))).toBe("l;h");
    expect(rids(...declared, "a=simulcast:recv x")).toEqual([]);
    expect(rids(...declared)).toEqual([]);
  });

  test("that are paused stay so", () => {
    const layers = rids("a=rid:1 send", "a=rid:2 send", "a=simulcast:send ~1;2");
    expect(layers).toEqual([
      { rid: "1", paused: true, restrictions: undefined },
      { rid: "2", paused: false, restrictions: undefined },
    ]);
    expect(names(layers)).toBe("~1;2");
  });

  test("are the first alternative of each stream that can be taken", () => {
    const declared = ["a=rid:1 send pt=100", "a=rid:2 send pt=98", "a=rid:3 send"];
    expect(names(rids(...declared, "a=simulcast:send 1,2,3;3"))).toBe("2;3");
  });

  test("need a rid that is declared for sending, once, of letters and digits", () => {
    const declared = ["a=rid:1 send", "a=rid:2 recv", `a=rid:${"a".repeat(17)} send`];
    expect(names(rids(...declared, `a=simulcast:send 1;2;3;1;${"a".repeat(17)}`))).toBe("1");
    expect(names(rids(`a=rid:${"a".repeat(16)} send`, `a=simulcast:send ${"a".repeat(16)}`))).toBe(
      "a".repeat(16),
    );
    expect(rids("a=rid:a_b send", "a=simulcast:send a_b")).toEqual([]);
  });

  test("keep restrictions that we know; payload types are narrowed to those taken", () => {
    const layers = rids(
      "a=rid:1 send pt=96,97,98;max-width=1280;max-height=720",
      "a=rid:2 send max-fps=15",
      "a=rid:3 send depend=1",
      "a=rid:4 send max-unheard-of=1",
      "a=rid:5 send pt=97",
      "a=simulcast:send 1;2;3;4;5",
    );
    expect(layers.map(({ rid, restrictions }) => [rid, restrictions])).toEqual([
      ["1", "pt=96,98;max-width=1280;max-height=720"],
      ["2", "max-fps=15"],
    ]);
  });

  test("beyond the limit are left out", () => {
    const all = Array.from({ length: MAX + 1 }, (_, i) => String(i));
    const declared = all.map((rid) => `a=rid:${rid} send`);
    expect(rids(...declared, `a=simulcast:send ${all.slice(0, MAX).join(";")}`)).toHaveLength(MAX);
    const layers = rids(...declared, `a=simulcast:send ${all.join(";")}`);
    expect(names(layers)).toBe(all.slice(0, MAX).join(";"));
  });
});

test("any list gives at most so many different layers", () => {
  const part = fc.constantFrom("1", "2", "3", "~1", "~", "", "9", "~~2", "a", "1,2", ",");
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
      const layers = rids(
        ...["1", "2", "3", "a"].map((rid) => `a=rid:${rid} send`),
        `a=simulcast:send ${parts.join(";")}`,
      );
      expect(layers.length).toBeLessThanOrEqual(MAX);
      expect(new Set(layers.map(({ rid }) => rid)).size).toBe(layers.length);
    }),
  );
});
