import { describe, expect, it } from "vitest";
import { CrashRecord, respawnDelayMs } from "./crash-record.ts";

describe("CrashRecord", () => {
  it("counts crashes within its window", () => {
    const record = new CrashRecord(60_000);
    expect(record.note(0)).toBe(1);
    expect(record.note(59_999_000)).toBe(2);
    expect(record.count(60_000_000)).toBe(1);
    expect(record.count(200_000_000)).toBe(0);
  });
});

describe("respawnDelayMs", () => {
  it("answers three crashes at once and doubles from then on up to the limit", () => {
    expect([0, 1, 3, 4, 5, 6, 100].map((crashes) => respawnDelayMs(crashes, 30_000))).toEqual([
      0, 0, 0, 500, 1000, 2000, 30_000,
    ]);
  });
});
