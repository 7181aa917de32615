export type {
  TurnAddress,
  TurnEvent,
  TurnEventType,
  TurnLog,
} from "./message.ts";
export { TurnStartError } from "./start-error.ts";
export {
  defaultTurnSupervision,
  startTurn,
  type TurnPorts,
  type TurnRelay,
  type TurnRelayStats,
  type TurnSupervision,
} from "./start-turn.ts";
