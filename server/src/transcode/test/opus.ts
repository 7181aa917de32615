import type { AudioTrackInfo, Frame } from "@millrace/media/frame";
import { audioTrackInfoForOpus } from "@millrace/media/opus";
import { type TestTrack, toneHz } from "./media.ts";

export interface OpusTrackOptions {
  readonly seconds: number;
  /** Length of a packet: 10, 20, 40 or 60 ms. */
  readonly packetMs: number;
  /** Silence instead of the tone, in seconds: from and to. */
  readonly silence?: readonly [number, number];
  /** As a browser with DTX: packets that say "nothing" are not sent. RFC 6716 section 2.1.9. */
  readonly dtx?: boolean;
}

/** Packets of one or two bytes carry no sound. */
const dtxBytes = 2;

/** A tone as a WebRTC publisher sends it: mono packets in a track of two channels. */
export async function opusTone(options: OpusTrackOptions): Promise<TestTrack<AudioTrackInfo>> {
  const {
    Codec,
    CodecContext,
    Dictionary,
    Frame: AvFrame,
    Packet,
    Rational,
  } = await import("node-av/lib");
  const constants = await import("node-av/constants");
  const { seconds, packetMs, silence = [0, 0], dtx = false } = options;
  const codec = Codec.findEncoderByName(constants.FF_ENCODER_LIBOPUS);
  const encoder = new CodecContext();
  encoder.allocContext3(codec);
  encoder.sampleRate = 48_000;
  encoder.channelLayout = { nbChannels: 1, order: constants.AV_CHANNEL_ORDER_NATIVE, mask: 4n };
  encoder.sampleFormat = constants.AV_SAMPLE_FMT_FLT;
  encoder.bitRate = 32_000n;
  encoder.timeBase = new Rational(1, 48_000);
  const settings = { application: "voip", frame_duration: String(packetMs), dtx: dtx ? "1" : "0" };
  const opened = await encoder.open2(codec, Dictionary.fromObject(settings));
  if (opened < 0) throw new Error("no Opus encoder");
  const count = packetMs * 48;
  const block = new AvFrame();
  block.alloc();
  block.format = constants.AV_SAMPLE_FMT_FLT;
  block.sampleRate = 48_000;
  block.channelLayout = encoder.channelLayout;
  block.nbSamples = count;
  block.getBuffer(0);
  const packet = new Packet();
  packet.alloc();
  const frames: Frame[] = [];
  for (let at = 0; at < (seconds * 1000) / packetMs; at++) {
    block.makeWritable();
    const plane = block.data?.[0] ?? Buffer.alloc(0);
    const samples = new Float32Array(plane.buffer, plane.byteOffset, count);
    for (let index = 0; index < count; index++) {
      const time = (at * count + index) / 48_000;
      const silent = time >= silence[0] && time < silence[1];
      samples[index] = silent ? 0 : 0.2 * Math.sin(2 * Math.PI * toneHz * time);
    }
    block.pts = BigInt(at * count);
    encoder.sendFrameSync(block);
    while (encoder.receivePacketSync(packet) >= 0) {
      const us = at * packetMs * 1000;
      const data = new Uint8Array(packet.data ?? []);
      packet.unref();
      if (dtx && data.length <= dtxBytes) continue;
      frames.push({ ptsUs: us, dtsUs: us, key: true, payload: [data] });
    }
  }
  encoder.freeContext();
  block.free();
  packet.free();
  return { info: audioTrackInfoForOpus(2), frames };
}
