import { once } from "node:events";
import { connect } from "node:net";
import { io, type Socket } from "socket.io-client";
import { CHROMIUM_OFFER } from "./rtc/sdp/test-chromium-offer.ts";
import { TestClient } from "./rtmp/test-client.ts";
import type { Outcome, Way } from "./test-access-rig.ts";

/** What a gateway without a transcoder says to those whom it let in. */
const letIn = ["NO_TRANSCODER", "TRACK_MISSING", "CODEC_UNSUPPORTED"];

function outcome(code: string, status?: number): Outcome {
  return letIn.includes(code) ? { code: "ok" } : { code, status };
}

const http =
  (path: (stream: string) => string, init: RequestInit = {}): Way =>
  async (rig, token, { stream, address }) => {
    const stop = new AbortController();
    const response = await fetch(`${rig.site}${path(stream)}`, {
      ...init,
      headers: {
        ...init.headers,
        ...(token && { Authorization: `Bearer ${token}` }),
        "X-Forwarded-For": address,
      },
      signal: stop.signal,
    });
    const { headers, status } = response;
    const isProblem = headers.get("content-type")?.includes("problem+json");
    const code = isProblem ? ((await response.json()) as { code: string }).code : "ok";
    stop.abort();
    return outcome(code, status);
  };

/** A playlist, the one of media below it and the first thing that that names. */
const hlsMedia: Way = async (rig, token, { stream, address }) => {
  const headers = {
    ...(token && { Authorization: `Bearer ${token}` }),
    "X-Forwarded-For": address,
  };
  let url = new URL(`${rig.site}/${stream}.m3u8`);
  let text = "";
  const get = async (): Promise<Outcome | undefined> => {
    const response = await fetch(url, { headers });
    if (response.ok) {
      text = await response.text();
      return undefined;
    }
    return outcome(((await response.json()) as { code: string }).code, response.status);
  };
  // Whoever knows the address of what is below the playlist is not let in either.
  if (token === undefined) url = new URL(`${rig.site}/${stream}.hls/media.m3u8`);
  for (let step = 0; step < 3; step++) {
    const refused = await get();
    if (refused !== undefined) return refused;
    const next = /^[^#\s].*$/m.exec(text)?.[0] ?? /URI="([^"]+)"/.exec(text)?.[1];
    if (step < 2) url = new URL(next ?? "nothing", url);
  }
  return { code: "ok", status: 200 };
};

const webSocketFlv: Way = async (rig, token, { stream, address }) => {
  const socket = connect(rig.port("http"), "127.0.0.1");
  socket.write(
    `GET /${stream}.flv${token === undefined ? "" : `?token=${token}`} HTTP/1.1\r\nHost: a\r\n` +
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
      `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Forwarded-For: ${address}\r\n\r\n`,
  );
  let text = "";
  for await (const bytes of socket) {
    text += (bytes as Buffer).toString("latin1");
    if (text.startsWith("HTTP/1.1 101")) break;
  }
  socket.destroy();
  if (text.startsWith("HTTP/1.1 101")) return { code: "ok" };
  const status = Number(/^HTTP\/1.1 (\d+)/.exec(text)?.[1]);
  return { code: /"code":"([A-Z_]+)"/.exec(text)?.[1] ?? text, status };
};

const socketIo =
  (event: "watch" | "publish"): Way =>
  async (rig, token, { stream, address }) => {
    const socket: Socket = io(`${rig.site}/signal`, {
      transports: ["websocket"],
      forceNew: true,
      reconnection: false,
      extraHeaders: { "X-Forwarded-For": address },
      ...(token === undefined ? {} : { auth: { token } }),
    });
    try {
      const reply = await socket.timeout(20_000).emitWithAck(event, { stream });
      return { code: reply.ok ? "ok" : reply.error.code };
    } finally {
      socket.disconnect();
    }
  };

const sdp = (action: "play" | "publish"): string =>
  action === "play" ? CHROMIUM_OFFER : CHROMIUM_OFFER.replaceAll("a=recvonly", "a=sendonly");

/** `POST` of an offer; the session that it makes is ended again. */
const offer =
  (action: "play" | "publish", path: (stream: string) => string): Way =>
  async (rig, token, { stream, address }) => {
    const headers = {
      ...(token && { Authorization: `Bearer ${token}` }),
      "X-Forwarded-For": address,
    };
    const response = await fetch(`${rig.site}${path(stream)}`, {
      method: "POST",
      headers: { ...headers, "Content-Type": "application/sdp" },
      body: sdp(action),
    });
    if (response.status !== 201) {
      return { code: ((await response.json()) as { code: string }).code, status: response.status };
    }
    const location = response.headers.get("location") ?? "";
    await response.text();
    await fetch(new URL(location, rig.site), { method: "DELETE", headers });
    return { code: "ok" };
  };

/** SRS's own way: everything is in the body, the answer is always 200. */
const srsJson =
  (action: "play" | "publish"): Way =>
  async (rig, token, { stream, address }) => {
    const query = token === undefined ? "" : `?token=${token}`;
    const response = await fetch(`${rig.site}/rtc/v1/${action}/`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Forwarded-For": address },
      body: JSON.stringify({ sdp: sdp(action), streamurl: `webrtc://a/${stream}${query}` }),
    });
    const answer = (await response.json()) as {
      code: number;
      sessionid?: string;
      data?: { code: string };
    };
    if (answer.code !== 0) return { code: answer.data?.code ?? "" };
    const ended = action === "play" ? "whep" : "whip";
    const location = `${rig.site}/rtc/v1/${ended}/?session=${answer.sessionid}`;
    await fetch(location, { method: "DELETE", headers: { "X-Forwarded-For": address } });
    return { code: "ok" };
  };

const rtmp =
  (action: "play" | "publish"): Way =>
  async (rig, token, { stream }) => {
    const client = new TestClient();
    const socket = connect(rig.port("rtmp"), "127.0.0.1");
    socket.on("error", () => {});
    await once(socket, "connect");
    const name = stream.replace(/^live\//, "");
    const key = token === undefined ? name : `${name}?token=${token}`;
    socket.write(client.greet().take());
    let isAsked = false;
    try {
      for await (const bytes of socket) {
        client.receive(bytes as Buffer);
        if (!isAsked && client.hello !== undefined) {
          isAsked = true;
          client.connect();
          if (action === "play") client.play(key);
          else client.publish(key);
        }
        const answer = client.take();
        if (answer.byteLength > 0) socket.write(answer);
        for (const { code, description } of client.statuses) {
          if (/\.(Publish|Play)\.Start$/.test(code)) return { code: "ok" };
          const refused = /\b([A-Z]+(_[A-Z]+)+|UNAUTHORIZED|FORBIDDEN)\b/.exec(description)?.[1];
          if (refused !== undefined) return { code: refused };
        }
      }
      return { code: "closed without a word" };
    } finally {
      socket.destroy();
    }
  };

/** Nobody can show a token there. */
export const flvTcp: Way = async (rig) => {
  const socket = connect(rig.port("flvTcp"), "127.0.0.1");
  socket.write(Buffer.from([0x46, 0x4c, 0x56, 1, 5, 0, 0, 0, 9, 0, 0, 0, 0]));
  let got = 0;
  for await (const bytes of socket) got += (bytes as Buffer).byteLength;
  return { code: got === 0 ? "closed" : "answered" };
};

export const playWays: Readonly<Record<string, Way>> = {
  "RTMP play": rtmp("play"),
  "HTTP-FLV": http((stream) => `/${stream}.flv`),
  "WebSocket-FLV": webSocketFlv,
  "LL-HLS playlist": http((stream) => `/${stream}.m3u8`),
  "LL-HLS media": hlsMedia,
  SSE: http((stream) => `/${stream}.sse`),
  "SSE with media": http((stream) => `/${stream}.sse?media=1`),
  "long-polling": http((stream) => `/${stream}.poll?hold=0`),
  "long-polling with media": http((stream) => `/${stream}.poll?media=1&hold=0`),
  "M-JPEG": http((stream) => `/${stream}.mjpg`),
  "a picture": http((stream) => `/${stream}.jpg`),
  sound: http((stream) => `/${stream}.aac`),
  "socket.io": socketIo("watch"),
  WHEP: offer("play", (stream) => `/whep/${stream}`),
  "SRS's WHEP": offer("play", (stream) => `/rtc/v1/whep/?app=live&stream=${stream.slice(5)}`),
  "SRS's play": srsJson("play"),
};

export const publishWays: Readonly<Record<string, Way>> = {
  RTMP: rtmp("publish"),
  "FLV by POST": http((stream) => `/${stream}.flv`, {
    method: "POST",
    headers: { "Content-Type": "video/x-flv" },
    body: "no FLV",
  }),
  WHIP: offer("publish", (stream) => `/whip/${stream}`),
  "SRS's WHIP": offer("publish", (stream) => `/rtc/v1/whip/?app=live&stream=${stream.slice(5)}`),
  "SRS's publish": srsJson("publish"),
  "socket.io": socketIo("publish"),
};
