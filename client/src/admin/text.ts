import { bytesText } from "@millrace/signaling/capacity";
import {
  codecName,
  formatBitrate,
  formatDuration,
  formatShare,
  unknownFigure,
} from "../ui/figures.ts";

/** `10,482`. */
export function countText(count: number | undefined): string {
  return count === undefined ? unknownFigure : Math.round(count).toLocaleString("en");
}

/** `1 viewer`, `2 viewers`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`;
}

/** `2.5 Mbit`: what fits beside a graph. */
export function shortBitrateText(bps: number): string {
  const short = (value: number): string => String(Math.round(value * 100) / 100);
  if (bps >= 1e9) return `${short(bps / 1e9)} Gbit`;
  if (bps >= 1e6) return `${short(bps / 1e6)} Mbit`;
  return bps === 0 ? "0" : `${short(bps / 1e3)} kbit`;
}

/** `1.5 MB`. */
export function sizeText(bytes: number | undefined): string {
  return bytes === undefined ? unknownFigure : bytesText(bytes);
}

/** How long: `12 s`, `4 min 05 s`, `2 h 05 min`, `3 d 4 h`. */
export function spanText(ms: number | undefined): string {
  if (ms === undefined) return unknownFigure;
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number): string => String(value).padStart(2, "0");
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `12:05:09`, in the reader's own time. */
export function clockText(ms: number): string {
  const date = new Date(ms);
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
}

/** `30 fps`. */
export function framesText(perSecond: number | undefined): string {
  if (perSecond === undefined) return unknownFigure;
  return `${perSecond < 10 ? rateText(perSecond) : Math.round(perSecond)} fps`;
}

/** `48`, `44.1`. */
export function rateText(perSecond: number | undefined): string {
  if (perSecond === undefined) return unknownFigure;
  const rounded = Math.round(perSecond * 10) / 10;
  return Number.isInteger(rounded) ? String(rounded) : rounded.toFixed(1);
}

/** `1280 × 720`. */
export function sizeOfPicture(width: number | undefined, height: number | undefined): string {
  return width === undefined || height === undefined ? unknownFigure : `${width} × ${height}`;
}

/** `H.264` of `avc1.42e01f`; a codec that is not known stands for itself. */
export function codecText(codec: string): string {
  const known: readonly (readonly [RegExp, string])[] = [
    [/^avc[13]/, "h264"],
    [/^h(vc|ev)1/, "h265"],
    [/^av01/, "av1"],
    [/^vp0?8/, "vp8"],
    [/^vp0?9/, "vp9"],
    [/^mp4a\.(6b|69|40\.34)/i, "mp3"],
    [/^mp4a/, "aac"],
  ];
  if (codec === "jpeg") return "JPEG";
  return codecName(known.find(([pattern]) => pattern.test(codec))?.[1] ?? codec);
}

const browsers: readonly (readonly [string, RegExp])[] = [
  ["Edge", /\bEdg\w*\/(\d+)/],
  ["Opera", /\bOPR\/(\d+)/],
  ["Firefox", /\bFirefox\/(\d+)/],
  ["Chrome", /\b(?:Headless)?Chrom(?:e|ium)\/(\d+)/],
  ["Safari", /\bVersion\/(\d+).*\bSafari\//],
];
const systems: readonly (readonly [string, RegExp])[] = [
  ["Android", /\bAndroid\b/],
  ["iOS", /\b(?:iPhone|iPad|iPod)\b/],
  ["Windows", /\bWindows\b/],
  ["macOS", /\bMac OS X\b/],
  ["ChromeOS", /\bCrOS\b/],
  ["Linux", /\bLinux\b/],
];

/** `Chrome 120, Linux` of a browser's name for itself; of programs the first part of theirs. */
export function agentText(userAgent: string | undefined): string {
  if (userAgent === undefined) return unknownFigure;
  for (const [name, pattern] of browsers) {
    const version = pattern.exec(userAgent)?.[1];
    if (version === undefined) continue;
    const system = systems.find(([, mark]) => mark.test(userAgent))?.[0];
    return [`${name} ${version}`, ...(system === undefined ? [] : [system])].join(", ");
  }
  const plain = userAgent.trim().split(/\s+\(|\s+\+|;/)[0] ?? userAgent;
  return plain.length > 40 ? `${plain.slice(0, 39)}…` : plain;
}

/** A figure by the unit in its name: `roundTripMs`, `lossRatio`, `bitrateBps`, `bytesSent`. Undefined for what is none. */
export function figureText(name: string, value: unknown): string | undefined {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return value;
  if (typeof value !== "number" || !Number.isFinite(value)) return undefined;
  if (/Ms$/.test(name)) return formatDuration(value);
  if (/Bps$/.test(name)) return formatBitrate(value);
  if (/Ratio$/.test(name)) return formatShare(value);
  if (/Ppm$/.test(name)) return `${rateText(value)} ppm`;
  if (/Seconds$/.test(name)) return formatDuration(value * 1000);
  if (/^bytes|Bytes$/.test(name)) return sizeText(value);
  return Number.isInteger(value) ? countText(value) : rateText(value);
}

const unitOfName = /(Ms|Bps|Ratio|Ppm|Seconds)$/;
const shortNames: Readonly<Record<string, string>> = {
  roundTripMs: "Round trip",
  lossRatio: "Loss",
  bytesReceived: "Received",
  bytesSent: "Sent",
  bitrateBps: "Bit rate",
  bFrames: "B-frames",
  gopMs: "Key interval",
  keyIntervalMs: "Key interval",
};

/** `Frames dropped` of `framesDropped`. */
export function figureName(name: string): string {
  const short = shortNames[name];
  if (short !== undefined) return short;
  const words = name
    .replace(unitOfName, "")
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
