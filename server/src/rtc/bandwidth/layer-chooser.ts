import { defaultLayerLimits, type LayerLimits } from "./layer-limits.ts";
import { LayerOrder, type SituationLayer } from "./layer-order.ts";

export type { SituationLayer } from "./layer-order.ts";

/** All that the choice of a layer depends on. */
export interface LayerSituation {
  /** In any order, which must stay the same; index is what is chosen. */
  readonly layers: readonly SituationLayer[];
  readonly estimateBps: number;
  /** CSS pixels times device pixel ratio; undefined: not told. */
  readonly viewport: { readonly width: number; readonly height: number } | undefined;
  /** The viewer's choice, an index; undefined: automatic. */
  readonly pinned: number | undefined;
  /** What the sound takes of the estimate. */
  readonly audioBps: number;
  readonly nowUs: number;
}

/**
 * Which simulcast layer one viewer should be shown: up only when the estimate has sufficed for a while, down fast, and after a rise
 * that was a mistake up ever more slowly.
 */
export class LayerChooser {
  readonly #limits: LayerLimits;
  readonly #order: LayerOrder;
  /** By index: since when the estimate suffices for a rise to the layer; `NaN`: it does not. */
  readonly #enoughUs: Float64Array;
  #shortUs = Number.NaN;
  #roseUs = Number.NEGATIVE_INFINITY;
  #fellUs = Number.NEGATIVE_INFINITY;
  #backoffUs: number;
  /** Index of the layer that suffices for the viewport. */
  #sufficient = -1;
  #shrunkUs = Number.NaN;
  #current = -1;
  #wantedBps = 0;

  constructor(limits: Partial<LayerLimits> = {}) {
    this.#limits = { ...defaultLayerLimits, ...limits };
    this.#order = new LayerOrder(this.#limits.maxLayers);
    this.#enoughUs = new Float64Array(this.#limits.maxLayers).fill(Number.NaN);
    this.#backoffUs = this.#limits.backoffUs;
  }

  /** Index that was chosen last; -1: none. */
  get current(): number {
    return this.#current;
  }

  /** What the highest layer of use would need, for `BandwidthEstimator.nextProbe`; 0 when it is shown or a layer is pinned. */
  get wantedBps(): number {
    return this.#wantedBps;
  }

  /** Index of the layer that should be shown now; -1 when none is active. To be asked several times a second. */
  choose(situation: LayerSituation): number {
    const order = this.#order;
    order.sort(situation.layers);
    this.#noteEnough(situation);
    const topRank = this.#topRank(situation);
    const before = order.rankOf(this.#current);
    this.#wantedBps = 0;
    if (order.count === 0) return this.#take(-1);
    // A pinned layer that its publisher does not send leaves the choice automatic until it is back.
    const pinned = situation.pinned ?? -1;
    if (order.rankOf(pinned) >= 0) return this.#take(pinned);
    const rank =
      before < 0 ? this.#entry(situation, topRank) : this.#move(situation, before, topRank);
    const topBps = this.#bitrate(situation, topRank);
    if (rank < topRank && topBps > 0) {
      this.#wantedBps = this.#upBps(situation, topBps) * this.#limits.probeMargin;
    }
    return this.#take(order.at(rank));
  }

  /** There is no layer to come from: the best that can be afforded. */
  #entry(situation: LayerSituation, topRank: number): number {
    for (let rank = topRank; rank > 0; rank--) {
      const bitrateBps = this.#bitrate(situation, rank);
      if (bitrateBps > 0 && situation.estimateBps >= this.#upBps(situation, bitrateBps)) {
        return rank;
      }
    }
    return 0;
  }

  #move(situation: LayerSituation, from: number, topRank: number): number {
    const { nowUs } = situation;
    const start = Math.min(from, topRank);
    if (start > 0 && this.#short(situation, start)) return this.#fall(situation, start);
    if (start < from) return start;
    if (nowUs - this.#fellUs < this.#backoffUs) return from;
    const rank = this.#risen(situation, from, topRank);
    if (rank === from) return from;
    this.#roseUs = nowUs;
    this.#shortUs = Number.NaN;
    return rank;
  }

  /** The highest rank that the estimate has sufficed for long enough. One more step that it may soon suffice for is waited for. */
  #risen(situation: LayerSituation, from: number, topRank: number): number {
    const { upHoldUs } = this.#limits;
    let waiting = 0;
    for (let rank = topRank; rank > from; rank--) {
      const enoughUs = this.#enoughUs[this.#order.at(rank)] ?? Number.NaN;
      const lastedUs = situation.nowUs - enoughUs;
      if (lastedUs >= upHoldUs + waiting) return rank;
      if (lastedUs >= 0) waiting = upHoldUs;
    }
    return from;
  }

  /** The estimate is too small for the layer at this rank, for too long or by too much. */
  #short(situation: LayerSituation, rank: number): boolean {
    const { urgentFactor, downFactor, downHoldUs } = this.#limits;
    const { estimateBps, audioBps, nowUs } = situation;
    const neededBps = this.#bitrate(situation, rank) + audioBps;
    if (estimateBps >= downFactor * neededBps) {
      this.#shortUs = Number.NaN;
      return false;
    }
    if (Number.isNaN(this.#shortUs)) this.#shortUs = nowUs;
    return estimateBps < urgentFactor * neededBps || nowUs - this.#shortUs >= downHoldUs;
  }

  #fall(situation: LayerSituation, from: number): number {
    const { estimateBps, audioBps, nowUs } = situation;
    // Several falls in a row are one: only the first after a rise says whether the rise was a mistake.
    if (this.#roseUs > this.#fellUs) this.#learn(nowUs - this.#roseUs);
    this.#fellUs = nowUs;
    this.#shortUs = Number.NaN;
    for (let rank = from - 1; rank > 0; rank--) {
      const bitrateBps = this.#bitrate(situation, rank);
      const neededBps = this.#limits.fallMargin * bitrateBps + audioBps;
      if (bitrateBps > 0 && estimateBps >= neededBps) return rank;
    }
    return 0;
  }

  /** A layer that was risen to has lasted so long. */
  #learn(lastedUs: number): void {
    const { mistakeUs, decayUs, backoffUs, maxBackoffUs } = this.#limits;
    const factor = lastedUs < mistakeUs ? 2 : 0.5 ** Math.floor(lastedUs / decayUs);
    this.#backoffUs = Math.max(backoffUs, Math.min(factor * this.#backoffUs, maxBackoffUs));
  }

  /** The rank that suffices for the viewport. */
  #topRank(situation: LayerSituation): number {
    const order = this.#order;
    const last = order.count - 1;
    const { viewport, layers, nowUs } = situation;
    if (viewport === undefined) {
      this.#sufficient = -1;
      return last;
    }
    const before = order.rankOf(this.#sufficient);
    let rank = 0;
    while (rank < last) {
      const layer = layers[order.at(rank)];
      const allowed = rank < before ? this.#limits.enlargeSmaller : this.#limits.enlarge;
      if (layer !== undefined && enlargement(layer, viewport) <= allowed) break;
      rank++;
    }
    if (rank >= before) {
      this.#shrunkUs = Number.NaN;
    } else {
      if (Number.isNaN(this.#shrunkUs)) this.#shrunkUs = nowUs;
      if (nowUs - this.#shrunkUs < this.#limits.shrinkHoldUs) return before;
      this.#shrunkUs = Number.NaN;
    }
    this.#sufficient = order.at(rank);
    return rank;
  }

  #noteEnough(situation: LayerSituation): void {
    const { layers, estimateBps, nowUs } = situation;
    for (let i = 0; i < this.#enoughUs.length; i++) {
      const layer = layers[i];
      const enough =
        layer?.active === true &&
        layer.bitrateBps > 0 &&
        estimateBps >= this.#upBps(situation, layer.bitrateBps);
      if (!enough) this.#enoughUs[i] = Number.NaN;
      else if (Number.isNaN(this.#enoughUs[i] ?? 0)) this.#enoughUs[i] = nowUs;
    }
  }

  #upBps(situation: LayerSituation, bitrateBps: number): number {
    return this.#limits.upMargin * bitrateBps + situation.audioBps;
  }

  #bitrate(situation: LayerSituation, rank: number): number {
    return situation.layers[this.#order.at(rank)]?.bitrateBps ?? 0;
  }

  #take(index: number): number {
    if (index !== this.#current) this.#shortUs = Number.NaN;
    this.#current = index;
    return index;
  }
}

/** By how much a picture is enlarged that is fitted into the viewport with its shape kept. */
function enlargement(
  layer: SituationLayer,
  viewport: { readonly width: number; readonly height: number },
): number {
  return Math.min(viewport.width / layer.width, viewport.height / layer.height);
}
