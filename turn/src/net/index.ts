export { addressPrefix } from "./address-prefix.ts";
export type { ClientPath, PathReceiver, PathSession, Protocol } from "./client-path.ts";
export type {
  DatagramReceiver,
  DatagramSocket,
  DatagramSocketOptions,
  OpenDatagramSocket,
} from "./datagram-socket.ts";
export { type Listener, openListeners } from "./listeners.ts";
export { ConnectionCounts } from "./stream-listener.ts";
export { UdpSocket } from "./udp-socket.ts";
