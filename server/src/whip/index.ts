export { createWhepHandler, type WhepHandler } from "./handler.ts";
export {
  bearerOrQueryToken,
  defaultWhepLimits,
  type WhepLimits,
  type WhepOptions,
} from "./options.ts";
