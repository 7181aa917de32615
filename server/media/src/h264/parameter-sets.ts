import { BitReader } from "../bits/index.ts";
import { ProtocolError } from "../error/index.ts";
import { writeAvcC } from "./decoder-config.ts";
import { NalType, nalType, removeEmulationPrevention } from "./nal.ts";
import { maxSpsBytes, parseSps } from "./sps.ts";

/** The longest picture parameter set that is kept. */
export const maxPpsBytes: number = maxSpsBytes;

const maxPpsId = 255;
/** Two exponential Golomb codes of 32 bits with emulation prevention. */
const idBytes = 24;

/**
 * The parameter sets of one stream that carries them in band (RTP, Annex B, many RTMP encoders):
 * takes them out of access units and makes the decoder configuration. Holds at most 32 sequence and
 * `maxPps` picture parameter sets of at most 4,096 bytes each; it copies them.
 */
export class ParameterSets {
  readonly #sps = new Map<number, Uint8Array>();
  readonly #pps = new Map<number, Uint8Array>();
  readonly #maxPps: number;
  #config: Uint8Array | undefined;

  /** `maxPps` picture parameter sets, default 64. */
  constructor(maxPps = 64) {
    this.#maxPps = maxPps;
  }

  /**
   * Keeps the parameter sets of an access unit and returns the other NAL units; the same list when
   * there are no parameter sets in it. After a change `config` is another object.
   * @throws ProtocolError H264_PPS_TOO_LARGE, H264_PPS_INVALID, H264_PPS_TOO_MANY, and what parseSps throws
   */
  take(nals: readonly Uint8Array[]): readonly Uint8Array[] {
    if (!nals.some(isParameterSet)) return nals;
    const rest: Uint8Array[] = [];
    for (const nal of nals) {
      const type = nalType(nal);
      if (type === NalType.sps) this.#keep(this.#sps, parseSps(nal).id, nal);
      else if (type === NalType.pps) this.#keepPps(nal);
      else rest.push(nal);
    }
    return rest;
  }

  /**
   * The avcC of all parameter sets seen, by rising identifier; undefined until there is one of each
   * kind. The same object until a parameter set changes.
   * @throws ProtocolError AVCC_TOO_MANY_SETS when there are more than the format has room for
   */
  get config(): Uint8Array | undefined {
    if (this.#config === undefined && this.#sps.size > 0 && this.#pps.size > 0) {
      this.#config = writeAvcC({ sps: byId(this.#sps), pps: byId(this.#pps) });
    }
    return this.#config;
  }

  #keepPps(nal: Uint8Array): void {
    if (nal.byteLength > maxPpsBytes) {
      throw new ProtocolError("H264_PPS_TOO_LARGE", `PPS of ${nal.byteLength} bytes`);
    }
    const id = new BitReader(removeEmulationPrevention(nal.subarray(1, idBytes))).ue();
    if (id > maxPpsId) throw new ProtocolError("H264_PPS_INVALID", `pic_parameter_set_id ${id}`);
    if (!this.#pps.has(id) && this.#pps.size >= this.#maxPps) {
      throw new ProtocolError("H264_PPS_TOO_MANY", `more than ${this.#maxPps} PPS`);
    }
    this.#keep(this.#pps, id, nal);
  }

  #keep(sets: Map<number, Uint8Array>, id: number, nal: Uint8Array): void {
    const known = sets.get(id);
    if (known !== undefined && equal(known, nal)) return;
    sets.set(id, nal.slice());
    this.#config = undefined;
  }
}

/** Whether the NAL unit is a sequence or picture parameter set. */
export function isParameterSet(nal: Uint8Array): boolean {
  const type = nalType(nal);
  return type === NalType.sps || type === NalType.pps;
}

function byId(sets: ReadonlyMap<number, Uint8Array>): Uint8Array[] {
  return [...sets].sort(([a], [b]) => a - b).map(([, set]) => set);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.byteLength !== b.byteLength) return false;
  for (let i = 0; i < a.byteLength; i += 1) if (a[i] !== b[i]) return false;
  return true;
}
