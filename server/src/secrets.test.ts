import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SignJWT } from "jose";
import { io } from "socket.io-client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createGateway, type Gateway } from "./app.ts";
import { signToken } from "./auth/index.ts";
import { loadConfig } from "./config/index.ts";
import { type Log, silentLog } from "./core/index.ts";

const hasFfmpeg = spawnSync("ffmpeg", ["-version"], { stdio: "ignore" }).status === 0;
const configured = {
  publish: "zebra-publish-key",
  play: "zebra-play-token",
  admin: "zebra-admin-token",
  rulePublish: "zebra-rule-publish-key",
  rulePlay: "zebra-rule-play-token",
  signing: "zebra-signing-secret",
  jwt: "zebra-jwt-secret-that-is-long-enough-for-hs256",
  cookie: "zebra-cookie-secret",
  hook: "zebra-hook-secret",
  hookUrl: "zebra-hook-address-key",
  turn: "zebra-turn-secret",
  wrong: "zebra-key-with-a-typing-error",
} as const;
/** Everything that was ever a secret, with what was made of it. */
const secrets = new Set<string>(["zebra"]);
/** What somebody could read who has no right to secrets. */
const seen: string[] = [];
const offer =
  "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 102\r\n";

let gateway: Gateway;
let site: string;
let siteFolder: string;
let hook: Server;
let tokens: readonly string[];
/** Those with which somebody may watch. */
let watchTokens: readonly string[];
/** Of an administrator who signed in while it could be tried. */
let adminCookie: string;

const log: Log = {
  ...silentLog,
  ...Object.fromEntries(
    ["error", "warn", "info", "debug"].map((level) => [
      level,
      (fields: { err?: Error }, message: string) =>
        seen.push(`log: ${JSON.stringify(fields)} ${fields.err?.stack ?? ""} ${message}`),
    ]),
  ),
  child: (fields) => {
    seen.push(`log: ${JSON.stringify(fields)}`);
    return log;
  },
};

beforeAll(async () => {
  hook = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    // Who is asked judges tokens; who is told needs none.
    if (!body.includes('"type":"ask"')) seen.push(`event: ${body}`);
    response.end('{"allow":true}');
  });
  hook.listen(0, "127.0.0.1");
  await once(hook, "listening");
  const back = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/?key=${configured.hookUrl}`;
  const rules = [
    {
      streams: "lab/*",
      publishTokens: [configured.rulePublish],
      playTokens: [configured.rulePlay],
    },
  ];
  const { config } = loadConfig({
    args: [
      ...["http", "rtmp", "rtc"].flatMap((part) => [
        `--${part}-host=127.0.0.1`,
        `--${part}-port=0`,
      ]),
      ...["--flv-tcp-enabled=false", "--turn-enabled=false", "--transcode-engine=none", "--demo"],
      ...["--shutdown-drain-seconds=1", "--rtc-turn-urls=turn:127.0.0.1:9"],
      ...[`--auth-publish-tokens=${configured.publish}`, `--auth-play-tokens=${configured.play}`],
      ...[`--auth-admin-tokens=${configured.admin}`, `--auth-rules=${JSON.stringify(rules)}`],
      ...[`--auth-signing-secrets=${configured.signing}`, `--auth-jwt-secrets=${configured.jwt}`],
      ...[`--auth-cookie-secret=${configured.cookie}`, `--rtc-turn-secret=${configured.turn}`],
      ...[`--hooks-publish-url=${back}`, `--hooks-play-url=${back}`, `--hooks-event-urls=${back}`],
      `--hooks-secrets=${configured.hook}`,
    ],
    readFile: () => "",
  });
  siteFolder = await mkdtemp(join(tmpdir(), "millrace-site-"));
  const pages = ["index", "watch", "embed", "publish", "admin"];
  await Promise.all(pages.map((page) => writeFile(join(siteFolder, `${page}.html`), "<p>here")));
  gateway = await createGateway(config, { log, siteFolder });
  await gateway.start();
  site = `http://127.0.0.1:${gateway.addresses().http?.port}`;
  const expires = Math.floor(Date.now() / 1000) + 3600;
  const signed = (action: "play" | "publish") =>
    signToken(configured.signing, { action, stream: "live/demo", expires });
  const jwt = (claims: object) =>
    new SignJWT({ exp: expires, ...claims })
      .setProtectedHeader({ alg: "HS256" })
      .sign(new TextEncoder().encode(configured.jwt));
  watchTokens = [configured.play, signed("play"), await jwt({ play: "*/*", sub: "eva" })];
  tokens = [
    ...Object.values(configured),
    ...watchTokens.slice(1),
    ...[signed("publish"), await jwt({ publish: "*/*" })],
    await jwt({ admin: true }),
  ];
  for (const token of tokens) secrets.add(token.split(".").at(-1) ?? token);
  const signedIn = await form("/admin/login", "token", configured.admin);
  adminCookie = signedIn.headers.getSetCookie()[0]?.split(";")[0] ?? "";
}, 60_000);

afterAll(async () => {
  await gateway.close();
  hook.closeAllConnections();
  hook.close();
  await rm(siteFolder, { recursive: true });
});

/** Asks, and notes what comes back: all of it, or of what has no end the beginning. */
async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const stop = new AbortController();
  const response = await fetch(site + path, { redirect: "manual", ...init, signal: stop.signal });
  const headers = [...response.headers].filter(([name]) => name !== "set-cookie");
  for (const cookie of response.headers.getSetCookie()) {
    const value = /^[^=]+=([^;]*)/.exec(cookie)?.[1] ?? "";
    if (/_(pass|admin)=/.test(cookie) && value !== "")
      secrets.add(value.split(".").at(-1) ?? value);
    seen.push(`cookie: ${cookie.replace(value, "")}`);
  }
  const type = response.headers.get("content-type") ?? "";
  const isEndless = /flv|event-stream|multipart|audio/.test(type);
  const reader = response.body?.getReader();
  let body = "";
  for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) {
    body += Buffer.from(part.value).toString("latin1");
    if (isEndless) break;
  }
  stop.abort();
  // A playlist names its parts with the token that its own player showed, which good players cannot show otherwise.
  const own = new URLSearchParams(path.split("?")[1]).get("token");
  if (response.ok && own !== null && type.includes("mpegurl")) {
    expect([...watchTokens]).toContain(own);
    body = body.replaceAll(`token=${encodeURIComponent(own)}`, "");
  }
  seen.push(`${path.split("?")[0]}: ${JSON.stringify(headers)} ${body}`);
  return response;
}

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const basic = (token: string) => ({
  Authorization: `Basic ${Buffer.from(`user:${token}`).toString("base64")}`,
});
const form = (path: string, field: string, value: string) =>
  ask(path, {
    method: "POST",
    headers: { Accept: "text/html" },
    body: new URLSearchParams({ [field]: value }),
  });

async function bySocketIo(token: string): Promise<void> {
  const socket = io(`${site}/signal`, {
    transports: ["websocket"],
    forceNew: true,
    reconnection: false,
    auth: { token },
  });
  for (const request of ["watch", "publish"]) {
    const reply = await socket.emitWithAck(request, { stream: "live/demo", token });
    seen.push(`socket.io: ${JSON.stringify({ ...reply, iceServers: undefined })}`);
  }
  socket.disconnect();
}

async function byRtmp(token: string): Promise<void> {
  const port = gateway.addresses().rtmp?.port;
  const child = spawn(
    "ffmpeg",
    [
      ...["-v", "error", "-f", "lavfi", "-i", "testsrc=s=64x64:r=10:d=1", "-c:v", "libx264"],
      ...["-preset", "ultrafast", "-f", "flv", `rtmp://127.0.0.1:${port}/live/cam?token=${token}`],
    ],
    { stdio: "ignore" },
  );
  await once(child, "close");
}

test("no secret is seen anywhere, whatever is done with it", { timeout: 120_000 }, async () => {
  const stop = new AbortController();
  const events = await fetch(`${site}/api/v1/events`, {
    headers: bearer(configured.admin),
    signal: stop.signal,
  });
  const heard = (async () => {
    const text = events.body?.pipeThrough(new TextDecoderStream());
    for await (const part of text ?? []) seen.push(`sse: ${part}`);
  })().catch(() => {});
  for (const token of tokens) {
    const query = `?token=${encodeURIComponent(token)}`;
    const sdp = { "Content-Type": "application/sdp", ...bearer(token) };
    for (const stream of ["live/demo", "lab/none"]) {
      for (const way of ["", ".flv", ".sse", ".poll", ".m3u8", ".jpg"]) {
        await ask(`/${stream}${way}${query}`);
      }
      await ask(`/embed/${stream}${query}`);
      await form(`/${stream}${query}`, "password", token);
      for (const path of ["whip", "whep"]) {
        await ask(`/${path}/${stream}`, { method: "POST", headers: sdp, body: offer });
      }
      for (const headers of [bearer(token), basic(token)]) {
        await ask(`/api/v1/streams/${stream}`, { headers });
      }
    }
    await form("/admin/login", "token", token);
    await ask(`/publish/live/cam${query}`);
    for (const path of ["/api/v1/server", "/metrics", "/api/v1/none", "/admin", "/"]) {
      await ask(path + query);
      await ask(path, { headers: basic(token) });
    }
    await bySocketIo(token);
  }
  if (hasFfmpeg) {
    await byRtmp(configured.publish);
    await byRtmp(configured.wrong);
    await byRtmp(tokens.at(-2) ?? "");
  }
  const watching = new AbortController();
  const flv = await fetch(`${site}/live/demo.flv`, {
    headers: bearer(configured.play),
    signal: watching.signal,
  });
  expect(flv.status).toBe(200);
  // By cookie: from here on this address has tried too many tokens.
  const documents = ["server", "streams", "streams?shape=srs", "publishers"];
  const more = ["viewers", "clients", "vhosts", "summaries", "versions", "openapi.json"];
  const admin = { Cookie: adminCookie };
  for (const path of [...documents, ...more, "streams/live/demo", "streams/live/cam"]) {
    const { status } = await ask(`/api/v1/${path}`, { headers: admin });
    expect([path, status]).toEqual([path, path === "streams/live/cam" ? expect.anything() : 200]);
  }
  expect((await ask("/metrics", { headers: admin })).status).toBe(200);
  watching.abort();
  stop.abort();
  await heard;
  await gateway.close();
  for (const kind of [
    "log: ",
    "event: ",
    "sse: ",
    "/api/v1/viewers: ",
    "/metrics: ",
    "socket.io: ",
  ]) {
    expect([kind, seen.some((text) => text.startsWith(kind))]).toEqual([kind, true]);
  }
  expect(secrets.size).toBeGreaterThan(tokens.length);
  const found = seen.flatMap((text) =>
    [...secrets]
      .filter((secret) => text.includes(secret))
      .map((secret) => `${secret} in ${text.slice(0, 2000)}`),
  );
  expect(found).toEqual([]);
});
