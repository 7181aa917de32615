import {
  AudioObjectType,
  audioTrackInfoFromAsc,
  writeAudioSpecificConfig,
} from "@millrace/media/aac";
import type { AudioTrackInfo, TrackInfo } from "@millrace/media/frame";

const sampleRate = 48_000;

/** All AAC that is made here, whichever engine makes it: AAC-LC at 48 kHz. */
export function aacInfo(channels: 1 | 2): AudioTrackInfo {
  const objectType = AudioObjectType.lc;
  return audioTrackInfoFromAsc(
    writeAudioSpecificConfig({ objectType, sampleRate, channelConfiguration: channels }),
  );
}

/** Mono stays mono; everything else becomes stereo. */
export function aacChannels(source: TrackInfo): 1 | 2 {
  return source.kind === "audio" && source.channels === 1 ? 1 : 2;
}

/** Mono gets half of what stereo gets. */
export function aacBitrate(stereoBps: number, channels: 1 | 2): number {
  return Math.round((stereoBps * channels) / 2);
}
