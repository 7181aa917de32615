import type { VideoTrackInfo } from "@millrace/media/frame";
import type { FakeDerivation } from "../../core/fake-transcoder.ts";

const size = 16;

/** A well-formed JPEG image of 16x16 that says its number in a comment and has `bytes` bytes of coded data. */
export function testJpeg(number: number, bytes = 20): Uint8Array {
  const front = Uint8Array.of(
    ...[0xff, 0xd8, 0xff, 0xfe, 0, 4, number >> 8, number & 0xff],
    ...[0xff, 0xc0, 0, 11, 8, 0, size, 0, size, 1, 1, 0x11, 0],
    ...[0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0],
  );
  const image = new Uint8Array(front.length + bytes + 2);
  image.set(front);
  image.fill(number & 0x7f, front.length, front.length + bytes);
  image.set([0xff, 0xd9], front.length + bytes);
  return image;
}

/** The number in an image of `testJpeg`. */
export function numberOf(image: Uint8Array): number {
  return ((image[6] ?? 0) << 8) | (image[7] ?? 0);
}

export const jpegInfo: VideoTrackInfo = {
  kind: "video",
  codec: "jpeg",
  config: new Uint8Array(0),
  codecString: "jpeg",
  width: size,
  height: size,
  reorderDepth: 0,
};

/** Lets a transcoder give a picture with a time on the stream's clock. */
export function give(
  derivation: FakeDerivation | undefined,
  number: number,
  ptsUs: number,
  bytes?: number,
): void {
  derivation?.sink.frame({ ptsUs, dtsUs: ptsUs, key: true, payload: [testJpeg(number, bytes)] });
}
