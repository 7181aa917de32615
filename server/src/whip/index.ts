export {
  createWhipHandler,
  createWhipHandler as createWhepHandler,
  type WhipHandler,
  type WhipHandler as WhepHandler,
} from "./handler.ts";
export {
  bearerOrQueryToken,
  defaultWhipLimits,
  type WhipLimits,
  type WhipOptions,
} from "./options.ts";
