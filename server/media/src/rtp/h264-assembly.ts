import { hasIdr, NalType, nalType, ParameterSets, videoTrackInfoFromAvcC } from "../h264/index.ts";
import {
  brokenFrame,
  type FrameAssemblerLimits,
  type FrameAssembly,
  type FrameParts,
} from "./frame-assembly.ts";
import { H264Depacketizer } from "./h264-depacketizer.ts";

const header = {
  payloadType: 0,
  timestamp: 0,
  ssrc: 0,
  paddingBytes: 0,
} as const;

/**
 * RFC 6184, packetization modes 0 and 1. Parameter sets go into `config`. When a frame has an SPS and a
 * PPS, earlier ones are forgotten; one kind alone joins what is known of the other.
 */
export class H264Assembly implements FrameAssembly {
  readonly #depacketizer: H264Depacketizer;
  #sets = new ParameterSets();
  #sequence = 0;
  /** Parameter sets have come that no frame has told of. */
  #hasNews = false;

  constructor(limits: FrameAssemblerLimits) {
    this.#depacketizer = new H264Depacketizer({
      maxAccessUnitBytes: limits.maxFrameBytes,
      maxNals: limits.maxUnits,
      maxPackets: limits.maxPayloads,
    });
    // After a packet of nothing the depacketizer knows that none is missing before the next one.
    this.#push(new Uint8Array(0), false);
  }

  assemble(payloads: readonly Uint8Array[]): FrameParts | undefined {
    const last = payloads.findLastIndex((payload) => payload.byteLength > 0);
    for (let i = 0; i <= last; i += 1) this.#push(payloads[i] as Uint8Array, i === last);
    const unit = this.#depacketizer.shift();
    if (unit === undefined) return undefined;
    if (unit.damaged) throw brokenFrame("H.264 access unit is not whole");
    const payload = this.#takeParameterSets(unit.nals);
    if (payload.length === 0) return undefined;
    const config = this.#hasNews ? this.#sets.config : undefined;
    const key = hasIdr(payload);
    if (config === undefined) return { payload, key, config, width: 0, height: 0 };
    this.#hasNews = false;
    const { width, height } = videoTrackInfoFromAvcC(config);
    return { payload, key, config, width, height };
  }

  #push(payload: Uint8Array, marker: boolean): void {
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#depacketizer.push({ ...header, sequence: this.#sequence, marker, payload });
  }

  #takeParameterSets(nals: readonly Uint8Array[]): readonly Uint8Array[] {
    const hasSps = nals.some((nal) => nalType(nal) === NalType.sps);
    const hasPps = nals.some((nal) => nalType(nal) === NalType.pps);
    if (!hasSps && !hasPps) return nals;
    const sets = hasSps && hasPps ? new ParameterSets() : this.#sets;
    const rest = sets.take(nals);
    this.#sets = sets;
    this.#hasNews = true;
    return rest;
  }
}
