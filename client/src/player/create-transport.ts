import type { StreamAddress } from "./address.ts";
import { browserScheduler } from "./scheduler.ts";
import { SocketLink } from "./transports/socket-link.ts";
import type { Transport, TransportEvents } from "./transports/transport.ts";
import { WebRtcTransport } from "./transports/webrtc.ts";

/** WebRTC as the browser has it. Throws where it has none. */
export function createWebRtcTransport(address: StreamAddress, events: TransportEvents): Transport {
  if (!("RTCPeerConnection" in globalThis)) throw new Error("This browser has no WebRTC.");
  return new WebRtcTransport({
    events,
    scheduler: browserScheduler,
    createLink: (linkEvents) => new SocketLink(address, linkEvents),
    createPeer: (configuration) => new RTCPeerConnection(configuration),
    createMedia: () => new MediaStream(),
  });
}
