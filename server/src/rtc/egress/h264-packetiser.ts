import type { Frame, TrackInfo } from "@millrace/media/frame";
import { isVcl, NalType, nalRefIdc, nalType, parseAvcC } from "@millrace/media/h264";
import { packetizeH264 } from "@millrace/media/rtp";
import { maxHeaderBytes } from "./header-template.ts";
import type { Packetised, Packetiser } from "./packetiser.ts";

/** What passes every path between here and a viewer, tunnels and TURN included. UDP payload. */
const maxDatagramBytes = 1200;
const maxTagBytes = 16;
/** RFC 4588: the original sequence number in front of a payload that is sent again. */
const rtxPrefixBytes = 2;

/** The largest payload whose datagram stays within 1200 bytes for every viewer, sent again or not. */
export const maxPayloadBytes: number =
  maxDatagramBytes - maxHeaderBytes - maxTagBytes - rtxPrefixBytes;

/** H.264 with the parameter sets in front of every key frame, since late viewers have no other way to them. RFC 6184. */
export class H264Packetiser implements Packetiser {
  #parameterSets: readonly Uint8Array[] = [];

  /** @throws ProtocolError when the decoder configuration is malformed. */
  configure(info: TrackInfo): void {
    // A derived track has none until its encoder told it.
    if (info.codec !== "h264" || info.config.length === 0) {
      this.#parameterSets = [];
      return;
    }
    const { sps, pps } = parseAvcC(info.config);
    this.#parameterSets = [...sps, ...pps];
  }

  packetise(frame: Frame): Packetised | undefined {
    const nals: Uint8Array[] = frame.key ? [...this.#parameterSets] : [];
    let reference = false;
    let pictures = 0;
    for (const nal of frame.payload) {
      if (!isUseful(nal)) continue;
      nals.push(nal);
      if (!isVcl(nal)) continue;
      pictures++;
      if (nalRefIdc(nal) > 0) reference = true;
    }
    if (pictures === 0) return undefined;
    const payloads = packetizeH264(nals, maxPayloadBytes);
    return payloads.length === 0 ? undefined : { payloads, reference };
  }
}

/** Delimiters, filler and supplemental information cost bytes and tell a WebRTC decoder nothing. */
function isUseful(nal: Uint8Array): boolean {
  switch (nalType(nal)) {
    case NalType.accessUnitDelimiter:
    case NalType.sei:
    case NalType.filler:
    case NalType.endOfSequence:
    case NalType.endOfStream:
      return false;
    default:
      return nal.length > 0;
  }
}
