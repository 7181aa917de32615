/** What the first bytes of an RTP payload of video tell without depacketising. */
export interface PayloadStart {
  /**
   * The payload can be the first one of an access unit.
   * - VP8: exactly that. VP9: exactly that, of the lowest spatial layer.
   * - H.264 and AV1: it is not the rest of a NAL unit or OBU (nor something else that cannot come first);
   *   where an access unit begins is told by the RTP timestamp alone.
   */
  readonly begins: boolean;
  /**
   * - VP8, VP9: the first payload of a key frame.
   * - H.264: has an SPS, or the start of an IDR slice. An access unit may begin with other payloads
   *   (an access unit delimiter, SEI), so ask all of them; a later slice of a key frame is `key` too.
   * - AV1: the first payload of a coded video sequence (N bit).
   */
  readonly key: boolean;
  /**
   * False: no other frame refers to this one. True when the payload does not say: AV1, continuations in
   * VP9, and H.264 payloads without slices.
   */
  readonly reference: boolean;
  /** Frame size in pixels; 0 unless this payload says. */
  readonly width: number;
  readonly height: number;
}

/** Bytes that make no sense, and the rest of something that says nothing about its frame. */
export const noStart: PayloadStart = {
  begins: false,
  key: false,
  reference: true,
  width: 0,
  height: 0,
};

const needlessRest: PayloadStart = { ...noStart, reference: false };
const interStart: PayloadStart = { ...noStart, begins: true };
const needlessStart: PayloadStart = { ...interStart, reference: false };
const keyStart: PayloadStart = { ...interStart, key: true };

/** A payload that is not `key`; makes no object. */
export function plainStart(begins: boolean, reference: boolean): PayloadStart {
  if (begins) return reference ? interStart : needlessStart;
  return reference ? noStart : needlessRest;
}

/** A payload that is `key`, with the frame size or 0. */
export function keyStartOf(width: number, height: number): PayloadStart {
  return width === 0 ? keyStart : { ...keyStart, width, height };
}
