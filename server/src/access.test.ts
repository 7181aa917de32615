import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { SignJWT } from "jose";
import { io } from "socket.io-client";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createGateway, type Gateway } from "./app.ts";
import { signToken } from "./auth/index.ts";
import { loadConfig } from "./config/index.ts";
import { silentLog } from "./core/index.ts";

const signing = "a-secret-of-the-back-end";
const jwtSecret = "a-secret-that-is-as-long-as-a-digest-of-sha-256";
const offer =
  "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 102\r\n";
const now = Math.floor(Date.now() / 1000);
const signed = (action: "play" | "publish", expires: number): string =>
  signToken(signing, { action, stream: "live/demo", expires });
const jwt = (claims: object): Promise<string> =>
  new SignJWT({ exp: now + 3600, ...claims })
    .setProtectedHeader({ alg: "HS256" })
    .sign(new TextEncoder().encode(jwtSecret));

let hook: Server;
/** Tokens that no way was asked with before. */
let made = 0;
let answer: (response: ServerResponse) => void;
let gateway: Gateway;
let port: number;

beforeAll(async () => {
  hook = createServer((request, response) => {
    request.resume();
    request.once("end", () => answer(response));
  });
  hook.listen(0, "127.0.0.1");
  await once(hook, "listening");
  const { config } = loadConfig({
    args: [
      ...["http", "rtmp", "rtc"].flatMap((part) => [
        `--${part}-host=127.0.0.1`,
        `--${part}-port=0`,
      ]),
      ...["--flv-tcp-enabled=false", "--turn-enabled=false", "--transcode-engine=none", "--demo"],
      ...["--auth-publish-tokens=studio-token", "--auth-play-tokens=play-token"],
      ...[`--auth-signing-secrets=${signing}`, `--auth-jwt-secrets=${jwtSecret}`],
      `--hooks-play-url=http://127.0.0.1:${(hook.address() as AddressInfo).port}`,
      ...["--hooks-timeout-seconds=1", "--hooks-play-cache-seconds=0"],
    ],
    readFile: () => "",
  });
  gateway = await createGateway(config, { log: silentLog });
  await gateway.start();
  port = gateway.addresses().http?.port ?? 0;
});
afterAll(async () => {
  await gateway.close();
  hook.closeAllConnections();
  hook.close();
});
beforeEach(() => {
  answer = (response) => response.end('{"allow":true}');
});

/** `ok`, or the code with which it is refused. */
type Ask = (token: string | undefined) => Promise<string>;

const byHttp =
  (path: string, init: RequestInit = {}): Ask =>
  async (token) => {
    const stop = new AbortController();
    const headers = { ...init.headers, ...(token && { Authorization: `Bearer ${token}` }) };
    const url = `http://127.0.0.1:${port}${path}`;
    const response = await fetch(url, { ...init, headers, signal: stop.signal });
    const isRefused = response.headers.get("content-type")?.includes("problem+json");
    const code = isRefused ? ((await response.json()) as { code: string }).code : "ok";
    stop.abort();
    return code;
  };

const byWebSocket: Ask = async (token) => {
  const socket = connect(port, "127.0.0.1");
  socket.write(
    `GET /live/demo.flv${token === undefined ? "" : `?token=${token}`} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n` +
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
  let text = "";
  for await (const bytes of socket) {
    text += (bytes as Buffer).toString("latin1");
    if (text.startsWith("HTTP/1.1 101")) break;
  }
  socket.destroy();
  if (text.startsWith("HTTP/1.1 101")) return "ok";
  return /"code":"([A-Z_]+)"/.exec(text)?.[1] ?? text;
};

const bySocketIo: Ask = async (token) => {
  const socket = io(`http://127.0.0.1:${port}/signal`, {
    transports: ["websocket"],
    forceNew: true,
    reconnection: false,
    ...(token === undefined ? {} : { auth: { token } }),
  });
  try {
    const reply = await socket.emitWithAck("watch", { stream: "live/demo" });
    return reply.ok ? "ok" : reply.error.code;
  } finally {
    socket.disconnect();
  }
};

/** Access is asked before the offer is read, which is none. */
const byWhep: Ask = async (token) => {
  const ask = byHttp("/whep/live/demo", {
    method: "POST",
    headers: { "Content-Type": "application/sdp" },
    body: offer,
  });
  const code = await ask(token);
  return code.startsWith("SDP") || code.startsWith("OFFER") ? "ok" : code;
};

const ways: readonly (readonly [string, Ask])[] = [
  ["HTTP-FLV", byHttp("/live/demo.flv")],
  ["WebSocket-FLV", byWebSocket],
  ["LL-HLS", byHttp("/live/demo.m3u8")],
  ["SSE", byHttp("/live/demo.sse")],
  ["SSE with media", byHttp("/live/demo.sse?media=1")],
  ["long-polling", byHttp("/live/demo.poll")],
  ["socket.io", bySocketIo],
  ["WHEP", byWhep],
];

describe.each(ways)("%s", (_, ask) => {
  test("opens for a right token of any kind", async () => {
    expect(await ask("play-token")).toBe("ok");
    expect(await ask(signed("play", now + 3600))).toBe("ok");
    expect(await ask(await jwt({ play: "live/*" }))).toBe("ok");
  });

  test("stays closed for all others, and says why", async () => {
    expect(await ask(undefined)).toBe("UNAUTHORIZED");
    expect(await ask("a-wrong-token")).toBe("UNAUTHORIZED");
    expect(await ask(signed("play", now - 1))).toBe("TOKEN_EXPIRED");
    expect(await ask(await jwt({ play: "live/*", exp: now - 60 }))).toBe("TOKEN_EXPIRED");
    expect(await ask(await jwt({ play: "other/*" }))).toBe("FORBIDDEN");
    expect(await ask("studio-token")).toBe("FORBIDDEN");
    expect(await ask(signed("publish", now + 3600))).toBe("FORBIDDEN");
  });

  test("does what the hook says, and nothing when it says nothing", async () => {
    const unused = (): string => signed("play", now + 4000 + made++);
    answer = (response) => response.end('{"allow":false,"reason":"Not today."}');
    expect(await ask(unused())).toBe("HOOK_DENIED");
    // A no counts for a while; others are asked about anew.
    answer = (response) => response.writeHead(500).end();
    expect(await ask(unused())).toBe("HOOK_UNAVAILABLE");
    answer = (response) => response.end("<html>");
    expect(await ask(unused())).toBe("HOOK_UNAVAILABLE");
    answer = () => {};
    expect(await ask(unused())).toBe("HOOK_UNAVAILABLE");
    answer = (response) => response.end('{"allow":true}');
    expect(await ask(unused())).toBe("ok");
  });
});

test("whoever was refused was never a viewer, and the others are gone again", async () => {
  const stream = gateway.registry.get("live/demo");
  while ((stream?.viewers.size ?? 0) > 0) {
    for (const { info } of stream?.viewers.values() ?? []) {
      expect(["ll-hls", "long-poll", "webrtc", "whep"]).toContain(info.transport);
      info.onKick?.("KICKED");
    }
    await new Promise(setImmediate);
  }
  expect(stream?.viewers.size).toBe(0);
});
