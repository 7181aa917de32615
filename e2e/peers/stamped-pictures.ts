/** Sixteen bytes that stand before the time in every stamped picture. */
export const stampMarker: Buffer = Buffer.from("6d696c6c726163652d7374616d702d31", "hex");

/** Of the stream that stamped pictures belong to: H.264, constrained baseline, 1280x720. */
export const parameterSets: { readonly sps: Buffer; readonly pps: Buffer } = {
  sps: Buffer.from("6742c01fd9005005bb0110000003001000000303c8f1832480", "hex"),
  pps: Buffer.from("68cb83cb20", "hex"),
};

export interface PictureShape {
  /** Pictures per second. */
  readonly fps: number;
  /** Pictures from one key frame to the next. */
  readonly gop: number;
  readonly keyBytes: number;
  readonly deltaBytes: number;
}

export const usualPictures: PictureShape = {
  fps: 30,
  gop: 60,
  keyBytes: 60_000,
  deltaBytes: 9_000,
};

/** A slice of that many bytes that holds no picture but the time now, microseconds since 1970. */
export function stampedSlice(key: boolean, bytes: number): Buffer {
  const slice = Buffer.alloc(bytes, 0x5a);
  slice[0] = key ? 0x65 : 0x41;
  // first_mb_in_slice 0, slice_type I or P.
  slice[1] = key ? 0x88 : 0x9a;
  stampMarker.copy(slice, 2);
  const nowUs = Math.round((performance.timeOrigin + performance.now()) * 1000);
  slice.writeBigUInt64BE(BigInt(nowUs), 2 + stampMarker.length);
  return slice;
}

/** Calls `picture` with its number and slice when each is due. Returns how to stop. */
export function paceStamped(
  { fps, gop, keyBytes, deltaBytes }: PictureShape,
  picture: (number: number, key: boolean, slice: Buffer) => void,
): () => void {
  const startMs = performance.now();
  let count = 0;
  const timer = setInterval(() => {
    while (((performance.now() - startMs) * fps) / 1000 >= count) {
      const key = count % gop === 0;
      picture(count, key, stampedSlice(key, key ? keyBytes : deltaBytes));
      count++;
    }
  }, 1);
  return () => clearInterval(timer);
}
