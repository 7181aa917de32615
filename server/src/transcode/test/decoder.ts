import type { AudioTrackInfo, Frame } from "@millrace/media/frame";
import { clickEveryMs } from "./media.ts";

/** Sound with the time of its first sample. */
export interface Sound {
  readonly ptsUs: number;
  /** Left channel at 48 kHz. */
  readonly samples: Float32Array;
}

/** Decodes Opus packets one by one, as a WebRTC receiver does: no sample is skipped. */
export async function decodeOpus(frames: readonly Frame[]): Promise<Sound[]> {
  const { Codec, CodecContext, Frame: AvFrame, Packet } = await import("node-av/lib");
  const { AV_CHANNEL_ORDER_NATIVE, AV_SAMPLE_FMT_S16, FF_DECODER_LIBOPUS } = await import(
    "node-av/constants"
  );
  const codec = Codec.findDecoderByName(FF_DECODER_LIBOPUS);
  const decoder = new CodecContext();
  decoder.allocContext3(codec);
  decoder.sampleRate = 48_000;
  decoder.channelLayout = { nbChannels: 2, order: AV_CHANNEL_ORDER_NATIVE, mask: 3n };
  if ((await decoder.open2(codec, null)) < 0) throw new Error("no Opus decoder");
  const packet = new Packet();
  packet.alloc();
  const decoded = new AvFrame();
  decoded.alloc();
  const sounds: Sound[] = [];
  for (const frame of frames) {
    packet.data = Buffer.from(frame.payload[0] ?? new Uint8Array(0));
    const sent = decoder.sendPacketSync(packet);
    packet.unref();
    if (sent < 0) throw new Error("an Opus packet does not decode");
    while (decoder.receiveFrameSync(decoded) >= 0) {
      const plane = decoded.data?.[0];
      if (plane === undefined) continue;
      const short = decoded.format === AV_SAMPLE_FMT_S16;
      const all = short
        ? new Int16Array(plane.buffer, plane.byteOffset, decoded.nbSamples * 2)
        : new Float32Array(plane.buffer, plane.byteOffset, decoded.nbSamples * 2);
      const samples = new Float32Array(decoded.nbSamples);
      for (let index = 0; index < samples.length; index++) {
        samples[index] = (all[index * 2] ?? 0) / (short ? 32_768 : 1);
      }
      sounds.push({ ptsUs: frame.ptsUs, samples });
      decoded.unref();
    }
  }
  decoder.freeContext();
  packet.free();
  decoded.free();
  return sounds;
}

/** Decodes AAC access unit by access unit, from the configuration of the track. */
export async function decodeAac(info: AudioTrackInfo, frames: readonly Frame[]): Promise<Sound[]> {
  const { Codec, CodecContext, Frame: AvFrame, Packet } = await import("node-av/lib");
  const { FF_DECODER_AAC } = await import("node-av/constants");
  const codec = Codec.findDecoderByName(FF_DECODER_AAC);
  const decoder = new CodecContext();
  decoder.allocContext3(codec);
  decoder.extraData = Buffer.from(info.config);
  if ((await decoder.open2(codec, null)) < 0) throw new Error("no AAC decoder");
  const packet = new Packet();
  packet.alloc();
  const decoded = new AvFrame();
  decoded.alloc();
  const sounds: Sound[] = [];
  for (const frame of frames) {
    packet.data = Buffer.from(frame.payload[0] ?? new Uint8Array(0));
    const sent = decoder.sendPacketSync(packet);
    packet.unref();
    if (sent < 0) throw new Error("an access unit does not decode");
    while (decoder.receiveFrameSync(decoded) >= 0) {
      const plane = decoded.data?.[0];
      if (plane === undefined) continue;
      if (decoded.sampleRate !== info.sampleRate || decoded.channels !== info.channels) {
        throw new Error("the track's information is wrong");
      }
      const all = new Float32Array(plane.buffer, plane.byteOffset, decoded.nbSamples);
      sounds.push({ ptsUs: frame.ptsUs, samples: all.slice() });
      decoded.unref();
    }
  }
  decoder.freeContext();
  packet.free();
  decoded.free();
  return sounds;
}

/**
 * The phase of a tone against the stream's clock, in samples at 48 kHz, for each second of the sound:
 * equal figures mean that not a sample was added or left out. Seconds with less tone are left out.
 */
export function tonePhases(sounds: readonly Sound[], hz: number): number[] {
  const windows = new Map<number, { re: number; im: number; count: number }>();
  for (const { ptsUs, samples } of sounds) {
    const second = Math.floor(ptsUs / 1e6);
    const window = windows.get(second) ?? { re: 0, im: 0, count: 0 };
    windows.set(second, window);
    for (let index = 0; index < samples.length; index++) {
      const angle = 2 * Math.PI * hz * (ptsUs / 1e6 + index / 48_000);
      window.re += (samples[index] as number) * Math.cos(angle);
      window.im += (samples[index] as number) * Math.sin(angle);
    }
    window.count += samples.length;
  }
  return [...windows.values()]
    .filter(({ re, im, count }) => count > 40_000 && (2 * Math.hypot(re, im)) / count > 0.03)
    .map(({ re, im }) => (Math.atan2(re, im) / (2 * Math.PI * hz)) * 48_000);
}

/** Times, in microseconds, at which clicks are heard. */
export function clickTimes(sounds: readonly Sound[], threshold = 0.35): number[] {
  const times: number[] = [];
  let lastUs = Number.NEGATIVE_INFINITY;
  for (const { ptsUs, samples } of sounds) {
    for (let index = 0; index < samples.length; index++) {
      if (Math.abs(samples[index] as number) < threshold) continue;
      const us = ptsUs + (index * 1e6) / 48_000;
      if (us - lastUs > (clickEveryMs * 1000) / 2) times.push(us);
      lastUs = us;
    }
  }
  return times;
}

/** How strong a tone is, 0 … 1, in the samples. */
export function toneLevel(sounds: readonly Sound[], hz: number): number {
  let re = 0;
  let im = 0;
  let count = 0;
  for (const { samples } of sounds) {
    for (const value of samples) {
      const angle = (2 * Math.PI * hz * count++) / 48_000;
      re += value * Math.cos(angle);
      im += value * Math.sin(angle);
    }
  }
  return (2 * Math.hypot(re, im)) / Math.max(1, count);
}
