export type { GatewayAddresses, ListenAddress, TurnListenAddress } from "./addresses.ts";
export { Documents, type ServerFacts } from "./documents.ts";
export { EventFeed } from "./event-feed.ts";
export {
  defaultHistoryLimits,
  History,
  type HistoryDocument,
  type HistoryLimits,
  type HistoryOptions,
} from "./history.ts";
export { type MachineWatch, watchMachine } from "./machine.ts";
export type { Operation } from "./operation.ts";
export { type ApiParts, apiOperations } from "./operations.ts";
export type { EventDocument } from "./schemas/events.ts";
export { SrsDocuments } from "./srs-documents.ts";
