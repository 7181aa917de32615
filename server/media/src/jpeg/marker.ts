/** Marker codes, ITU-T T.81 table B.1. Each stands behind a byte 0xff. */
export const Marker = {
  startOfImage: 0xd8,
  endOfImage: 0xd9,
  startOfScan: 0xda,
  huffmanTables: 0xc4,
  extension: 0xc8,
  arithmeticConditioning: 0xcc,
  firstStartOfFrame: 0xc0,
  lastStartOfFrame: 0xcf,
  firstRestart: 0xd0,
  lastRestart: 0xd7,
  temporary: 0x01,
} as const;

/** Whether the marker begins a frame header (SOF0 to SOF15): three of that range mean something else. */
export function isStartOfFrame(code: number): boolean {
  return (
    code >= Marker.firstStartOfFrame &&
    code <= Marker.lastStartOfFrame &&
    code !== Marker.huffmanTables &&
    code !== Marker.extension &&
    code !== Marker.arithmeticConditioning
  );
}

/** Whether no length follows the marker, ITU-T T.81 section B.1.1.3. */
export function standsAlone(code: number): boolean {
  return (
    (code >= Marker.firstRestart && code <= Marker.lastRestart) ||
    code === Marker.startOfImage ||
    code === Marker.endOfImage ||
    code === Marker.temporary
  );
}

export function isRestart(code: number): boolean {
  return code >= Marker.firstRestart && code <= Marker.lastRestart;
}
