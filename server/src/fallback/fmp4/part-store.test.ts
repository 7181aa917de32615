import { describe, expect, it } from "vitest";
import type { Fmp4Part } from "./fragments.ts";
import { defaultFmp4Limits, type Fmp4Limits } from "./limits.ts";
import { PartStore } from "./part-store.ts";

const init = { id: 1, mime: "", codecs: [], width: 0, height: 0, bytes: new Uint8Array(0) };

/** Pushes groups of so many parts of 200 ms and 1000 bytes. */
function storeOf(groups: readonly number[], limits: Partial<Fmp4Limits> = {}): PartStore {
  const store = new PartStore({ ...defaultFmp4Limits, ...limits });
  let sequence = 0;
  for (const count of groups) {
    for (let at = 0; at < count; at++) {
      const part: Fmp4Part = {
        ...{ sequence, init, independent: at === 0, discontinuous: false },
        ...{ startUs: sequence * 200_000, durationUs: 200_000, captureWallMs: 0 },
        bytes: new Uint8Array(1000),
      };
      store.push(part);
      sequence++;
    }
  }
  return store;
}

const sequences = (store: PartStore): (number | undefined)[] => [
  store.parts[0]?.sequence,
  store.parts.at(-1)?.sequence,
  store.parts.length,
];

describe("parts that are kept", () => {
  it("are whole groups of ten seconds together", () => {
    const store = storeOf([10, 10, 10, 10, 10, 10, 3]);
    expect(sequences(store)).toEqual([20, 62, 43]);
    expect(store.sizeBytes).toBe(43_000);
    expect(store.parts[0]?.independent).toBe(true);
  });

  it("are the newest group at least, be it 20 seconds long", () => {
    expect(sequences(storeOf([100]))).toEqual([0, 99, 100]);
    expect(sequences(storeOf([100, 1]))).toEqual([100, 100, 1]);
  });

  it("are none of a group that grows over the limits, until the next key frame", () => {
    const store = storeOf([150]);
    expect(store.parts).toHaveLength(150);
    expect(storeOf([151]).parts).toEqual([]);
    expect(storeOf([151]).overflows).toBe(1);
    expect(sequences(storeOf([160, 2]))).toEqual([160, 161, 2]);
    expect(storeOf([10], { maxBytes: 10_000 }).parts).toHaveLength(10);
    expect(storeOf([11], { maxBytes: 10_000 }).parts).toEqual([]);
    expect(sequences(storeOf([6, 6], { maxBytes: 10_000 }))).toEqual([6, 11, 6]);
  });

  it("may be read while more come", () => {
    const store = storeOf([5]);
    const { parts } = store;
    store.clear();
    expect(parts).toHaveLength(5);
    expect(store.parts).toEqual([]);
    expect(store.sizeBytes).toBe(0);
  });
});
