/** Constants of the choice of a simulcast layer. Factors are of rates or of lengths, times microseconds. */
export interface LayerLimits {
  /** More layers than this are not looked at. */
  readonly maxLayers: number;
  /** A higher layer needs its bitrate times this (and the sound). More than 1 / 0.85: one fall of the estimate on a link of just this rate leaves enough. */
  readonly upMargin: number;
  /** The estimate must suffice for so long. */
  readonly upHoldUs: number;
  /** Asked of probes beyond what is needed: they measure a little less than they send, and are content with 90 %. */
  readonly probeMargin: number;
  /** The shown layer is left at once when the estimate is under its bitrate (and the sound) times this. */
  readonly urgentFactor: number;
  /**
   * It is left when the estimate is under its bitrate (and the sound) times this for `downHoldUs`. Less than 1: after a fall of the
   * estimate on a link that just carries the layer it is 0.85 of that link.
   */
  readonly downFactor: number;
  readonly downHoldUs: number;
  /** The layer that is fallen to needs its bitrate times this. */
  readonly fallMargin: number;
  /** After a fall no higher layer is taken for so long. */
  readonly backoffUs: number;
  /** It doubles, up to here, when a fall follows a rise within `mistakeUs`. */
  readonly maxBackoffUs: number;
  readonly mistakeUs: number;
  /** It halves for each such time that a layer lasted. */
  readonly decayUs: number;
  /** A picture may be enlarged by this factor before a larger layer is taken. */
  readonly enlarge: number;
  /** A smaller layer is taken when it would be enlarged by less than this. */
  readonly enlargeSmaller: number;
  /** A smaller viewport must last so long. */
  readonly shrinkHoldUs: number;
}

export const defaultLayerLimits: LayerLimits = {
  maxLayers: 16,
  upMargin: 1.2,
  upHoldUs: 1_000_000,
  probeMargin: 1.25,
  urgentFactor: 0.8,
  downFactor: 0.9,
  downHoldUs: 500_000,
  fallMargin: 1.05,
  backoffUs: 3_000_000,
  maxBackoffUs: 60_000_000,
  mistakeUs: 15_000_000,
  decayUs: 60_000_000,
  enlarge: 1.2,
  enlargeSmaller: 1.05,
  shrinkHoldUs: 1_000_000,
};
