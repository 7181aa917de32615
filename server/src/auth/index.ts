export type { AdminAccess, AdminRequest, AdminRight } from "./admin-access.ts";
export type { OpennessSetting } from "./gate.ts";
export type { Openness } from "./openness.ts";
export { type SignedTokenFor, signToken } from "./signed-token.ts";
export {
  type AccessRule,
  type AccessSettings,
  defaultLoginHours,
  StaticAccess,
} from "./static-access.ts";
