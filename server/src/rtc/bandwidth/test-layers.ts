import type { BandwidthEstimator } from "./bandwidth-estimator.ts";
import { LayerChooser, type SituationLayer } from "./layer-chooser.ts";
import { SeededRandom } from "./test-network.ts";
import type { TestSource } from "./test-sender.ts";

const frameUs = 33_000;
const keyDelayUs = 200_000;
const chooseUs = 100_000;

export const testLayers: readonly SituationLayer[] = [
  { bitrateBps: 150_000, width: 320, height: 180, active: true },
  { bitrateBps: 500_000, width: 640, height: 360, active: true },
  { bitrateBps: 1_700_000, width: 1280, height: 720, active: true },
];

/** Simulcast video at 30 frames per second with sound: switches layers at key frames, which are five times as large. */
export class LayeredSource implements TestSource {
  readonly chooser: LayerChooser = new LayerChooser();
  readonly #layers: readonly SituationLayer[];
  readonly #random = new SeededRandom(3);
  readonly audioBps = 40_000;
  /** Key frames take so many frames' bytes. */
  readonly #keyFactor: number;
  shown = -1;
  #switchUs = Number.NaN;
  #keyUs = 0;
  #frameUs = 0;
  #audioUs = 0;
  #chooseUs = 0;
  /** Time and layer of each switch. */
  readonly switches: { readonly atUs: number; readonly layer: number }[] = [];

  constructor(layers: readonly SituationLayer[] = testLayers, keyFactor = 5) {
    this.#layers = layers;
    this.#keyFactor = keyFactor;
  }

  media(nowUs: number, estimator: BandwidthEstimator): number {
    this.#choose(nowUs, estimator);
    let bytes = 0;
    if (nowUs >= this.#audioUs) {
      this.#audioUs = nowUs + 20_000;
      bytes += (this.audioBps * 20_000) / 8e6;
    }
    if (nowUs < this.#frameUs) return bytes;
    this.#frameUs = nowUs + frameUs;
    let key = nowUs >= this.#keyUs;
    if (nowUs >= this.#switchUs) {
      this.shown = this.chooser.current;
      this.switches.push({ atUs: nowUs, layer: this.shown });
      this.#switchUs = Number.NaN;
      key = true;
    }
    if (key) this.#keyUs = nowUs + 10_000_000;
    const layer = this.#layers[this.shown];
    if (layer === undefined) return bytes;
    const even = 0.7 + 0.6 * this.#random.next();
    const frame = (layer.bitrateBps * frameUs) / 8e6;
    return bytes + Math.round(frame * (key ? this.#keyFactor : even));
  }

  wantedBps(): number {
    return this.chooser.wantedBps;
  }

  #choose(nowUs: number, estimator: BandwidthEstimator): void {
    if (nowUs < this.#chooseUs) return;
    this.#chooseUs = nowUs + chooseUs;
    const chosen = this.chooser.choose({
      layers: this.#layers,
      estimateBps: estimator.estimateBps,
      viewport: undefined,
      pinned: undefined,
      audioBps: this.audioBps,
      nowUs,
    });
    if (chosen === this.shown) this.#switchUs = Number.NaN;
    else if (Number.isNaN(this.#switchUs)) {
      this.#switchUs = this.shown < 0 ? nowUs : nowUs + keyDelayUs;
    }
  }
}
