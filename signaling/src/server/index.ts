export { attachSignaling, type Signaling } from "./attach.ts";
export {
  defaultLimits,
  type SignalingClock,
  type SignalingLimits,
  type SignalingLog,
  type SignalingOptions,
} from "./options.ts";
