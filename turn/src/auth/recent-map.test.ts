import fc from "fast-check";
import { expect, test } from "vitest";
import { RecentMap } from "./recent-map.ts";

test("the last half of the limit is remembered, and never more than the limit", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 12 }),
      fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 200 }),
      (limit, uses) => {
        const map = new RecentMap<{ readonly id: number }>(limit);
        const recent: number[] = [];
        for (const id of uses) {
          const found = map.get(String(id));
          const lately = recent.slice(-Math.floor(limit / 2)).includes(id);
          if (lately) expect(found).toEqual({ id });
          if (found !== undefined) expect(found.id).toBe(id);
          else map.set(String(id), { id });
          expect(map.size).toBeLessThanOrEqual(limit);
          if (recent.includes(id)) recent.splice(recent.indexOf(id), 1);
          recent.push(id);
        }
      },
    ),
  );
});

test("what is not used is forgotten", () => {
  const map = new RecentMap<object>(4);
  for (const key of ["a", "b", "c", "d", "e"]) map.set(key, {});
  expect(map.get("a")).toBeUndefined();
  expect(map.get("e")).toBeDefined();
});

test("a limit below two is refused", () => {
  for (const limit of [1, 0, -1, Number.NaN])
    expect(() => new RecentMap(limit)).toThrow(RangeError);
});
