import { Codec, CodecContext, Dictionary } from "node-av/lib";
import type { TrackRequest } from "../process/message.ts";
import { CodecError } from "./codec-job.ts";
import { videoDecoders } from "./codec-names.ts";

/**
 * Opens a decoder for a track; whoever called closes it with `freeContext`.
 * @throws CodecError `CODEC_UNSUPPORTED`, `PICTURE_TOO_LARGE`, `CODEC_CONFIG_INVALID`.
 */
export async function openVideoDecoder(
  source: TrackRequest,
  maxPixels: number,
): Promise<CodecContext> {
  const name = videoDecoders.get(source.codec);
  const codec = name === undefined ? null : Codec.findDecoderByName(name);
  if (codec === null) throw new CodecError("CODEC_UNSUPPORTED", `no decoder of ${source.codec}`);
  if (source.width * source.height > maxPixels) {
    throw new CodecError("PICTURE_TOO_LARGE", `${source.width}x${source.height}`);
  }
  const decoder = new CodecContext();
  decoder.allocContext3(codec);
  const config = Buffer.from(source.config, "base64");
  if (config.length > 0) decoder.extraData = config;
  decoder.threadCount = 1;
  // The bit stream can ask for larger pictures than the configuration said.
  const options: Record<string, string> = { max_pixels: String(maxPixels) };
  // Without it dav1d waits for more frames than it needs.
  if (source.codec === "av1") options["max_frame_delay"] = "1";
  const result = await decoder.open2(codec, Dictionary.fromObject(options));
  if (result < 0) {
    decoder.freeContext();
    throw new CodecError("CODEC_CONFIG_INVALID", `the ${source.codec} configuration is refused`);
  }
  return decoder;
}
