import type { Track } from "./track.ts";

/** Bits per second of what the publisher sends, all layers together, whether or not frames are made of it. */
export function trackBitrateBps({ packets, bitrateBps }: Track): number {
  if (packets === undefined) return bitrateBps;
  return packets.encodings.reduce((sum, layer) => sum + layer.bitrateBps, 0);
}

/** Pictures per second of the best layer; undefined while unknown, and for sound. */
export function frameRateOf({ kind, packets, frameRate }: Track): number | undefined {
  if (kind === "audio") return undefined;
  const best = packets?.encodings.findLast(({ active }) => active);
  const rate = packets === undefined ? frameRate : (best?.frameRate ?? 0);
  return rate > 0 ? rate : undefined;
}
