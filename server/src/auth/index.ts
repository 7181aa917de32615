export type { Openness } from "./openness.ts";
export {
  type AccessRule,
  type AccessSettings,
  type AdminRequest,
  type OpennessSetting,
  StaticAccess,
} from "./static-access.ts";
