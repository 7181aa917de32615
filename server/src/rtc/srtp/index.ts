export { readUint32, writeUint32 } from "./bytes.ts";
export { packetKind, rtpHeaderBytes } from "./packet-kind.ts";
export {
  defaultMaxSsrcs,
  type OpenedRtp,
  type SrtpFailure,
  SrtpReceiver,
} from "./srtp-receiver.ts";
export { SrtpSender } from "./srtp-sender.ts";
