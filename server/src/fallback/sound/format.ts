import {
  type AudioSpecificConfig,
  adtsHeaderBytes,
  fitsAdts,
  maxAdtsFrameBytes,
  parseAudioSpecificConfig,
  writeAdtsHeader,
} from "@millrace/media/aac";
import type { TrackInfo } from "@millrace/media/frame";
import { ProtocolError } from "../../core/index.ts";

/** How sound is sent, by the suffix of its address. */
export type SoundFormat = "aac" | "mp3";

export const contentTypes: Readonly<Record<SoundFormat, string>> = {
  aac: "audio/aac",
  mp3: "audio/mpeg",
};

/** Puts what a frame needs in front of it. */
export interface Framer {
  /** Empty where a frame is sent as it is; undefined when the frame cannot be sent. */
  header(payloadBytes: number): Uint8Array | undefined;
}

const nothing = new Uint8Array(0);

const plainFramer: Framer = { header: () => nothing };

/** How frames of a track become bytes; undefined when its format has no way to say what they are. */
export function framerOf(info: TrackInfo, format: SoundFormat): Framer | undefined {
  if (info.codec !== format) return undefined;
  if (format === "mp3") return plainFramer;
  const config = adtsConfig(info.config);
  return config === undefined ? undefined : new AdtsFramer(config);
}

/** ISO/IEC 14496-3 section 1.A.3.2. */
class AdtsFramer implements Framer {
  readonly #config: AudioSpecificConfig;

  constructor(config: AudioSpecificConfig) {
    this.#config = config;
  }

  header(payloadBytes: number): Uint8Array | undefined {
    if (payloadBytes + adtsHeaderBytes > maxAdtsFrameBytes) return undefined;
    return writeAdtsHeader(this.#config, payloadBytes);
  }
}

function adtsConfig(bytes: Uint8Array): AudioSpecificConfig | undefined {
  if (bytes.byteLength === 0) return undefined;
  try {
    const config = parseAudioSpecificConfig(bytes);
    return fitsAdts(config) ? config : undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
