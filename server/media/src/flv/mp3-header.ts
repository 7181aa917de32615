import type { SoundHeader } from "./audio-tag.ts";

const ratesOfMpeg1: readonly number[] = [44_100, 48_000, 32_000];
const versionMpeg1 = 3;
const versionMpeg2 = 2;
const versionReserved = 1;
const layer3 = 1;
const mono = 3;

/** Sample rate and channels out of an MPEG audio frame header, ISO/IEC 11172-3 section 2.4.1.3. Undefined when it is none. */
export function mp3Sound(frame: Uint8Array): SoundHeader | undefined {
  const [sync = 0, kind = 0, rates = 0, mode = 0] = frame;
  const version = (kind >> 3) & 3;
  const rate = ratesOfMpeg1[(rates >> 2) & 3];
  const isHeader = sync === 0xff && (kind & 0xe0) === 0xe0 && ((kind >> 1) & 3) === layer3;
  if (!isHeader || version === versionReserved || rate === undefined) return undefined;
  const divisor = version === versionMpeg1 ? 1 : version === versionMpeg2 ? 2 : 4;
  return { sampleRate: rate / divisor, channels: mode >> 6 === mono ? 1 : 2 };
}
