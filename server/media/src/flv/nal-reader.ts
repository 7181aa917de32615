import type { VideoCodec } from "../frame/index.ts";
import { type NalLengthSize, NalType, nalType, parseAvcC, splitAvcc } from "../h264/index.ts";
import { parseHevcConfig } from "./hvcc.ts";

/** One access unit as a Frame wants it. */
export interface NalUnits {
  readonly payload: readonly Uint8Array[];
  /** A picture in it can be decoded without any before it, whatever the tag said. */
  readonly hasIdr: boolean;
}

const hevcIdrWithRadl = 19;
const hevcCra = 21;
const hevcVps = 32;
const hevcPps = 34;

/** Cuts the video data of tags into NAL units, without the parameter sets that the configuration holds. */
export class NalReader {
  readonly #codec: VideoCodec;
  readonly #lengthSize: NalLengthSize;
  readonly #known: readonly Uint8Array[];

  /** `config` is the decoder configuration record that came last. @throws ProtocolError when it is none. */
  constructor(codec: VideoCodec, config: Uint8Array) {
    this.#codec = codec;
    if (codec === "h264") {
      const { lengthSize, sps, pps } = parseAvcC(config);
      this.#lengthSize = lengthSize;
      this.#known = [...sps, ...pps];
    } else if (codec === "h265") {
      const { lengthSize, parameterSets } = parseHevcConfig(config);
      this.#lengthSize = lengthSize;
      this.#known = parameterSets;
    } else {
      this.#lengthSize = 4;
      this.#known = [];
    }
  }

  /** The units are views of `data`. @throws ProtocolError as `splitAvcc`. */
  read(data: Uint8Array): NalUnits {
    if (this.#codec !== "h264" && this.#codec !== "h265") {
      return { payload: data.length === 0 ? [] : [data], hasIdr: false };
    }
    const all = splitAvcc(data, this.#lengthSize);
    let hasIdr = false;
    let hasKnown = false;
    for (const nal of all) {
      if (this.#isIdr(nal)) hasIdr = true;
      if (this.#isKnown(nal)) hasKnown = true;
    }
    return { payload: hasKnown ? all.filter((nal) => !this.#isKnown(nal)) : all, hasIdr };
  }

  #isIdr(nal: Uint8Array): boolean {
    if (this.#codec === "h264") return nalType(nal) === NalType.idr;
    const type = hevcType(nal);
    return type >= hevcIdrWithRadl && type <= hevcCra;
  }

  #isKnown(nal: Uint8Array): boolean {
    const type = this.#codec === "h264" ? nalType(nal) : hevcType(nal);
    const isSet =
      this.#codec === "h264"
        ? type === NalType.sps || type === NalType.pps
        : type >= hevcVps && type <= hevcPps;
    return isSet && this.#known.some((known) => sameBytes(known, nal));
  }
}

/** ITU-T H.265 section 7.3.1.2. */
function hevcType(nal: Uint8Array): number {
  return ((nal[0] ?? 0) >> 1) & 0x3f;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}
