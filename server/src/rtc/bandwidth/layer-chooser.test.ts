import { describe, expect, it } from "vitest";
import type { SituationLayer } from "./layer-chooser.ts";
import { defaultLayerLimits } from "./layer-limits.ts";
import { LayerOrder } from "./layer-order.ts";
import { testLayers } from "./test-layers.ts";
import { audioBps, second, Viewer } from "./test-viewer.ts";

describe("choice of a layer by bandwidth", () => {
  it("begins with the best that can be afforded", () => {
    for (const [estimateBps, layer] of [
      [3e6, 2],
      [2_080_000, 2],
      [2_079_999, 1],
      [640_000, 1],
      [639_999, 0],
      [30_000, 0],
    ] as const) {
      const viewer = new Viewer();
      viewer.estimateBps = estimateBps;
      expect(viewer.choose()).toBe(layer);
      expect(viewer.chooser.current).toBe(layer);
    }
  });

  it("says -1 while no layer is active", () => {
    const viewer = new Viewer();
    expect(viewer.chooser.current).toBe(-1);
    viewer.switchOff(0, 1, 2);
    expect(viewer.choose()).toBe(-1);
    viewer.layers = [];
    expect(viewer.choose()).toBe(-1);
    expect(viewer.chooser.wantedBps).toBe(0);
    viewer.layers = testLayers;
    expect(viewer.choose()).toBe(2);
  });

  it("rises only when the estimate has sufficed for a while, over several layers at once", () => {
    const viewer = new Viewer();
    viewer.estimateBps = 200_000;
    expect(viewer.run(5)).toEqual([0]);
    viewer.estimateBps = 3e6;
    expect(viewer.run(0.9)).toEqual([0]);
    viewer.estimateBps = 200_000;
    expect(viewer.run(0.3)).toEqual([0]);
    viewer.estimateBps = 3e6;
    expect(viewer.run(1)).toEqual([0]);
    expect(viewer.choose()).toBe(2);
  });

  it("waits a little for a higher layer instead of taking two steps", () => {
    const viewer = new Viewer();
    viewer.estimateBps = 200_000;
    viewer.run(5);
    viewer.estimateBps = 700_000;
    viewer.run(0.5);
    viewer.estimateBps = 3e6;
    expect(viewer.run(3)).toEqual([0, 2]);
    const other = new Viewer();
    other.estimateBps = 200_000;
    other.run(5);
    // The higher layer comes into reach again and again, but never for long: the lower one is not kept waiting.
    const shown: number[] = [];
    for (let i = 0; i < 5; i++) {
      other.estimateBps = 3e6;
      shown.push(...other.run(0.5));
      other.estimateBps = 700_000;
      shown.push(...other.run(0.3));
    }
    expect(shown.at(-1)).toBe(1);
  });

  it("falls at once when the estimate is far too small, to what can be afforded", () => {
    const viewer = new Viewer();
    viewer.choose();
    viewer.nowUs += 100_000;
    viewer.estimateBps = 1_300_000;
    expect(viewer.choose()).toBe(1);
    const other = new Viewer();
    other.choose();
    other.estimateBps = 340_000;
    expect(other.choose()).toBe(0);
    other.estimateBps = 30_000;
    expect(other.run(5)).toEqual([0]);
  });

  it("falls after half a second when the estimate is a little too small, and bears what is tolerable", () => {
    const viewer = new Viewer();
    viewer.choose();
    viewer.estimateBps = 0.92 * 1_740_000;
    expect(viewer.run(10)).toEqual([2]);
    viewer.estimateBps = 0.88 * 1_740_000;
    expect(viewer.run(0.4)).toEqual([2]);
    viewer.estimateBps = 0.92 * 1_740_000;
    expect(viewer.run(1)).toEqual([2]);
    viewer.estimateBps = 0.88 * 1_740_000;
    expect(viewer.run(1)).toEqual([2, 1]);
  });

  it("waits after a fall, twice as long after each rise that was a mistake, up to a limit", () => {
    const viewer = new Viewer();
    viewer.choose();
    const waits: number[] = [];
    let fellUs = 0;
    let before = 2;
    for (; viewer.nowUs < 600 * second; viewer.nowUs += 100_000) {
      // The top layer never fits, but the estimate says so again and again.
      viewer.estimateBps = before === 2 ? 700_000 : 3e6;
      const layer = viewer.choose();
      if (layer < before) fellUs = viewer.nowUs;
      if (layer > before) waits.push((viewer.nowUs - fellUs) / second);
      before = layer;
    }
    expect(waits.slice(0, 7)).toEqual([3, 6, 12, 24, 48, 60, 60]);
  });

  it("waits less again after a layer has lasted", () => {
    const viewer = new Viewer();
    const rise = (): number => {
      const fromUs = viewer.nowUs;
      viewer.estimateBps = 3e6;
      while (viewer.choose() !== 2) viewer.nowUs += 100_000;
      return (viewer.nowUs - fromUs) / second;
    };
    const fall = (afterSeconds: number): void => {
      viewer.run(afterSeconds);
      viewer.estimateBps = 700_000;
      viewer.choose();
    };
    viewer.choose();
    fall(1);
    expect(rise()).toBe(3);
    fall(1);
    expect(rise()).toBe(6);
    fall(1);
    expect(rise()).toBe(12);
    fall(20);
    expect(rise()).toBe(12);
    fall(130);
    expect(rise()).toBe(3);
  });

  it("tells what the best layer needs, for probes", () => {
    const viewer = new Viewer();
    viewer.estimateBps = 700_000;
    viewer.choose();
    const { upMargin, probeMargin } = defaultLayerLimits;
    expect(viewer.chooser.wantedBps).toBeCloseTo((1_700_000 * upMargin + audioBps) * probeMargin);
    viewer.estimateBps = 3e6;
    viewer.run(2);
    expect(viewer.chooser.current).toBe(2);
    expect(viewer.chooser.wantedBps).toBe(0);
  });
});

describe("choice among layers that come and go", () => {
  it("leaves a layer at once that its publisher switches off, and takes it again later", () => {
    const viewer = new Viewer();
    viewer.choose();
    viewer.switchOff(2);
    expect(viewer.choose()).toBe(1);
    viewer.switchOff(1, 2);
    expect(viewer.choose()).toBe(0);
    viewer.layers = testLayers;
    expect(viewer.run(3)).toEqual([0, 2]);
  });

  it("shows the only active layer, whatever it needs", () => {
    const viewer = new Viewer();
    viewer.estimateBps = 100_000;
    viewer.switchOff(0, 1);
    expect(viewer.run(5)).toEqual([2]);
    viewer.layers = testLayers;
    expect(viewer.run(1)[0]).toBe(0);
  });

  it("takes layers in any order", () => {
    const viewer = new Viewer();
    viewer.layers = [...testLayers].reverse();
    expect(viewer.choose()).toBe(0);
    viewer.estimateBps = 700_000;
    expect(viewer.run(1)).toEqual([1]);
    viewer.estimateBps = 200_000;
    expect(viewer.run(1)).toEqual([2]);
  });

  it("does not move to a layer whose rate is not known", () => {
    const viewer = new Viewer();
    viewer.layers = testLayers.map((layer, i) => (i === 2 ? { ...layer, bitrateBps: 0 } : layer));
    expect(viewer.run(5)).toEqual([1]);
    expect(viewer.chooser.wantedBps).toBe(0);
    viewer.layers = testLayers;
    expect(viewer.run(5)).toEqual([1, 2]);
  });

  it("looks at as many layers as its limit says", () => {
    const many = Array.from({ length: 20 }, (_, i) => ({
      bitrateBps: 100_000 * (i + 1),
      width: 0,
      height: 0,
      active: true,
    }));
    const viewer = new Viewer();
    viewer.layers = many;
    viewer.estimateBps = 30e6;
    expect(viewer.choose()).toBe(15);
    viewer.layers = many.map((layer, i) => ({ ...layer, active: i > 15 }));
    expect(viewer.choose()).toBe(-1);
  });

  it("orders by size, or by rate where a size is not known", () => {
    const order = new LayerOrder(16);
    const layer = (bitrateBps: number, width: number) => ({
      bitrateBps,
      width,
      height: width / 2,
      active: true,
    });
    const ranks = (layers: SituationLayer[]) => {
      order.sort(layers);
      return [0, 1, 2].map((rank) => order.at(rank));
    };
    expect(ranks([layer(300, 640), layer(900, 320), layer(100, 1280)])).toEqual([1, 0, 2]);
    expect(ranks([layer(300, 640), layer(900, 0), layer(100, 1280)])).toEqual([2, 0, 1]);
    expect(ranks([layer(300, 640), layer(900, 640), layer(100, 640)])).toEqual([2, 0, 1]);
    expect([order.at(-1), order.at(3), order.rankOf(7)]).toEqual([-1, -1, -1]);
  });
});
