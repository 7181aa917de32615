import { LayerChooser, type LayerSituation, type SituationLayer } from "./layer-chooser.ts";
import { testLayers } from "./test-layers.ts";

export const second = 1_000_000;
export const audioBps = 40_000;

/** A viewer whose situation is changed bit by bit, asked every 100 ms. */
export class Viewer {
  readonly chooser: LayerChooser;
  layers: readonly SituationLayer[] = testLayers;
  estimateBps = 3_000_000;
  viewport: LayerSituation["viewport"];
  pinned: number | undefined;
  nowUs = 0;

  constructor(chooser: LayerChooser = new LayerChooser()) {
    this.chooser = chooser;
  }

  choose(): number {
    return this.chooser.choose({
      layers: this.layers,
      estimateBps: this.estimateBps,
      viewport: this.viewport,
      pinned: this.pinned,
      audioBps,
      nowUs: this.nowUs,
    });
  }

  /** What was shown one after the other in this time. */
  run(seconds: number): number[] {
    const shown: number[] = [];
    const untilUs = this.nowUs + seconds * second;
    for (; this.nowUs < untilUs; this.nowUs += 100_000) {
      const layer = this.choose();
      if (shown.at(-1) !== layer) shown.push(layer);
    }
    return shown;
  }

  switchOff(...indices: number[]): void {
    this.layers = testLayers.map((layer, i) => ({ ...layer, active: !indices.includes(i) }));
  }
}
