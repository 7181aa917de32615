/** A simulcast layer as its publisher sends it. */
export interface SituationLayer {
  /** As measured or announced; 0: not known, so that nobody is moved to it while another one is active. */
  readonly bitrateBps: number;
  /** Pixels; 0: not known. */
  readonly width: number;
  readonly height: number;
  /** The publisher sends it at present. */
  readonly active: boolean;
}

/** The active layers of a situation from the lowest to the highest: by size where all sizes are known, then by bitrate. */
export class LayerOrder {
  readonly #ranks: Int32Array;
  #count = 0;

  constructor(maxLayers: number) {
    this.#ranks = new Int32Array(maxLayers);
  }

  get count(): number {
    return this.#count;
  }

  /** Index of the layer at this rank, 0 being the lowest; -1 when there is none. */
  at(rank: number): number {
    return rank >= 0 && rank < this.#count ? (this.#ranks[rank] ?? -1) : -1;
  }

  /** Rank of the layer with this index; -1 when it is not active. */
  rankOf(index: number): number {
    for (let rank = 0; rank < this.#count; rank++) if (this.#ranks[rank] === index) return rank;
    return -1;
  }

  sort(layers: readonly SituationLayer[]): void {
    const length = Math.min(layers.length, this.#ranks.length);
    let sized = true;
    for (let i = 0; i < length; i++) {
      const layer = layers[i];
      if (layer?.active && layer.width * layer.height === 0) sized = false;
    }
    this.#count = 0;
    for (let i = 0; i < length; i++) {
      const layer = layers[i];
      if (layer?.active) this.#insert(layers, i, layer, sized);
    }
  }

  #insert(
    layers: readonly SituationLayer[],
    index: number,
    layer: SituationLayer,
    sized: boolean,
  ): void {
    let rank = this.#count++;
    while (rank > 0) {
      const before = this.#ranks[rank - 1] ?? 0;
      const other = layers[before];
      if (other === undefined || !lower(layer, other, sized)) break;
      this.#ranks[rank] = before;
      rank--;
    }
    this.#ranks[rank] = index;
  }
}

function lower(a: SituationLayer, b: SituationLayer, sized: boolean): boolean {
  const areaA = a.width * a.height;
  const areaB = b.width * b.height;
  return sized && areaA !== areaB ? areaA < areaB : a.bitrateBps < b.bitrateBps;
}
