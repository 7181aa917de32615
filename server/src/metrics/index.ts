export { type Figures, Metrics, type MetricsOptions } from "./metrics.ts";
