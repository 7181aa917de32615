import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PatternIndex } from "./pattern-index.ts";

const find = (patterns: readonly string[], name: string): string | undefined =>
  new PatternIndex(patterns.map((pattern) => [pattern, pattern])).find(name);

test.each([
  [["live/cam"], "live/cam", "live/cam"],
  [["live/cam"], "live/cam2", undefined],
  [["live/cam"], "live", undefined],
  [["live"], "live/cam", undefined],
  [["live/*"], "live/cam", "live/*"],
  [["live/*"], "live/a/b", undefined],
  [["live/*"], "other/cam", undefined],
  [["*/*"], "live/cam", "*/*"],
  [["*"], "live/cam", undefined],
  [["live/*", "live/cam"], "live/cam", "live/*"],
  [["live/cam", "live/*"], "live/cam", "live/cam"],
  [["live/c*", "*/cam", "live/cam"], "live/cam", "live/c*"],
  [["*/b", "a/*"], "a/b", "*/b"],
  [["live/user-*-cam"], "live/user-7-cam", "live/user-*-cam"],
  [["live/user-*-cam"], "live/user-cam", undefined],
  [["live/a*a"], "live/a", undefined],
  [["live/a*a"], "live/aa", "live/a*a"],
  [["live/*.*"], "live/a.b", "live/*.*"],
  [["live/*.*"], "live/ab", undefined],
  [["stream+*"], "stream+john", "stream+*"],
] as const)("%j: %s is %s's", (patterns, name, found) => {
  expect(find(patterns, name)).toBe(found);
});

describe("with any patterns", () => {
  const segment = fc.string({ unit: fc.constantFrom("a", "b", "*"), minLength: 1, maxLength: 5 });
  const name = fc
    .array(fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 6 }), {
      minLength: 1,
      maxLength: 3,
    })
    .map((segments) => segments.join("/"));
  const pattern = fc
    .array(segment, { minLength: 1, maxLength: 3 })
    .map((segments) => segments.join("/"));

  test("finds what asking one after the other finds", () => {
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 12 }), name, (patterns, asked) => {
        const slow = patterns.find((one) =>
          new RegExp(`^${one.replaceAll("*", "[^/]*")}$`).test(asked),
        );
        expect(find(patterns, asked)).toBe(slow);
      }),
      { numRuns: 2000 },
    );
  });
});

test("a look-up among 10,000 names looks at three places, however many there are", () => {
  const names = Array.from({ length: 10_000 }, (_, i) => `live/cam${i}`);
  const index = new PatternIndex([...names, "guest/*"].map((one) => [one, one]));
  expect(index.size).toBe(10_001);
  expect(index.find("live/cam9999")).toBe("live/cam9999");
  expect(index.find("guest/anybody")).toBe("guest/*");
  expect(index.find("live/none")).toBeUndefined();
});
