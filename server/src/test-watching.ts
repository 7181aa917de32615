import { once } from "node:events";
import { Agent, get as httpGet, type IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { SignalingClient } from "@millrace/signaling/client";
import type { Transport } from "./core/index.ts";
import { CHROMIUM_OFFER } from "./rtc/sdp/test-chromium-offer.ts";
import { TestRemote } from "./rtc/test-remote.ts";
import { TestSocket } from "./rtmp/test-socket.ts";

/** Where a gateway listens on loopback. */
export interface Site {
  readonly http: number;
  readonly rtc: number;
  readonly rtmp: number;
}

/** Somebody who watches `live/demo`, with what went over its own sockets. */
export interface Watching {
  /** Its end of the connection that carries the media. */
  readonly protocol: "tcp" | "udp";
  readonly port: number;
  bytesReceived(): number;
  /** Requests, checks and whatever else it said. */
  bytesSent(): number;
  /** Goes away as clients of that kind do. */
  leave(): Promise<void> | void;
}

const targets: Partial<Record<Transport, string>> = {
  "http-flv": "/live/demo.flv",
  sse: "/live/demo.sse?media=1",
  mjpeg: "/live/demo.mjpg",
  icy: "/live/demo.aac",
};

/** All ways to watch. */
export const ways: readonly Transport[] = [
  ...(["webrtc", "whep", "http-flv", "ws-flv", "sse"] as const),
  ...(["long-poll", "mjpeg", "ll-hls", "icy", "rtmp-play"] as const),
];

/** Begins to watch over `transport`; `client` is what it calls itself. */
export async function watch(transport: Transport, site: Site, client?: string): Promise<Watching> {
  const named = client === undefined ? "" : `client=${client}`;
  switch (transport) {
    case "webrtc":
      return watchBySignaling(site, client);
    case "whep":
      return watchByWhep(site, named);
    case "ws-flv":
      return watchRaw(site, withQuery("/live/demo.flv", named), [
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
      ]);
    case "long-poll":
      return watchAgain(site, pollSteps(withQuery("/live/demo.poll?media=1", named)));
    case "ll-hls":
      return watchAgain(site, await hlsSteps(site, named));
    case "rtmp-play":
      return watchByRtmp(site, named);
    default:
      return watchRaw(site, withQuery(targets[transport] ?? "", named), []);
  }
}

async function watchRaw(site: Site, target: string, lines: readonly string[]): Promise<Watching> {
  const socket = connect(site.http, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  const head = [`GET ${target} HTTP/1.1`, "Host: 127.0.0.1", ...lines];
  socket.write(`${head.join("\r\n")}\r\n\r\n`);
  await once(socket, "data");
  socket.resume();
  return overTcp(socket, () => socket.destroy());
}

function overTcp(socket: Socket, leave: () => void): Watching {
  const port = socket.localPort ?? 0;
  return {
    protocol: "tcp",
    port,
    bytesReceived: () => socket.bytesRead,
    bytesSent: () => socket.bytesWritten,
    leave,
  };
}

/** Asks over one connection, the next address after each answer, until it leaves in the middle of an answer. */
async function watchAgain(
  site: Site,
  next: (answer: IncomingMessage | undefined, body: Buffer) => string,
): Promise<Watching> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let socket: Socket | undefined;
  let left = false;
  const answers: IncomingMessage[] = [];
  const ask = (target: string): void => {
    if (left) return;
    const request = httpGet({ port: site.http, host: "127.0.0.1", path: target, agent });
    request.on("error", () => {});
    request.once("socket", (used: Socket) => {
      socket = used;
    });
    request.once("response", async (answer: IncomingMessage) => {
      answers.push(answer);
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("error", () => {});
      answer.once("end", () => ask(next(answer, Buffer.concat(chunks))));
    });
  };
  ask(next(undefined, Buffer.alloc(0)));
  while (answers.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  if (socket === undefined) throw new Error("no connection");
  return overTcp(socket, () => {
    left = true;
    socket?.destroy();
  });
}

function pollSteps(first: string): (answer: IncomingMessage | undefined) => string {
  return (answer) => {
    if (answer === undefined) return first;
    const { "millrace-next": after, "millrace-session": session } = answer.headers;
    return `${first}&hold=5&after=${after}&session=${session}`;
  };
}

/** The playlist, and what it lists last, again and again. */
async function hlsSteps(
  site: Site,
  named: string,
): Promise<(answer: IncomingMessage | undefined, body: Buffer) => string> {
  const first = await fetch(`http://127.0.0.1:${site.http}${withQuery("/live/demo.m3u8", named)}`);
  const playlist = `/live/${(await first.text()).split("\n").find((line) => /^[^#]/.test(line))}`;
  const base = `http://127.0.0.1${playlist}`;
  let sequence = 0;
  let part = 0;
  return (answer, body) => {
    if (answer === undefined) return playlist;
    const text = body.toString("latin1");
    if (!text.startsWith("#EXTM3U")) {
      return `${playlist}${playlist.includes("?") ? "&" : "?"}_HLS_msn=${sequence}&_HLS_part=${part}`;
    }
    const complete = [...text.matchAll(/#EXTINF/g)].length;
    sequence = Number(/MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1]) + complete;
    const open = text.slice(text.lastIndexOf("#EXTINF"));
    part = [...open.matchAll(/#EXT-X-PART:/g)].length;
    const uris = [...text.matchAll(/#EXT-X-PART:[^\n]*URI="([^"]+)"/g)];
    const { pathname, search } = new URL(uris.at(-1)?.[1] ?? "", base);
    return pathname + search;
  };
}

async function watchByRtmp(site: Site, named: string): Promise<Watching> {
  const player = await (await TestSocket.open(site.rtmp)).play(`demo${named && `?${named}`}`);
  return overTcp(player.socket, () => player.socket.destroy());
}

async function watchByWhep(site: Site, named: string): Promise<Watching> {
  const remote = new TestRemote(site.rtc);
  const endpoint = `http://127.0.0.1:${site.http}${withQuery("/whep/live/demo", named)}`;
  let location = "";
  const answer = async (body: string): Promise<string> => {
    const headers = { "Content-Type": "application/sdp" };
    const reply = await fetch(endpoint, { method: "POST", headers, body });
    location = new URL(reply.headers.get("location") ?? "", endpoint).href;
    return reply.text();
  };
  await remote.join({ answer }, CHROMIUM_OFFER);
  return overUdp(remote, async () => {
    await fetch(location, { method: "DELETE" });
    remote.close();
  });
}

async function watchBySignaling(site: Site, client: string | undefined): Promise<Watching> {
  const remote = new TestRemote(site.rtc);
  const signaling = new SignalingClient({
    url: `http://127.0.0.1:${site.http}`,
    ...(client !== undefined && { client }),
  });
  const session = await signaling.watch("live/demo");
  const answer = async (sdp: string): Promise<string> => {
    return (await session.describe({ type: "offer", sdp }))?.sdp ?? "";
  };
  await remote.join({ answer }, CHROMIUM_OFFER);
  return overUdp(remote, () => {
    session.leave();
    remote.close();
    signaling.close();
  });
}

function overUdp(remote: TestRemote, leave: () => Promise<void> | void): Watching {
  const { port } = remote;
  return {
    protocol: "udp",
    port,
    bytesReceived: () => remote.receivedBytes,
    bytesSent: () => remote.sentBytes,
    leave,
  };
}

function withQuery(target: string, query: string): string {
  if (query === "") return target;
  return `${target}${target.includes("?") ? "&" : "?"}${query}`;
}
