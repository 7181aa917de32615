export type { AdminAccess } from "./admin-door.ts";
export type { ApiAnswer, ApiAsked, ApiListener, ApiOperation } from "./api-operation.ts";
export type { Caller } from "./caller.ts";
export { createFront, type FrontOptions, type RequestHandler } from "./front.ts";
export {
  defaultHttpLimits,
  type HttpDoor,
  type HttpLimits,
  HttpServer,
  refuseBroken,
} from "./http-server.ts";
export { defaultLoginLimits, type LoginLimits } from "./login-door.ts";
export { Site } from "./site.ts";
export type { TlsSource } from "./tls-source.ts";
