import type { StreamAddress } from "./address.ts";
import { isWebRtc } from "./ladder/way.ts";
import { browserScheduler } from "./scheduler.ts";
import { createFallbackTransport } from "./transports/create-fallback.ts";
import { SocketLink } from "./transports/socket-link.ts";
import type {
  Transport,
  TransportEvents,
  TransportFactory,
  TransportOptions,
} from "./transports/transport.ts";
import { WebRtcTransport } from "./transports/webrtc.ts";

/** Any transport as the browser has it. Throws where it has none. */
export const createTransport: TransportFactory = (address, events, options) =>
  isWebRtc(options.name)
    ? createWebRtcTransport(address, events, options)
    : createFallbackTransport(address, events, options);

function createWebRtcTransport(
  address: StreamAddress,
  events: TransportEvents,
  options: TransportOptions,
): Transport {
  if (!("RTCPeerConnection" in globalThis)) throw new Error("This browser has no WebRTC.");
  const makePeer = options.name === "webrtc-relay" ? relayedPeer : plainPeer;
  return new WebRtcTransport({
    events,
    scheduler: browserScheduler,
    createLink: (linkEvents) => new SocketLink(address, linkEvents, true),
    createPeer: (configuration) => {
      const peer = makePeer(configuration);
      options.data?.join(peer);
      return peer;
    },
    createMedia: () => new MediaStream(),
  });
}

function plainPeer(configuration: RTCConfiguration): RTCPeerConnection {
  return new RTCPeerConnection(configuration);
}

/** A peer that takes paths through TURN only, whatever it is configured with later. */
function relayedPeer(configuration: RTCConfiguration): RTCPeerConnection {
  const iceTransportPolicy = "relay";
  const peer = new RTCPeerConnection({ ...configuration, iceTransportPolicy });
  const configure = peer.setConfiguration.bind(peer);
  peer.setConfiguration = (later) => configure({ ...later, iceTransportPolicy });
  return peer;
}
