import { browserCapabilities } from "../player/ladder/capabilities.ts";
import { bufferedTypes, type DecodedFormats, type PlayOutcome } from "./judge-browser.ts";

const playMs = 3000;
const sampleRate = 8000;
const soundSeconds = 0.5;
const pictureSize = 16;
const pictureRate = 5;

/** What this browser says that it decodes. */
export function decodedFormats(): DecodedFormats {
  const { mse, nativeHls, decodes } = browserCapabilities();
  const managed = "ManagedMediaSource" in globalThis;
  return {
    webrtc: webRtcCodecs(),
    mse: mse ? (managed ? "managed" : "plain") : "none",
    nativeHls,
    buffered: Object.entries(bufferedTypes).flatMap(([name, type]) =>
      decodes(type) ? [name] : [],
    ),
  };
}

function webRtcCodecs(): readonly string[] | undefined {
  const receiver = (globalThis as { RTCRtpReceiver?: typeof RTCRtpReceiver }).RTCRtpReceiver;
  const video = receiver?.getCapabilities?.("video")?.codecs;
  const audio = receiver?.getCapabilities?.("audio")?.codecs ?? [];
  if (video === undefined) return undefined;
  const names = new Set<string>();
  for (const { mimeType, sdpFmtpLine = "" } of video) {
    const name = mimeType.replace(/^.*\//, "").toUpperCase();
    if (name === "H264" && !sdpFmtpLine.includes("packetization-mode=1")) continue;
    if (name in bufferedTypes) names.add(name);
  }
  if (audio.some(({ mimeType }) => mimeType.toLowerCase() === "audio/opus")) names.add("Opus");
  return [...names];
}

/** Plays a picture without sound. Never rejects. */
export async function tryMutedPlay(): Promise<PlayOutcome> {
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  const canvas = document.createElement("canvas");
  canvas.width = pictureSize;
  canvas.height = pictureSize;
  const pen = canvas.getContext("2d");
  if (pen === null || canvas.captureStream === undefined) return "unknown";
  const media = canvas.captureStream(pictureRate);
  let turn = 0;
  // A canvas that nobody draws on gives no picture.
  const drawing = setInterval(() => pen.fillRect(turn++ % pictureSize, 0, 1, 1), 50);
  video.srcObject = media;
  try {
    return await playOutcome(video);
  } finally {
    clearInterval(drawing);
    video.srcObject = null;
    for (const track of media.getTracks()) track.stop();
  }
}

/** Plays half a second of silence, unmuted. Never rejects. */
export async function trySoundingPlay(): Promise<PlayOutcome> {
  const audio = document.createElement("audio");
  const address = URL.createObjectURL(new Blob([silence()], { type: "audio/wav" }));
  audio.src = address;
  try {
    return await playOutcome(audio);
  } finally {
    audio.pause();
    audio.removeAttribute("src");
    URL.revokeObjectURL(address);
  }
}

async function playOutcome(media: HTMLMediaElement): Promise<PlayOutcome> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<PlayOutcome>((resolve) => {
    timer = setTimeout(() => resolve("unknown"), playMs);
  });
  const played = media.play().then(
    (): PlayOutcome => "played",
    (error: unknown): PlayOutcome =>
      error instanceof DOMException && error.name === "NotAllowedError" ? "blocked" : "unknown",
  );
  const outcome = await Promise.race([played, late]);
  clearTimeout(timer);
  return outcome;
}

/** PCM of 16 bits in the form of Microsoft's and IBM's WAVE. */
function silence(): ArrayBuffer {
  const samples = sampleRate * soundSeconds;
  const bytes = new ArrayBuffer(44 + samples * 2);
  const view = new DataView(bytes);
  const tag = (at: number, text: string): void => {
    for (let i = 0; i < text.length; i++) view.setUint8(at + i, text.charCodeAt(i));
  };
  tag(0, "RIFF");
  view.setUint32(4, bytes.byteLength - 8, true);
  tag(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  tag(36, "data");
  view.setUint32(40, samples * 2, true);
  return bytes;
}
