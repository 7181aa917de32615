import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ReplayWindow, replayWindowPackets } from "./replay-window.ts";

describe("ReplayWindow", () => {
  it("accepts each index once, in any order within the window", () => {
    const window = new ReplayWindow();
    for (const index of [5, 3, 9, 4, 8]) {
      expect(window.accepts(index)).toBe(true);
      window.note(index);
      expect(window.accepts(index)).toBe(false);
    }
    expect(window.highest).toBe(9);
    expect(window.accepts(7)).toBe(true);
  });

  it("refuses what is as old as the window and accepts what is one newer", () => {
    const window = new ReplayWindow();
    window.note(replayWindowPackets);
    expect(window.accepts(0)).toBe(false);
    expect(window.accepts(1)).toBe(true);
  });

  it("forgets indexes that a jump leaves behind", () => {
    const window = new ReplayWindow();
    window.note(10);
    window.note(10 + 5 * replayWindowPackets);
    expect(window.accepts(9 + 5 * replayWindowPackets)).toBe(true);
  });

  it("agrees with a set of everything seen", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(4000), { maxLength: 300 }), (indexes) => {
        const window = new ReplayWindow();
        const seen = new Set<number>();
        let highest = -1;
        for (const index of indexes) {
          const fresh = !seen.has(index) && highest - index < replayWindowPackets;
          if (window.accepts(index) !== fresh) return false;
          if (!fresh) continue;
          window.note(index);
          seen.add(index);
          highest = Math.max(highest, index);
        }
        return true;
      }),
    );
  });
});
