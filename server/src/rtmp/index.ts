export { defaultServerLimits, type RtmpServerLimits } from "./limits.ts";
export { RtmpServer, type RtmpServerOptions, type RtmpServerStats } from "./listener.ts";
