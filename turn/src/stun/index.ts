export { readAddress, type SocketAddress, writeAddress } from "./address.ts";
export {
  attributes,
  defaultMaxUsernameBytes,
  headerBytes,
  magicCookie,
  maxAttributes,
  maxUnknownRequired,
  methods,
  transactionIdBytes,
} from "./constants.ts";
export { hasIntegrity } from "./integrity.ts";
export { formatAddress, isMapped, parseAddress } from "./ip-text.ts";
export { type MessageClass, readStunMessage, type StunMessage } from "./message.ts";
export { StunError, type StunErrorCode } from "./stun-error.ts";
export {
  errorCodeValue,
  readText,
  type StunMessageParts,
  type StunWriteOptions,
  writeStunMessage,
  writeText,
} from "./writer.ts";
