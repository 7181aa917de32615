/** A big-endian 32-bit number, as everywhere on the wire. Missing bytes count as 0. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) |
      ((bytes[at + 1] ?? 0) << 16) |
      ((bytes[at + 2] ?? 0) << 8) |
      (bytes[at + 3] ?? 0)) >>>
    0
  );
}

/** Writes the low 32 bits of `value` big-endian. */
export function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** XORs the low 32 bits of `value` into four bytes, big-endian. */
export function xorUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = (bytes[at] ?? 0) ^ (value >>> 24);
  bytes[at + 1] = (bytes[at + 1] ?? 0) ^ (value >>> 16);
  bytes[at + 2] = (bytes[at + 2] ?? 0) ^ (value >>> 8);
  bytes[at + 3] = (bytes[at + 3] ?? 0) ^ value;
}
