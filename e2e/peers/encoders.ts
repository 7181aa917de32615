import type { TestNetwork } from "./network.ts";
import { Peer } from "./process.ts";

export interface TestPicture {
  readonly profile?: "baseline" | "main" | "high";
  readonly width?: number;
  readonly height?: number;
  readonly fps?: number;
  /** Key frame interval in seconds. */
  readonly gopSeconds?: number;
  readonly bFrames?: number;
  readonly sampleRate?: 44100 | 48000;
  readonly channels?: 1 | 2;
}

/** ffmpeg publishing its test picture and a tone in real time, on the server's host of a network if one is given. */
export function publishWithFfmpeg(
  url: string,
  picture: TestPicture = {},
  network?: TestNetwork,
): Peer {
  const { width = 1280, height = 720, fps = 30, gopSeconds = 2, bFrames = 0 } = picture;
  const gop = String(Math.round(fps * gopSeconds));
  const args = [
    ...["-hide_banner", "-loglevel", "warning"],
    ...["-re", "-f", "lavfi", "-i", `testsrc2=size=${width}x${height}:rate=${fps}`],
    ...[
      "-re",
      "-f",
      "lavfi",
      "-i",
      `sine=frequency=440:sample_rate=${picture.sampleRate ?? 48000}`,
    ],
    ...["-c:v", "libx264", "-preset", "ultrafast", "-threads", "1", "-pix_fmt", "yuv420p"],
    // ultrafast switches off what main and high are about; these put it back.
    ...(picture.profile === "baseline" ? [] : ["-coder", "1", "-x264-params", "8x8dct=1:cabac=1"]),
    ...["-profile:v", picture.profile ?? "high", "-bf", String(bFrames)],
    ...["-g", gop, "-keyint_min", gop, "-sc_threshold", "0", "-b:v", "2500k", "-maxrate", "2500k"],
    ...["-bufsize", "2500k", "-c:a", "aac", "-b:a", "128k", "-ac", String(picture.channels ?? 2)],
    ...["-f", "flv", url],
  ];
  return new Peer(...(network?.onServer("ffmpeg", args) ?? (["ffmpeg", args] as const)));
}

/** GStreamer publishing its test picture and a tone in real time. */
export function publishWithGstreamer(url: string, picture: TestPicture = {}): Peer {
  const { width = 1280, height = 720, fps = 30, gopSeconds = 2, profile = "main" } = picture;
  const videoCaps = `video/x-raw,width=${width},height=${height},framerate=${fps}/1`;
  const audioCaps = `audio/x-raw,rate=${picture.sampleRate ?? 48000},channels=${picture.channels ?? 2}`;
  return new Peer("gst-launch-1.0", [
    ...["-q", "flvmux", "streamable=true", "name=mux", "!", "rtmp2sink", `location=${url}`],
    ...["videotestsrc", "is-live=true", "pattern=ball", "!", videoCaps, "!", "videoconvert", "!"],
    ...["x264enc", "tune=zerolatency", "speed-preset=ultrafast", "bitrate=2500", "threads=1"],
    ...[`key-int-max=${Math.round(fps * gopSeconds)}`, `bframes=${picture.bFrames ?? 0}`, "!"],
    ...[`video/x-h264,profile=${profile}`, "!", "h264parse", "!", "queue", "!", "mux."],
    ...["audiotestsrc", "is-live=true", "wave=sine", "freq=440", "!", audioCaps, "!"],
    ...[
      "audioconvert",
      "!",
      "avenc_aac",
      "bitrate=128000",
      "!",
      "aacparse",
      "!",
      "queue",
      "!",
      "mux.",
    ],
  ]);
}
