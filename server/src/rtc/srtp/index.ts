export { readUint32, writeUint32 } from "./bytes.ts";
export { type NativeSrtp, nativeCiphers } from "./native-cipher.ts";
export { type CreateCipher, createPacketCipher, type PacketCipher } from "./packet-cipher.ts";
export { packetKind, rtpHeaderBytes } from "./packet-kind.ts";
export {
  defaultMaxSsrcs,
  type OpenedRtp,
  type SrtpFailure,
  SrtpReceiver,
  type SrtpReceiverOptions,
} from "./srtp-receiver.ts";
export { SrtpSender } from "./srtp-sender.ts";
