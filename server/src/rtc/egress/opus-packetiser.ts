import type { Frame, TrackInfo } from "@millrace/media/frame";
import { packetizeOpus } from "@millrace/media/rtp";
import type { Packetised, Packetiser } from "./packetiser.ts";

/** RFC 6716 section 3.2.5 allows 1275 bytes per frame; a packet of several is not sent by anybody live. */
const maxOpusPacketBytes = 1275;

/** Opus: one packet, one payload. RFC 7587. */
export class OpusPacketiser implements Packetiser {
  configure(_info: TrackInfo): void {}

  packetise(frame: Frame): Packetised | undefined {
    const packet = frame.payload[0];
    if (packet === undefined || packet.length === 0 || packet.length > maxOpusPacketBytes) {
      return undefined;
    }
    return { payloads: packetizeOpus(packet), reference: true };
  }
}
