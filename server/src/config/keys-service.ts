import { isStreamPattern } from "./checks.ts";
import { choice, integer, list, type SpecsOf, text, toggle } from "./kinds.ts";

export const mediaKeys: SpecsOf<"transcode" | "publisher" | "gop" | "limits"> = {
  "transcode.engine": choice({
    default: "auto",
    of: ["auto", "node-av", "ffmpeg", "none"],
    about:
      "What makes Opus out of AAC and the other way round, H.264 without B-frames, and JPEG pictures; auto: node-av when installed, else ffmpeg, else nothing.",
  }),
  "transcode.maxTranscodes": integer({
    default: 400,
    min: 1,
    max: 10_000,
    about: "Tracks transcoded at once; further ones are refused with TRANSCODER_FULL.",
  }),
  "transcode.maxProcesses": integer({
    default: 0,
    min: 0,
    max: 1024,
    about: "Codec processes that work at once; 0: one less than there are cores, but at least one.",
  }),
  "transcode.warmSpare": toggle({
    default: true,
    about:
      "Keep one codec process ready, about 90 MB, so that the first viewer does not wait for it.",
  }),
  "transcode.opusBitrateBps": integer({
    default: 96_000,
    min: 6_000,
    max: 510_000,
    unit: "bit/s",
    about: "Bit rate of the Opus sound that is made.",
  }),
  "transcode.aacBitrateBps": integer({
    default: 128_000,
    min: 16_000,
    max: 320_000,
    unit: "bit/s",
    about:
      "Bit rate of the stereo AAC sound that is made for players without Opus; mono has half of it.",
  }),
  "transcode.ffmpegPath": text({
    default: "ffmpeg",
    check: (value) => value.length > 0 && value.length <= 4096 && !value.includes("\0"),
    allowed: "the name or path of a program",
    placeholder: "<path>",
    about: "The ffmpeg that is used where node-av is not there.",
  }),
  "publisher.graceSeconds": integer({
    default: 30,
    min: 0,
    max: 86_400,
    unit: "seconds",
    about: "How long a stream and its viewers wait for a publisher that vanished.",
  }),
  "gop.maxSeconds": integer({
    default: 20,
    min: 1,
    max: 300,
    unit: "seconds",
    about: "Longest group of pictures that is kept so that late viewers start at once.",
  }),
  "gop.maxBytes": integer({
    default: 16_777_216,
    min: 65_536,
    max: 1_073_741_824,
    unit: "bytes",
    about: "Largest group of pictures that is kept so that late viewers start at once.",
  }),
  "limits.streams": integer({
    default: 1000,
    min: 1,
    max: 1_000_000,
    about: "Streams at once; further publishers are refused with STREAMS_FULL.",
  }),
  "limits.viewersPerStream": integer({
    default: 5000,
    min: 1,
    max: 1_000_000,
    about: "Viewers of one stream at once; further ones are refused with VIEWERS_FULL.",
  }),
  "limits.flvGatherMs": integer({
    default: 33,
    min: 0,
    max: 1000,
    unit: "milliseconds",
    about:
      "Longest time between two writes to an HTTP-FLV viewer while there is something to write: up to 50 viewers are written to at once, 200 and more after this time, those in between sooner.",
  }),
};

export const apiKeys: SpecsOf<"api"> = {
  "api.srsStreams": toggle({
    default: false,
    about:
      "GET /api/v1/streams speaks as SRS does unless it is asked with shape=millrace; see api.md.",
  }),
};

export const processKeys: SpecsOf<"demo" | "shutdown" | "log" | "metrics"> = {
  demo: toggle({
    default: false,
    about: "Publish the built-in moving picture with clock and beep to live/demo.",
  }),
  "shutdown.drainSeconds": integer({
    default: 10,
    min: 0,
    max: 600,
    unit: "seconds",
    about: "How long the server waits at SIGTERM for what is under way before it ends.",
  }),
  "log.level": choice({
    default: "info",
    of: ["error", "warn", "info", "debug"],
    about: "The least important lines that are logged.",
  }),
  "log.format": choice({
    default: "auto",
    of: ["auto", "json", "text"],
    about: "JSON lines or readable text on standard output; auto: text on a terminal, else JSON.",
  }),
  "metrics.streams": list({
    default: [],
    max: 100,
    check: isStreamPattern,
    allowed: "a stream name, in which * stands for any characters within a segment",
    placeholder: "<pattern,…>",
    about:
      "Streams with series of their own at /metrics, 100 of them at once; all others are only counted together.",
  }),
};
