export { createWhipHandler, type WhipHandler } from "./handler.ts";
export {
  bearerOrQueryToken,
  defaultWhipLimits,
  type WhipLimits,
  type WhipOptions,
} from "./options.ts";
