export type { DatagramPort, EgressCore, EgressLink } from "./core.ts";
export type { LineStats, PacerStats } from "./egress-line.ts";
export { NodeEgressCore } from "./node-core.ts";
export {
  type DriverLimits,
  defaultDriverLimits,
  PacerDriver,
} from "./pacer-driver.ts";
export { defaultPacerLimits, type PacerLimits } from "./pacer-limits.ts";
export { ReportWheel } from "./report-wheel.ts";
export { bFramesMessage } from "./source-choice.ts";
export { type OutputUser, StreamOutput } from "./stream-output.ts";
export { type OutputLease, StreamOutputs } from "./stream-outputs.ts";
export { ViewerEgress, type ViewerEgressOptions, type ViewerEgressStats } from "./viewer-egress.ts";
