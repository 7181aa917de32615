import {
  type Av1SequenceHeader,
  isAv1FrameStart,
  isAv1KeyFrame,
  type Obu,
  ObuType,
  obuSizeBytes,
  parseAv1SequenceHeader,
  parseObu,
  putObu,
  writeAv1C,
} from "../av1/index.ts";
import { parseAv1Payload } from "./av1-payload.ts";
import {
  brokenFrame,
  type FrameAssemblerLimits,
  type FrameAssembly,
  type FrameParts,
} from "./frame-assembly.ts";
import { joinBodies } from "./join-bodies.ts";

/**
 * AV1 RTP v1.0 section 4: a temporal unit's OBUs, to which their size fields are given back. Temporal
 * delimiters and tile lists are left out as section 5 wants, and so is padding.
 */
export class Av1Assembly implements FrameAssembly {
  readonly #maxUnits: number;

  constructor(limits: FrameAssemblerLimits) {
    this.#maxUnits = limits.maxUnits;
  }

  assemble(payloads: readonly Uint8Array[]): FrameParts | undefined {
    const obus: Obu[] = [];
    for (const element of this.#joinFragments(payloads)) {
      const obu = parseObu(element);
      if (isKept(obu.type)) obus.push(obu);
    }
    if (obus.length === 0) return undefined;
    const frame = writeUnit(obus);
    const header = obus.find(({ type }) => type === ObuType.sequenceHeader);
    if (header === undefined) {
      return { payload: [frame], key: false, config: undefined, width: 0, height: 0 };
    }
    const sequence = parseAv1SequenceHeader(header.payload);
    const { width, height } = sequence;
    const config = writeAv1C(sequence, header);
    return { payload: [frame], key: isKeyUnit(sequence, obus), config, width, height };
  }

  /** Section 4.4: Z and Y tell which elements belong together. */
  #joinFragments(payloads: readonly Uint8Array[]): readonly Uint8Array[] {
    const whole: Uint8Array[] = [];
    let fragments: Uint8Array[] = [];
    let isOpen = false;
    for (const payload of payloads) {
      const parsed = parseAv1Payload(payload);
      if (parsed === undefined) throw brokenFrame("AV1 payload whose elements do not fit");
      if (parsed.continues !== isOpen) throw brokenFrame("AV1 OBU is not whole");
      const { elements } = parsed;
      for (const [i, element] of elements.entries()) {
        fragments.push(element);
        isOpen = parsed.continued && i === elements.length - 1;
        if (isOpen) continue;
        if (whole.length >= this.#maxUnits) throw brokenFrame(`more than ${this.#maxUnits} OBUs`);
        whole.push(joinBodies(fragments));
        fragments = [];
      }
    }
    if (isOpen) throw brokenFrame("AV1 OBU has no end");
    return whole;
  }
}

function isKept(type: number): boolean {
  return (
    type !== ObuType.temporalDelimiter && type !== ObuType.tileList && type !== ObuType.padding
  );
}

function isKeyUnit(sequence: Av1SequenceHeader, obus: readonly Obu[]): boolean {
  const first = obus.find(({ type }) => isAv1FrameStart(type));
  return first !== undefined && (sequence.reducedStillPicture || isAv1KeyFrame(first));
}

function writeUnit(obus: readonly Obu[]): Uint8Array {
  let size = 0;
  for (const obu of obus) size += obuSizeBytes(obu);
  const unit = new Uint8Array(size);
  let offset = 0;
  for (const obu of obus) offset = putObu(unit, offset, obu);
  return unit;
}
