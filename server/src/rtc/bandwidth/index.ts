export { BandwidthEstimator } from "./bandwidth-estimator.ts";
export type { RateState } from "./delay-rate.ts";
export { LayerChooser, type LayerSituation, type SituationLayer } from "./layer-chooser.ts";
export { defaultLayerLimits, type LayerLimits } from "./layer-limits.ts";
export { type BandwidthLimits, defaultBandwidthLimits } from "./limits.ts";
export type { ProbePlan } from "./probe-cluster.ts";
