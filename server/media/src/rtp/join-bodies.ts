/** The bytes of all, in order; the only one itself. */
export function joinBodies(bodies: readonly Uint8Array[]): Uint8Array {
  if (bodies.length === 1) return bodies[0] as Uint8Array;
  let size = 0;
  for (const body of bodies) size += body.byteLength;
  const joined = new Uint8Array(size);
  let offset = 0;
  for (const body of bodies) {
    joined.set(body, offset);
    offset += body.byteLength;
  }
  return joined;
}
