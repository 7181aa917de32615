/** Whether `a` comes after `b` in 32-bit serial number arithmetic. RFC 1982, RFC 9260 section 1.6. */
export function after32(a: number, b: number): boolean {
  return ((a - b) | 0) > 0;
}

/** How far `a` is after `b`, 0 to 2^32 - 1. */
export function distance32(a: number, b: number): number {
  return (a - b) >>> 0;
}

export function add32(a: number, n: number): number {
  return (a + n) >>> 0;
}

/** Whether `a` comes after `b` in 16-bit serial number arithmetic. */
export function after16(a: number, b: number): boolean {
  return ((a - b) << 16) >> 16 > 0;
}

export function add16(a: number, n: number): number {
  return (a + n) & 0xffff;
}
