export { RtcGateway, type RtcGatewayOptions } from "./gateway.ts";
export { defaultViewerLimits, type ViewerLimits } from "./limits.ts";
export { ViewerSession, type ViewerSessionStats } from "./session.ts";
export { streamStatus } from "./stream-status.ts";
