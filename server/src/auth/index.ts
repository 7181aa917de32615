export type { Openness } from "./openness.ts";
export { type SignedTokenFor, signToken } from "./signed-token.ts";
export {
  type AccessRule,
  type AccessSettings,
  type AdminRequest,
  defaultLoginHours,
  type OpennessSetting,
  StaticAccess,
} from "./static-access.ts";
