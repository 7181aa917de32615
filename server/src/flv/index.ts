export {
  defaultFlvPostLimits,
  defaultFlvTcpLimits,
  type FlvIntakeLimits,
  type FlvPostLimits,
  type FlvSeatLimits,
  type FlvTcpLimits,
} from "./limits.ts";
export { createFlvPost, type FlvPost, type FlvPostOptions } from "./post-handler.ts";
export { FlvTcpServer, type FlvTcpServerOptions, type FlvTcpServerStats } from "./tcp-server.ts";
