import type { AudioTrackInfo, Frame } from "@millrace/media/frame";
import { IcyReader } from "@millrace/media/icy";
import { audioInfo } from "../../core/test-frames.ts";

/** AAC-LC, 48 kHz, stereo. */
export const aacInfo: AudioTrackInfo = audioInfo();

export const mp3Info: AudioTrackInfo = audioInfo({
  codec: "mp3",
  config: new Uint8Array(0),
  codecString: "mp3",
});

export const opusInfo: AudioTrackInfo = audioInfo({
  codec: "opus",
  config: new Uint8Array(0),
  codecString: "opus",
});

/** Time of an AAC frame at 48 kHz, microseconds. */
export const aacFrameUs = (number: number): number => Math.round((number * 1024e6) / 48_000);

/** A frame whose payload begins with its number and a mark that is nowhere else in it. */
export function soundFrame(number: number, ptsUs: number, bytes = 340): Frame {
  const payload = new Uint8Array(bytes).fill(0x55);
  payload.set([0xee, number >> 8, number & 0xff].slice(0, bytes));
  return { ptsUs, dtsUs: ptsUs, key: true, payload: [payload] };
}

export interface Heard {
  readonly audio: Buffer;
  readonly titles: readonly string[];
  /** Bytes of audio before each block that says something. */
  readonly titlesAt: readonly number[];
  readonly blocks: number;
}

/** Parts the body of an answer with metadata. */
export function hear(body: Uint8Array, interval: number): Heard {
  const audio: Uint8Array[] = [];
  const titles: string[] = [];
  const titlesAt: number[] = [];
  let bytes = 0;
  const reader = new IcyReader(interval, {
    audio(part) {
      audio.push(part);
      bytes += part.byteLength;
    },
    metadata(fields) {
      titles.push(fields.get("StreamTitle") ?? "");
      titlesAt.push(bytes);
    },
  });
  reader.receive(body);
  return { audio: Buffer.concat(audio), titles, titlesAt, blocks: reader.blocks };
}
