import type { Transport } from "./ports.ts";

/** What is known of a publisher's video at one moment. */
export interface VideoSight {
  /** Pictures per second; 0 while unknown. */
  readonly frameRate: number;
  /** As `FrameMeter.unevenness`; undefined where packets are forwarded and no frames are seen. */
  readonly unevenness: number | undefined;
  /** Since the newest picture came; undefined: none came. Microseconds. */
  readonly sinceUs: number | undefined;
  /** Since the newest key frame came, or since the video began. Microseconds. */
  readonly sinceKeyUs: number;
  /** Bits per second of two seconds each, oldest first. */
  readonly bitratesBps: readonly number[];
}

/** What is known of a publisher's sound at one moment. */
export interface AudioSight {
  readonly codec: string;
  readonly sampleRate: number;
  readonly sinceUs: number | undefined;
}

/** What is known of a publisher at one moment. */
export interface PublisherSight {
  readonly transport: Transport;
  readonly video: VideoSight | undefined;
  readonly audio: AudioSight | undefined;
  /** Encoder's time that came per time that passed, over the last ten seconds; undefined before. */
  readonly speed: number | undefined;
  readonly driftPpm: number | undefined;
  /** How much newer the newest sound is than the newest picture. Microseconds. */
  readonly apartUs: number | undefined;
  /** Jumps of the encoder's time line in the last minute. */
  readonly jumps: number;
  /** What the slower half of the viewers' networks carry; undefined where too few say so. */
  readonly viewersBps: number | undefined;
}

/** Something that an encoder's settings can be told to be better. */
export interface Advice {
  readonly code: string;
  /** How long it must be so before it is said. Milliseconds. */
  readonly holdMs: number;
  /** What to change, in one or two sentences; undefined: nothing. */
  find(sight: PublisherSight): string | undefined;
}

/** Nothing came for so long: neither picture nor sound says anything about the encoder's settings. */
const awayUs = 2_000_000;
const silentUs = 10_000_000;
const keylessUs = 10_000_000;
const leastFrameRate = 12;
const mostUneven = 0.35;
const enoughBitrates = 10;
const mostSwing = 2.5;
const leastSwingBps = 1_000_000;
const leastSpeed = 0.97;
const mostDriftPpm = 1000;
const mostApartUs = 500_000;
const mostJumps = 3;
const opusSampleRate = 48_000;

/** Programs with settings of their own; browsers choose by themselves. */
const encoders: ReadonlySet<Transport> = new Set(["rtmp", "flv-tcp", "http-flv", "whip"]);
/** Whose sound is turned into Opus for browsers. */
const resampled = new Set(["aac", "mp3", "g711a", "g711u", "speex"]);

/** All that is looked for, in the order in which it should be put right. */
export const adviceList: readonly Advice[] = [
  {
    code: "ENCODER_SLOW",
    holdMs: 5000,
    find({ speed, video, audio }) {
      if (speed === undefined || speed >= leastSpeed || !(comes(video) || comes(audio)))
        return undefined;
      const percent = Math.round(100 * (1 - speed));
      return `Media comes ${percent} % slower than it is watched: the encoder or its network does not keep up. Lower the resolution or the bit rate, or take a faster preset (OBS: Output, Encoder Preset; ffmpeg: -preset ultrafast).`;
    },
  },
  {
    code: "KEY_FRAME_MISSING",
    holdMs: 0,
    find({ video }) {
      if (!comes(video) || video.sinceKeyUs < keylessUs) return undefined;
      const seconds = Math.round(video.sinceKeyUs / 1e6);
      return `No key frame came for ${seconds} s, so that nobody new sees a picture: set the key frame interval to 2 s (OBS: Output, Keyframe Interval 2; ffmpeg: -g 60 at 30 fps).`;
    },
  },
  {
    code: "SOUND_MISSING",
    holdMs: 10_000,
    find({ transport, video, audio }) {
      if (!encoders.has(transport) || !comes(video)) return undefined;
      if (audio === undefined) {
        return "The stream has no sound: add a source of sound (OBS: Sources, Audio Input Capture; ffmpeg: a second -i and -c:a aac).";
      }
      if ((audio.sinceUs ?? silentUs) < silentUs) return undefined;
      return "The sound stopped while the picture goes on: look at the encoder's source of sound (OBS: Audio Mixer).";
    },
  },
  {
    code: "AUDIO_VIDEO_APART",
    holdMs: 10_000,
    find({ video, audio, apartUs = 0 }) {
      if (!comes(video) || !comes(audio) || Math.abs(apartUs) < mostApartUs) return undefined;
      const [first, then] = apartUs > 0 ? ["sound", "picture"] : ["picture", "sound"];
      const ms = Math.round(Math.abs(apartUs) / 100_000) * 100;
      return `The ${first} comes ${ms} ms before the ${then} of the same moment, and viewers wait for both: set delays of sources to 0 (OBS: Advanced Audio Properties, Sync Offset 0; ffmpeg: leave -itsoffset out).`;
    },
  },
  {
    code: "TIMELINE_JUMPS",
    holdMs: 0,
    find({ jumps }) {
      if (jumps < mostJumps) return undefined;
      return `The encoder's timestamps jumped ${jumps} times within a minute, and each time viewers see a break: give it one clock (ffmpeg: -use_wallclock_as_timestamps 1 before -i, or -fflags +genpts).`;
    },
  },
  {
    code: "CLOCK_DRIFT",
    holdMs: 30_000,
    find({ driftPpm = 0 }) {
      if (Math.abs(driftPpm) < mostDriftPpm) return undefined;
      const way = driftPpm > 0 ? "fast" : "slow";
      const percent = (Math.abs(driftPpm) / 10_000).toFixed(1);
      return `The encoder's clock goes ${percent} % too ${way}: set its source of sound and its output to the same sample rate (OBS: Audio, Sample Rate 48 kHz, as the sound card has it).`;
    },
  },
  {
    code: "FRAME_RATE_LOW",
    holdMs: 10_000,
    find({ transport, video }) {
      if (!encoders.has(transport) || !comes(video)) return undefined;
      const { frameRate } = video;
      if (frameRate === 0 || frameRate >= leastFrameRate) return undefined;
      return `Only ${frameRate.toFixed(1)} pictures come each second, which looks like a slide show: set 25 to 60 (OBS: Video, Common FPS Values; ffmpeg: -r 30), or take a faster preset where the encoder leaves pictures out.`;
    },
  },
  {
    code: "FRAME_RATE_VARIABLE",
    holdMs: 10_000,
    find({ transport, video }) {
      if (!encoders.has(transport) || !comes(video) || video.frameRate < leastFrameRate)
        return undefined;
      if ((video.unevenness ?? 0) < mostUneven) return undefined;
      return "Pictures come at uneven times, which viewers see as stutter: set a constant frame rate (OBS: Video, Common FPS Values; ffmpeg: -fps_mode cfr -r 30).";
    },
  },
  {
    code: "BITRATE_UNSTEADY",
    holdMs: 0,
    find({ transport, video }) {
      if (!encoders.has(transport) || !comes(video)) return undefined;
      const rates = video.bitratesBps;
      const most = Math.max(...rates);
      const usual = rates.toSorted((a, b) => a - b)[rates.length >> 1] ?? 0;
      const isSteady = most < mostSwing * usual || most - usual < leastSwingBps;
      if (rates.length < enoughBitrates || isSteady) return undefined;
      return `The bit rate goes up to ${megabits(most)} Mbit/s from ${megabits(usual)}, and networks stall at the tops: set rate control to CBR (OBS: Output, Rate Control CBR; ffmpeg: -maxrate and -bufsize as -b:v).`;
    },
  },
  {
    code: "BITRATE_ABOVE_VIEWERS",
    holdMs: 20_000,
    find({ transport, video, viewersBps }) {
      const bitrateBps = video?.bitratesBps.at(-1) ?? 0;
      if (!encoders.has(transport) || viewersBps === undefined || bitrateBps <= viewersBps)
        return undefined;
      return `The networks of half of the viewers carry less than ${megabits(viewersBps)} Mbit/s, the video has ${megabits(bitrateBps)}: lower its bit rate (OBS: Output, Bitrate; ffmpeg: -b:v), or publish simulcast layers.`;
    },
  },
  {
    code: "SAMPLE_RATE",
    holdMs: 0,
    find({ audio }) {
      if (audio === undefined || !resampled.has(audio.codec)) return undefined;
      if (audio.sampleRate === opusSampleRate || audio.sampleRate === 0) return undefined;
      return `The sound has ${audio.sampleRate / 1000} kHz and is resampled for browsers: set 48 kHz (OBS: Audio, Sample Rate; ffmpeg: -ar 48000).`;
    },
  },
];

function comes<T extends { readonly sinceUs: number | undefined }>(
  track: T | undefined,
): track is T {
  return track?.sinceUs !== undefined && track.sinceUs < awayUs;
}

function megabits(bps: number): string {
  return (bps / 1e6).toFixed(1);
}
