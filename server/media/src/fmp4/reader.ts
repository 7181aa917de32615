import { ProtocolError } from "../error/index.ts";

/** One box, its contents not looked into. */
export interface Box {
  readonly type: string;
  /** What follows size and type; a view. */
  readonly contents: Uint8Array;
  /** Where the box begins in what was read. */
  readonly start: number;
}

/** One sample as a chunk tells it. */
export interface ReadSample {
  readonly duration: number;
  readonly compositionOffset: number;
  readonly key: boolean;
  /** A view of the chunk. */
  readonly data: Uint8Array;
}

/** What a chunk has of one track, times in ticks of the track. */
export interface ReadRun {
  readonly trackId: number;
  readonly decodeTime: number;
  readonly samples: readonly ReadSample[];
}

/** Boxes side by side that are read at most. */
export const maxBoxes = 1024;
/** Samples of a run that are read at most. */
export const maxRunSamples = 65_536;

const headBytes = 8;
const fullHeadBytes = 4;
const nonSync = 0x1_0000;
const knownRunFlags = 0x1 | 0x100 | 0x200 | 0x400 | 0x800;

/**
 * The boxes that follow each other in `bytes`, ISO/IEC 14496-12 section 4.2. Sizes of 64 bits and "up to
 * the end" are refused: nothing that is written here has them.
 * @throws ProtocolError FMP4_INVALID, FMP4_TOO_LARGE
 */
export function readBoxes(bytes: Uint8Array): Box[] {
  const view = viewOf(bytes);
  const boxes: Box[] = [];
  for (let at = 0; at < bytes.byteLength; ) {
    if (at + headBytes > bytes.byteLength) throw invalid("a box is cut off");
    const size = view.getUint32(at);
    if (size < headBytes || at + size > bytes.byteLength) throw invalid(`a box of ${size} bytes`);
    if (boxes.length >= maxBoxes) throw tooLarge(`more than ${maxBoxes} boxes`);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + headBytes));
    boxes.push({ type, contents: bytes.subarray(at + headBytes, at + size), start: at });
    at += size;
  }
  return boxes;
}

/** The contents of the first box along a path, such as `moov/mvex`. @throws ProtocolError FMP4_INVALID when there is none */
export function findBox(bytes: Uint8Array, path: string): Uint8Array {
  let contents = bytes;
  for (const type of path.split("/")) {
    const box = readBoxes(contents).find((candidate) => candidate.type === type);
    if (box === undefined) throw invalid(`no box ${type}`);
    contents = box.contents;
  }
  return contents;
}

/**
 * Takes a chunk as `writeChunk` makes it apart: one `moof`, then its `mdat`.
 * @throws ProtocolError FMP4_INVALID, FMP4_TOO_LARGE
 */
export function readChunk(bytes: Uint8Array): {
  readonly sequence: number;
  readonly runs: readonly ReadRun[];
} {
  const moof = findBox(bytes, "moof");
  const header = findBox(moof, "mfhd");
  if (header.byteLength < 8) throw invalid("mfhd is cut off");
  const runs = readBoxes(moof)
    .filter(({ type }) => type === "traf")
    .map(({ contents }) => readRun(contents, bytes));
  return { sequence: viewOf(header).getUint32(4), runs };
}

function readRun(traf: Uint8Array, chunk: Uint8Array): ReadRun {
  const trackHeader = findBox(traf, "tfhd");
  const time = findBox(traf, "tfdt");
  if (trackHeader.byteLength < 8 || time.byteLength < 12 || time[0] !== 1) {
    throw invalid("tfhd or tfdt is cut off");
  }
  const decodeTime = viewOf(time).getUint32(4) * 2 ** 32 + viewOf(time).getUint32(8);
  if (!Number.isSafeInteger(decodeTime)) throw invalid("tfdt is beyond all times");
  const trackId = viewOf(trackHeader).getUint32(4);
  const defaults = defaultFlags(trackHeader);
  return { trackId, decodeTime, samples: readSamples(findBox(traf, "trun"), defaults, chunk) };
}

/** Section 8.8.7: the flags come last where they are there. */
function defaultFlags(trackHeader: Uint8Array): number {
  const view = viewOf(trackHeader);
  const flags = view.getUint32(0) & 0xff_ffff;
  if ((flags & 0x20) === 0 || trackHeader.byteLength < 12) return 0;
  return view.getUint32(trackHeader.byteLength - 4);
}

/** Section 8.8.8. */
function readSamples(run: Uint8Array, defaults: number, chunk: Uint8Array): ReadSample[] {
  const view = viewOf(run);
  if (run.byteLength < fullHeadBytes + 8) throw invalid("trun is cut off");
  const flags = view.getUint32(0) & 0xff_ffff;
  const count = view.getUint32(4);
  if ((flags & ~knownRunFlags) !== 0 || (flags & 0x301) !== 0x301) throw invalid("trun flags");
  if (count > maxRunSamples) throw tooLarge(`${count} samples in a run`);
  const perSample = 8 + ((flags & 0x400) === 0 ? 0 : 4) + ((flags & 0x800) === 0 ? 0 : 4);
  if (run.byteLength < fullHeadBytes + 8 + count * perSample) throw invalid("trun is cut off");
  const samples: ReadSample[] = [];
  let data = view.getUint32(8);
  let at = fullHeadBytes + 8;
  for (let index = 0; index < count; index++) {
    const duration = view.getUint32(at);
    const size = view.getUint32(at + 4);
    at += 8;
    let sampleFlags = defaults;
    if ((flags & 0x400) !== 0) {
      sampleFlags = view.getUint32(at);
      at += 4;
    }
    let compositionOffset = 0;
    if ((flags & 0x800) !== 0) {
      compositionOffset = view.getInt32(at);
      at += 4;
    }
    if (data + size > chunk.byteLength) throw invalid("a sample goes past the end");
    const bytes = chunk.subarray(data, data + size);
    samples.push({ duration, compositionOffset, key: (sampleFlags & nonSync) === 0, data: bytes });
    data += size;
  }
  return samples;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function invalid(message: string): ProtocolError {
  return new ProtocolError("FMP4_INVALID", `fMP4: ${message}`);
}

function tooLarge(message: string): ProtocolError {
  return new ProtocolError("FMP4_TOO_LARGE", `fMP4: ${message}`);
}
