export type { PlayerReport } from "./experience.ts";
export { Metrics, type MetricsOptions } from "./metrics.ts";
export type { CertificateFigures, RelayFigures } from "./process.ts";
export type { Figures } from "./series.ts";
export type { WebhookCall } from "./webhooks.ts";
