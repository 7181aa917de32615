import { Amf0Reader, AmfObject, type AmfValue, ecmaArray, writeAmf0 } from "../amf/index.ts";
import { ProtocolError } from "../error/index.ts";
import type { AudioCodec, TrackInfo } from "../frame/index.ts";
import { SoundFormat } from "./audio-tag.ts";
import { type FlvVideoCodec, flvVideoCodec, VideoCodecId } from "./video-tag.ts";

/** What a publisher said about itself in `onMetaData`; untrusted. Values of 0 are left out. */
export interface Metadata {
  /** Pixels, 1 … 65535. */
  readonly width?: number;
  readonly height?: number;
  /** Frames per second. */
  readonly frameRate?: number;
  /** The encoder's name for itself, at most 128 characters. */
  readonly encoder?: string;
}

const maxPixels = 65_535;
const maxFrameRate = 1000;
const maxEncoderLength = 128;

/** Reads the body of a script tag; undefined when it is no `onMetaData` or cannot be read. */
export function parseMetadata(body: Uint8Array): Metadata | undefined {
  try {
    const reader = new Amf0Reader(body);
    if (reader.next() !== "onMetaData" || reader.done) return undefined;
    const fields = reader.next();
    return fields instanceof AmfObject ? readFields(fields) : undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

function readFields(fields: AmfObject): Metadata {
  const width = within(fields.number("width"), maxPixels);
  const height = within(fields.number("height"), maxPixels);
  const frameRate = within(fields.number("framerate"), maxFrameRate);
  const encoder = fields.text("encoder")?.slice(0, maxEncoderLength);
  return {
    ...(width === undefined ? {} : { width: Math.round(width) }),
    ...(height === undefined ? {} : { height: Math.round(height) }),
    ...(frameRate === undefined ? {} : { frameRate }),
    ...(encoder === undefined ? {} : { encoder }),
  };
}

function within(value: number | undefined, max: number): number | undefined {
  return value !== undefined && value >= 1 && value <= max ? value : undefined;
}

/** Enhanced RTMP v2, "Enhancing onMetaData": a FourCC as a number. */
function fourCcNumber(fourCc: string): number {
  return [...fourCc].reduce((sum, character) => sum * 256 + character.charCodeAt(0), 0);
}

const videoCodecIds: Readonly<Record<FlvVideoCodec, number>> = {
  h264: VideoCodecId.avc,
  h265: fourCcNumber("hvc1"),
  av1: fourCcNumber("av01"),
  vp9: fourCcNumber("vp09"),
  vp8: fourCcNumber("vp08"),
};

const audioCodecIds: Readonly<Record<AudioCodec, number>> = {
  aac: SoundFormat.aac,
  mp3: SoundFormat.mp3,
  g711a: SoundFormat.g711a,
  g711u: SoundFormat.g711u,
  speex: SoundFormat.speex,
  opus: fourCcNumber("Opus"),
};

/** A frame whose time on the stream's clock is `streamTimeMs` was captured at `wallMs` (since 1970). Fractions are allowed. */
export interface CaptureMap {
  readonly streamTimeMs: number;
  readonly wallMs: number;
}

/**
 * The script tag body that goes in front of a live stream with these tracks. FLV specification 10.1
 * section E.5. Players decide by it which tags to wait for. `capture` is told as `captureStreamTimeMs` and `captureWallMs`.
 * @throws RangeError for JPEG.
 */
export function writeMetadataBody(tracks: readonly TrackInfo[], capture?: CaptureMap): Uint8Array {
  const fields: Record<string, AmfValue> = { server: "Millrace", duration: 0 };
  for (const track of tracks) {
    if (track.kind === "video") {
      if (track.width > 0) {
        fields["width"] = track.width;
        fields["height"] = track.height;
      }
      fields["videocodecid"] = videoCodecIds[flvVideoCodec(track.codec)];
    } else {
      fields["audiocodecid"] = audioCodecIds[track.codec];
      fields["audiosamplerate"] = track.sampleRate;
      fields["audiochannels"] = track.channels;
      fields["stereo"] = track.channels > 1;
    }
  }
  if (capture !== undefined) {
    fields["captureStreamTimeMs"] = capture.streamTimeMs;
    fields["captureWallMs"] = capture.wallMs;
  }
  return writeAmf0(["onMetaData", ecmaArray(fields)]);
}
