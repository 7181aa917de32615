export type {
  GatewayAddresses,
  ListenAddress,
  TurnListenAddress,
} from "../api/index.ts";
export {
  type AccessRuleConfig,
  type Config,
  ConfigError,
  type ConfigInput,
  type IceServerConfig,
  type LoadedConfig,
  type LogLevel,
  loadConfig,
  type Openness,
} from "../config/index.ts";
export type { Transport, ViewerFigures } from "../core/index.ts";
export type {
  GatewayHooks,
  HookAnswer,
  HookEvent,
  HookQuestion,
  HookSession,
} from "../hooks/index.ts";
export { ListenError } from "../listen-error.ts";
export type { LogTarget } from "../log/index.ts";
export type { GatewayEvent, GatewayEventType, GatewayListener } from "./event-desk.ts";
export { createGateway, type Gateway, type MountOptions } from "./gateway.ts";
export type { Middleware, MiddlewareApp, WebServer } from "./mounting.ts";
export type { GatewayOptions, GatewaySettings } from "./options.ts";
export type {
  PublisherReport,
  SessionReport,
  StreamReport,
  TrackReport,
  ViewerReport,
} from "./reports.ts";
