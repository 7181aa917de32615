export {
  Documents,
  type GatewayAddresses,
  type ListenAddress,
  type ServerFacts,
  type TurnListenAddress,
} from "./documents.ts";
export {
  defaultHistoryLimits,
  History,
  type HistoryDocument,
  type HistoryLimits,
  type HistoryOptions,
} from "./history.ts";
export { type MachineWatch, watchMachine } from "./machine.ts";
