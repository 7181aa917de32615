import type { Frame, VideoTrackInfo } from "@millrace/media/frame";
import { writeAvcc } from "@millrace/media/h264";
import type { Frame as AvFrame } from "node-av/lib";

/** A decoded picture: its time and the mean of each quarter's brightness. */
export interface Picture {
  readonly ptsUs: number;
  readonly width: number;
  readonly height: number;
  readonly type: "I" | "P" | "B" | "?";
  /** Brightness of 16 by 9 places. */
  readonly thumbnail: readonly number[];
  /** Luma and chroma in the middle, as decoded. */
  readonly middle: readonly [number, number, number];
}

/** Decodes H.264, in the order in which the decoder gives pictures out. */
export async function decodeH264(
  info: VideoTrackInfo,
  frames: readonly Frame[],
): Promise<Picture[]> {
  const { Codec, CodecContext, Frame: Decoded, Packet } = await import("node-av/lib");
  const { FF_DECODER_H264 } = await import("node-av/constants");
  const codec = Codec.findDecoderByName(FF_DECODER_H264);
  const decoder = new CodecContext();
  decoder.allocContext3(codec);
  decoder.extraData = Buffer.from(info.config);
  decoder.threadCount = 1;
  if ((await decoder.open2(codec, null)) < 0) throw new Error("no H.264 decoder");
  const packet = new Packet();
  packet.alloc();
  const decoded = new Decoded();
  decoded.alloc();
  const pictures: Picture[] = [];
  const drain = (): void => {
    while (decoder.receiveFrameSync(decoded) >= 0) {
      pictures.push(pictureOf(decoded));
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

/** Decodes JPEG images; brightness is brought to the range that video has. */
export async function decodeJpeg(frames: readonly Frame[]): Promise<Picture[]> {
  const { Codec, CodecContext, Frame: Decoded, Packet } = await import("node-av/lib");
  const { AV_PIX_FMT_YUVJ420P, FF_DECODER_MJPEG } = await import("node-av/constants");
  const codec = Codec.findDecoderByName(FF_DECODER_MJPEG);
  const decoder = new CodecContext();
  decoder.allocContext3(codec);
  decoder.threadCount = 1;
  if ((await decoder.open2(codec, null)) < 0) throw new Error("no JPEG decoder");
  const packet = new Packet();
  packet.alloc();
  const decoded = new Decoded();
  decoded.alloc();
  const pictures: Picture[] = [];
  for (const frame of frames) {
    packet.data = Buffer.from(frame.payload[0] ?? new Uint8Array(0));
    packet.pts = BigInt(frame.ptsUs);
    const sent = decoder.sendPacketSync(packet);
    packet.unref();
    if (sent < 0 || decoder.receiveFrameSync(decoded) < 0) throw new Error("no JPEG image");
    if (decoded.format !== AV_PIX_FMT_YUVJ420P) throw new Error("not full range 4:2:0");
    const picture = pictureOf(decoded);
    const thumbnail = picture.thumbnail.map((value) => 16 + (value * 219) / 255);
    pictures.push({ ...picture, thumbnail });
    decoded.unref();
  }
  decoder.freeContext();
  packet.free();
  decoded.free();
  return pictures;
}

function pictureOf(decoded: AvFrame): Picture {
  const [plane, u, v] = decoded.data ?? [];
  const [stride = 0, uStride = 0] = decoded.linesize;
  const { width, height } = decoded;
  const thumbnail: number[] = [];
  for (let y = 0; y < 9; y++) {
    for (let x = 0; x < 16; x++) {
      const at = Math.floor(((y + 0.5) * height) / 9) * stride;
      thumbnail.push(plane?.[at + Math.floor(((x + 0.5) * width) / 16)] ?? 0);
    }
  }
  const chroma = Math.floor(height / 4) * uStride + Math.floor(width / 4);
  const luma = Math.floor(height / 2) * stride + Math.floor(width / 2);
  const type = (["?", "I", "P", "B"] as const)[decoded.pictType] ?? "?";
  const middle = [plane?.[luma] ?? 0, u?.[chroma] ?? 0, v?.[chroma] ?? 0] as const;
  return { ptsUs: Number(decoded.pts), width, height, type, thumbnail, middle };
}

/** How different two pictures are: the mean difference of their places. */
export function difference(one: Picture | undefined, other: Picture | undefined): number {
  const { thumbnail: values = [] } = one ?? {};
  const sum = values.reduce(
    (total, value, at) => total + Math.abs(value - (other?.thumbnail[at] ?? 0)),
    0,
  );
  return values.length === 0 ? Number.POSITIVE_INFINITY : sum / values.length;
}
