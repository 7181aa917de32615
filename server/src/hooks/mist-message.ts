import type { StreamHealth, Track, Transport } from "../core/index.ts";
import type { HookQuestion, SessionEnding } from "./question.ts";

/** What MistServer calls the ways to watch and publish, and words of the same kind for those that it does not have. */
const connectors: Readonly<Record<Transport, string>> = {
  rtmp: "RTMP",
  "rtmp-play": "RTMP",
  "flv-tcp": "FLV",
  whip: "WebRTC",
  whep: "WebRTC",
  webrtc: "WebRTC",
  "http-flv": "FLV",
  "ws-flv": "WSFLV",
  sse: "SSE",
  "long-poll": "POLL",
  mjpeg: "MJPEG",
  icy: "ICY",
  "ll-hls": "HLS",
  demo: "DEMO",
};

export function connectorOf(transport: Transport): string {
  return connectors[transport];
}

/** What stands behind a stream's name in the address of a transport. */
const suffixes: Partial<Readonly<Record<Transport, string>>> = {
  "http-flv": ".flv",
  "ws-flv": ".flv",
  sse: ".sse",
  "long-poll": ".poll",
  mjpeg: ".mjpg",
  icy: ".aac",
  "ll-hls": ".m3u8",
};

/** The address under which a MistServer would be asked for the same, with the token that was shown. */
export function addressOf(question: HookQuestion): string {
  const { host = "localhost", stream, token, transport } = question;
  const query = token === undefined ? "" : `?token=${encodeURIComponent(token)}`;
  const connector = connectorOf(transport);
  if (connector === "RTMP" || transport === "flv-tcp") return rtmpAddressOf(question);
  if (connector === "WebRTC") {
    const scheme = transport === "webrtc" ? "ws" : "http";
    return `${scheme}://${host}/webrtc/${stream}${query}`;
  }
  const scheme = transport === "ws-flv" ? "ws" : "http";
  return `${scheme}://${host}/${stream}${suffixes[transport] ?? ""}${query}`;
}

/** `rtmp://host/live/key`, for whoever knows only that. */
export function rtmpAddressOf({ host = "localhost", stream, token }: HookQuestion): string {
  const query = token === undefined ? "" : `?token=${encodeURIComponent(token)}`;
  return `rtmp://${host}/${stream}${query}`;
}

/** The stream's name in the address that a rewriting trigger answered; undefined when it is none. */
export function streamOfAddress(address: string): string | undefined {
  const path = /^rtmps?:\/\/[^/?#]*\/+([^?#]+)/i.exec(address)?.[1];
  try {
    return path === undefined ? undefined : decodeURIComponent(path.replace(/\/+$/, ""));
  } catch {
    return undefined;
  }
}

/** A trigger's answer is yes when it begins so. */
export function isPositive(answer: string): boolean {
  return /^(1|yes|true|cont)/i.test(answer.trim());
}

/** `USER_NEW`: stream, address, connection, connector, request, session. */
export function userNewPayload(question: HookQuestion): string {
  const { address, session = "", stream, transport } = question;
  return lines([stream, address, session, connectorOf(transport), addressOf(question), session]);
}

/** `USER_END`: session, stream, connector, address, seconds, bytes to the viewer, bytes from the viewer, tags. */
export function userEndPayload(question: HookQuestion, ending: SessionEnding): string {
  const { address, session = "", stream, transport, user } = question;
  const tags = [`reason:${ending.reason}`, ...(user === undefined ? [] : [`user:${user}`])];
  return lines([
    ...[session, stream, connectorOf(transport), address, Math.round(ending.seconds)],
    ...[ending.bytesSent, ending.bytesReceived, tags.map((tag) => `[${tag}]`).join("")],
  ]);
}

/** `STREAM_BUFFER`: stream, state and, unless it is empty, how well it is fed. */
export function streamBufferPayload(
  stream: string,
  { buffer, lagMs, sinceMs, speed }: StreamHealth,
  tracks: readonly Track[],
): string {
  if (buffer === "EMPTY") return lines([stream, buffer]);
  const issues = buffer === "DRY" ? { issues: `media is ${lagMs} ms late` } : {};
  const described = Object.fromEntries(tracks.map(({ info }) => [nameOf(info), sizeOf(info)]));
  const health = { ...issues, jitter: lagMs, speed, since: sinceMs, ...described };
  return lines([stream, buffer, JSON.stringify(health)]);
}

type TrackInfo = Track["info"];

function nameOf(info: TrackInfo): string {
  return `${info.kind}_${info.codec.toUpperCase()}`;
}

function sizeOf(info: TrackInfo): object {
  const { codec } = info;
  if (info.kind === "video") return { codec, width: info.width, height: info.height };
  return { codec };
}

/** Nothing that comes from outside adds a line. */
function lines(values: readonly (string | number)[]): string {
  return values.map((value) => String(value).replace(/[\r\n]+/g, " ")).join("\n");
}
