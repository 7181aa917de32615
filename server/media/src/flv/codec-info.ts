import { ProtocolError } from "../error/index.ts";
import type { AudioCodec, AudioTrackInfo, VideoTrackInfo } from "../frame/index.ts";
import type { SoundHeader } from "./audio-tag.ts";
import { parseHevcConfig, withFourByteLengths } from "./hvcc.ts";
import { mp3Sound } from "./mp3-header.ts";

/** Video codecs whose configuration this folder reads by itself. Sizes stay 0: they stand in `onMetaData`. */
export function otherVideoInfo(
  codec: "h265" | "av1" | "vp9" | "vp8",
  config: Uint8Array,
): VideoTrackInfo {
  const base = { kind: "video", codec, config, width: 0, height: 0 } as const;
  switch (codec) {
    case "h265": {
      const { codecString } = parseHevcConfig(config);
      // Frames are written with 4-byte lengths, whatever they came with.
      return { ...base, config: withFourByteLengths(config), codecString, reorderDepth: undefined };
    }
    case "av1":
      return { ...base, codecString: av1CodecString(config), reorderDepth: 0 };
    case "vp9":
      return { ...base, codecString: vp9CodecString(config), reorderDepth: 0 };
    case "vp8":
      return { ...base, codecString: "vp8", reorderDepth: 0 };
  }
}

/** AV1 in ISOBMFF section 2.3 and 5. */
function av1CodecString(config: Uint8Array): string {
  const [first, second = 0, third = 0] = config;
  if (first !== 0x81 || config.length < 4) {
    throw new ProtocolError("AV1_CONFIG_INVALID", "not an AV1 codec configuration record");
  }
  const tier = (third & 0x80) === 0 ? "M" : "H";
  const depth = (third & 0x40) === 0 ? 8 : (third & 0x20) === 0 ? 10 : 12;
  return `av01.${second >> 5}.${twoDigits(second & 0x1f)}${tier}.${twoDigits(depth)}`;
}

/** VP Codec ISO Media File Format Binding, section "Codecs parameter string"; with or without the box's version and flags. */
function vp9CodecString(config: Uint8Array): string {
  const boxed = config.length >= 12 && config[0] === 1 && config[1] === 0 && config[2] === 0;
  const [profile = 0, level = 0, depth = 0] = boxed ? config.subarray(4) : config;
  if (config.length < 3) {
    throw new ProtocolError("VP9_CONFIG_INVALID", "not a VP codec configuration record");
  }
  return `vp09.${twoDigits(profile)}.${twoDigits(level)}.${twoDigits(depth >> 4)}`;
}

const opusHead = [0x4f, 0x70, 0x75, 0x73, 0x48, 0x65, 0x61, 0x64] as const;
const opusHeadBytes = 19;

/** RFC 7845 section 5.1. Undefined for the comment header, which may follow and says nothing we need. */
export function opusInfo(config: Uint8Array): AudioTrackInfo | undefined {
  if (!opusHead.every((byte, index) => config[index] === byte)) return undefined;
  const channels = config[9] ?? 0;
  if (config.length < opusHeadBytes || channels === 0) {
    throw new ProtocolError("OPUS_CONFIG_INVALID", "Opus identification header is cut off");
  }
  return {
    kind: "audio",
    codec: "opus",
    config,
    codecString: "opus",
    sampleRate: 48_000,
    channels,
  };
}

/** Audio codecs without a configuration: what the frame and its tag's first byte say. Undefined when neither does. */
export function plainAudioInfo(
  codec: AudioCodec,
  frame: Uint8Array,
  sound: SoundHeader | undefined,
): AudioTrackInfo | undefined {
  const known = codec === "mp3" ? (mp3Sound(frame) ?? sound) : sound;
  if (known === undefined) return undefined;
  const { sampleRate, channels } = known;
  return {
    kind: "audio",
    codec,
    config: new Uint8Array(0),
    codecString: codec,
    sampleRate,
    channels,
  };
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
