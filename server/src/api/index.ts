export {
  Documents,
  type GatewayAddresses,
  type ListenAddress,
  type ServerFacts,
} from "./documents.ts";
