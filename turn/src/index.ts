export { issueCredentials, type TurnCredentials } from "./auth/index.ts";
export { type CertificateFacts, type PemPair, readCertificate } from "./certificate.ts";
export { checkTurnOptions, TurnOptionsError, type TurnOptionsInput } from "./options.ts";
export {
  startTurn,
  type TurnAddress,
  type TurnEvent,
  type TurnEventType,
  type TurnLog,
  type TurnPorts,
  type TurnRelay,
  type TurnRelayStats,
  TurnStartError,
  type TurnSupervision,
} from "./process/index.ts";
export type { MediaAddress, TurnLimits, TurnOptions } from "./relay/turn-options.ts";
export { defaultTurnLimits } from "./relay/turn-options.ts";
