import { bufferedAhead, type EdgeMedia, pageIsHidden } from "../sink/live-edge-driver.ts";
import type { StatsSample, TrackSample } from "../stats.ts";

/** The part of a `<video>` that counting needs. */
export interface CountedMedia extends EdgeMedia {
  readonly videoWidth: number;
  readonly videoHeight: number;
  getVideoPlaybackQuality(): Pick<VideoPlaybackQuality, "totalVideoFrames" | "droppedVideoFrames">;
}

/** Packets of sound are not told here: a second of sound counts as so many. */
const packetsPerSecond = 50;

/** Counts what one session gives to an element. */
export class ElementCounter {
  readonly #media: CountedMedia;
  #bytes = 0;
  #playedSeconds = 0;
  #position: number | undefined;
  #bufferedMs = 0;
  #looks = 0;
  #frames = 0;
  #bytesBefore = 0;
  /** Pictures that nobody decoded because nobody could see them. */
  #unseen = 0;
  readonly #isHidden: () => boolean;

  constructor(media: CountedMedia, isHidden: () => boolean = pageIsHidden) {
    this.#media = media;
    this.#isHidden = isHidden;
  }

  /** Bytes came from the server. */
  received(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Counters of now; call about once a second. `mime` names the codecs. */
  sample(atMs: number, mime: string): StatsSample {
    const media = this.#media;
    const { totalVideoFrames, droppedVideoFrames } = media.getVideoPlaybackQuality();
    this.#look(totalVideoFrames);
    const common = {
      bytes: this.#bytes,
      bufferDelayMs: this.#bufferedMs,
      bufferEmitted: this.#looks,
    };
    const [videoCodec, audioCodec] = codecsOf(mime);
    const hasVideo = videoCodec !== undefined || media.videoWidth > 0;
    const video = trackSample({
      ...common,
      codec: videoCodec,
      framesDecoded: totalVideoFrames + this.#unseen,
      framesDropped: droppedVideoFrames,
      width: media.videoWidth || undefined,
      height: media.videoHeight || undefined,
    });
    const audio = trackSample({
      ...common,
      // One connection carries both: what came is counted once.
      bytes: hasVideo ? 0 : this.#bytes,
      codec: audioCodec,
      packets: Math.floor(this.#playedSeconds * packetsPerSecond),
    });
    const hasAudio = audioCodec !== undefined || !hasVideo;
    return {
      atMs,
      video: hasVideo ? video : undefined,
      audio: hasAudio ? audio : undefined,
      rttMs: undefined,
      path: undefined,
    };
  }

  #look(frames: number): void {
    const { currentTime } = this.#media;
    const moved = currentTime - (this.#position ?? currentTime);
    this.#playedSeconds += Math.max(0, moved);
    this.#position = currentTime;
    this.#bufferedMs += bufferedAhead(this.#media) * 1000;
    this.#looks++;
    // Browsers decode no pictures in hidden pages, some stand still: what arrives is all there is to judge by.
    const came = moved > 0 || this.#bytes > this.#bytesBefore;
    if (this.#isHidden() && frames === this.#frames && came) this.#unseen++;
    this.#frames = frames;
    this.#bytesBefore = this.#bytes;
  }
}

/** A sample of a track of which only that is known. */
export function trackSample(known: Partial<TrackSample>): TrackSample {
  return { ...nothing, ...known };
}

const nothing: TrackSample = {
  codec: undefined,
  profile: undefined,
  decoder: undefined,
  bytes: 0,
  packets: 0,
  lost: 0,
  jitterMs: undefined,
  bufferDelayMs: 0,
  bufferEmitted: 0,
  framesDecoded: 0,
  framesDropped: 0,
  freezes: 0,
  freezeMs: 0,
  width: undefined,
  height: undefined,
  nacks: 0,
  plis: 0,
  sampleRate: undefined,
  channels: undefined,
  samples: 0,
  concealedSamples: 0,
  level: undefined,
};

/** Names as people know them of the codecs in a MIME type (RFC 6381). */
const names: readonly (readonly [RegExp, string, "video" | "audio"])[] = [
  [/^avc[13]/i, "H264", "video"],
  [/^(hvc1|hev1)/i, "H265", "video"],
  [/^av01/i, "AV1", "video"],
  [/^vp0?9/i, "VP9", "video"],
  [/^vp0?8/i, "VP8", "video"],
  [/^mp4a/i, "AAC", "audio"],
  [/^opus/i, "opus", "audio"],
  [/^(mp3|\.mp3)/i, "MP3", "audio"],
];

function codecsOf(mime: string): readonly [string | undefined, string | undefined] {
  const list = /codecs="?([^"]*)"?/.exec(mime)?.[1]?.split(",") ?? [];
  const found = list.flatMap((codec) => names.filter(([pattern]) => pattern.test(codec.trim())));
  const of = (kind: string) => found.find((entry) => entry[2] === kind)?.[1];
  return [of("video"), of("audio")];
}
