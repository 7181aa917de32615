import type { StreamAddress } from "../player/address.ts";
import type { DataPort } from "../player/data-port.ts";
import { browserScheduler } from "../player/scheduler.ts";
import { SocketPublishLink } from "./transports/socket-publish-link.ts";
import type { Uplink, UplinkEvents } from "./transports/uplink.ts";
import { WebRtcUplink } from "./transports/webrtc-uplink.ts";

/** WebRTC as the browser has it. Throws where it has none. */
export function createWebRtcUplink(
  address: StreamAddress,
  events: UplinkEvents,
  data?: DataPort,
): Uplink {
  if (!("RTCPeerConnection" in globalThis)) throw new Error("This browser has no WebRTC.");
  return new WebRtcUplink({
    events,
    scheduler: browserScheduler,
    createLink: (linkEvents) => new SocketPublishLink(address, linkEvents),
    createPeer: (configuration) => {
      const peer = new RTCPeerConnection(configuration);
      data?.join(peer);
      return peer;
    },
  });
}
