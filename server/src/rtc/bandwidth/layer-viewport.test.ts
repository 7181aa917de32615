import { describe, expect, it } from "vitest";
import { testLayers } from "./test-layers.ts";
import { Viewer } from "./test-viewer.ts";

describe("choice of a layer by the player's size", () => {
  it("takes the smallest layer that covers the viewport, with a tolerance", () => {
    for (const [width, height, layer] of [
      [1920, 1080, 2],
      [1280, 720, 2],
      [800, 450, 2],
      [760, 428, 1],
      [640, 360, 1],
      [390, 219, 1],
      [380, 214, 0],
      [0, 0, 0],
      // A tall window shows the whole width only.
      [390, 844, 1],
      [380, 2000, 0],
    ] as const) {
      const viewer = new Viewer();
      viewer.viewport = { width, height };
      expect([width, height, viewer.choose()]).toEqual([width, height, layer]);
      expect(viewer.chooser.wantedBps).toBe(0);
    }
  });

  it("takes no notice of small changes of the window", () => {
    const viewer = new Viewer();
    viewer.viewport = { width: 700, height: 394 };
    expect(viewer.choose()).toBe(1);
    const shown: number[] = [];
    for (let i = 0; i < 40; i++) {
      const width = i % 2 ? 700 : 760;
      viewer.viewport = { width, height: (width * 9) / 16 };
      shown.push(...viewer.run(2));
    }
    expect(new Set(shown)).toEqual(new Set([1]));
    viewer.viewport = { width: 800, height: 450 };
    expect(viewer.run(2)).toEqual([2]);
    for (const width of [760, 700]) {
      viewer.viewport = { width, height: (width * 9) / 16 };
      expect(viewer.run(5)).toEqual([2]);
    }
    viewer.viewport = { width: 660, height: 371 };
    expect(viewer.run(0.9)).toEqual([2]);
    expect(viewer.run(1)).toEqual([2, 1]);
  });

  it("takes a larger layer at once when the window grows and the estimate has long sufficed", () => {
    const viewer = new Viewer();
    viewer.viewport = { width: 320, height: 180 };
    expect(viewer.run(10)).toEqual([0]);
    viewer.viewport = undefined;
    expect(viewer.choose()).toBe(2);
  });

  it("does not count a smaller window as a fall", () => {
    const viewer = new Viewer();
    viewer.viewport = { width: 1280, height: 720 };
    viewer.run(10);
    viewer.viewport = { width: 320, height: 180 };
    expect(viewer.run(2)).toEqual([2, 0]);
    viewer.viewport = undefined;
    expect(viewer.choose()).toBe(2);
  });

  it("does without where sizes are not known", () => {
    const viewer = new Viewer();
    viewer.layers = testLayers.map((layer) => ({ ...layer, width: 0, height: 0 }));
    viewer.viewport = { width: 320, height: 180 };
    expect(viewer.choose()).toBe(2);
  });
});

describe("a pinned layer", () => {
  it("goes before bandwidth and size", () => {
    const viewer = new Viewer();
    viewer.pinned = 2;
    viewer.estimateBps = 100_000;
    viewer.viewport = { width: 320, height: 180 };
    expect(viewer.run(5)).toEqual([2]);
    expect(viewer.chooser.wantedBps).toBe(0);
    viewer.pinned = 0;
    viewer.estimateBps = 5e6;
    viewer.viewport = undefined;
    expect(viewer.run(5)).toEqual([0]);
    viewer.pinned = undefined;
    expect(viewer.run(2)).toEqual([2]);
  });

  it("leaves the choice automatic while it is switched off or does not exist", () => {
    const viewer = new Viewer();
    viewer.pinned = 2;
    viewer.choose();
    viewer.switchOff(2);
    expect(viewer.run(5)).toEqual([1]);
    viewer.layers = testLayers;
    expect(viewer.choose()).toBe(2);
    for (const pinned of [3, -1, 0.5, Number.NaN]) {
      const other = new Viewer();
      other.pinned = pinned;
      expect(other.choose()).toBe(2);
    }
  });
});
