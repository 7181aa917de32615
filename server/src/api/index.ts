export {
  Documents,
  type GatewayAddresses,
  type ListenAddress,
  type ServerFacts,
  type TurnListenAddress,
} from "./documents.ts";
