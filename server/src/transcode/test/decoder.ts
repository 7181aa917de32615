import type { Frame, VideoTrackInfo } from "@millrace/media/frame";
import { writeAvcc } from "@millrace/media/h264";
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

/** A decoded picture: its time and the mean of each quarter's brightness. */
export interface Picture {
  readonly ptsUs: number;
  readonly width: number;
  readonly height: number;
  readonly type: "I" | "P" | "B" | "?";
  /** Brightness of 16 by 9 places. */
  readonly thumbnail: readonly number[];
}

/** Decodes H.264, in the order in which the decoder gives pictures out. */
export async function decodeH264(
  info: VideoTrackInfo,
  frames: readonly Frame[],
): Promise<Picture[]> {
  const { Codec, CodecContext, Frame: AvFrame, Packet } = await import("node-av/lib");
  const { FF_DECODER_H264 } = await import("node-av/constants");
  const codec = Codec.findDecoderByName(FF_DECODER_H264);
  const decoder = new CodecContext();
  decoder.allocContext3(codec);
  decoder.extraData = Buffer.from(info.config);
  decoder.threadCount = 1;
  if ((await decoder.open2(codec, null)) < 0) throw new Error("no H.264 decoder");
  const packet = new Packet();
  packet.alloc();
  const decoded = new AvFrame();
  decoded.alloc();
  const pictures: Picture[] = [];
  const drain = (): void => {
    while (decoder.receiveFrameSync(decoded) >= 0) {
      const plane = decoded.data?.[0];
      const stride = decoded.linesize[0] ?? 0;
      const { width, height } = decoded;
      const thumbnail: number[] = [];
      for (let y = 0; y < 9; y++) {
        for (let x = 0; x < 16; x++) {
          const at = Math.floor(((y + 0.5) * height) / 9) * stride;
          thumbnail.push(plane?.[at + Math.floor(((x + 0.5) * width) / 16)] ?? 0);
        }
      }
      const type = (["?", "I", "P", "B"] as const)[decoded.pictType] ?? "?";
      pictures.push({ ptsUs: Number(decoded.pts), width, height, type, thumbnail });
      decoded.unref();
    }
  };
  for (const frame of frames) {
    packet.data = Buffer.from(writeAvcc(frame.payload));
    packet.pts = BigInt(frame.ptsUs);
    packet.dts = BigInt(frame.dtsUs);
    if (decoder.sendPacketSync(packet) < 0) throw new Error("a frame does not decode");
    packet.unref();
    drain();
  }
  decoder.sendPacketSync(null);
  drain();
  decoder.freeContext();
  packet.free();
  decoded.free();
  return pictures;
}
