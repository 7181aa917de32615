import type { FramerState } from "./sound-framer.ts";

const sizeBytes = 5 * 8;
const startedFlag = 1;
const correctingFlag = 2;
const overlappingFlag = 4;

/** What the gateway keeps, without looking into it, to let another process go on. */
export function writeCheckpoint(state: FramerState): Uint8Array {
  const out = new Uint8Array(sizeBytes);
  const view = new DataView(out.buffer);
  view.setFloat64(0, state.anchorUs, true);
  view.setFloat64(8, state.frames, true);
  view.setFloat64(16, state.buffered, true);
  view.setFloat64(24, state.errorUs, true);
  const flags =
    (state.started ? startedFlag : 0) |
    (state.correcting ? correctingFlag : 0) |
    (state.overlapping ? overlappingFlag : 0);
  view.setFloat64(32, flags, true);
  return out;
}

/** Undefined when there is none. */
export function parseCheckpoint(bytes: Uint8Array): FramerState | undefined {
  if (bytes.length !== sizeBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getFloat64(32, true);
  return {
    started: (flags & startedFlag) !== 0,
    anchorUs: view.getFloat64(0, true),
    frames: view.getFloat64(8, true),
    buffered: view.getFloat64(16, true),
    errorUs: view.getFloat64(24, true),
    correcting: (flags & correctingFlag) !== 0,
    overlapping: (flags & overlappingFlag) !== 0,
  };
}
