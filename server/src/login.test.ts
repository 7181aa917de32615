import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { io } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createGateway, type Gateway } from "./app.ts";
import { loadConfig } from "./config/index.ts";
import { silentLog } from "./core/index.ts";

const password = "may-i-watch-this";
const offer = `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 102\r\n`;

let gateway: Gateway;
/** The tests need no built client. */
let siteFolder: string;
let port: number;
/** What a browser shows after it has logged in. */
let cookie: string;
/** By which it is known again. */
let clientId: string;

beforeAll(async () => {
  const hosts = ["http", "rtmp", "rtc"].flatMap((section) => [
    `--${section}-host=127.0.0.1`,
    `--${section}-port=0`,
  ]);
  const { config } = loadConfig({
    args: [
      ...hosts,
      ...["--flv-tcp-enabled=false", "--turn-enabled=false", "--transcode-engine=none"],
      ...["--demo", "--auth-publish-tokens=studio-token", "--auth-admin-tokens=admin-token"],
      `--auth-rules=${JSON.stringify([{ streams: "live/*", playTokens: [password] }])}`,
    ],
    readFile: () => "",
  });
  siteFolder = await mkdtemp(join(tmpdir(), "millrace-site-"));
  await Promise.all(
    ["watch.html", "embed.html"].map((page) => writeFile(join(siteFolder, page), "<p>here")),
  );
  gateway = await createGateway(config, { log: silentLog, siteFolder });
  await gateway.start();
  port = gateway.addresses().http?.port ?? 0;
  const page = await ask("GET", "/any/page");
  const client = cookieOf(page);
  clientId = client.split("=")[1] ?? "";
  const headers = { "Content-Type": "application/x-www-form-urlencoded", Cookie: client };
  const login = await ask("POST", "/live/demo", headers, `password=${password}`);
  expect(login.statusCode).toBe(303);
  cookie = `${client}; ${cookieOf(login)}`;
});
afterAll(async () => {
  await gateway.close();
  await rm(siteFolder, { recursive: true });
});

const cookieOf = ({ headers }: IncomingMessage): string =>
  headers["set-cookie"]?.[0]?.split(";")[0] ?? "";

/** The head of an answer; its body is not waited for. */
function ask(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, method, path, headers, agent: false });
    asked.once("response", (answer) => {
      answer.once("error", () => {});
      resolve(answer);
    });
    asked.once("error", reject);
    asked.end(body);
  });
}

async function statusOf(...asked: Parameters<typeof ask>): Promise<number | undefined> {
  const answer = await ask(...asked);
  answer.destroy();
  return answer.statusCode;
}

/** The first line of what a request to upgrade is answered. */
async function upgradeStatus(path: string, headers: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${headers}\r\n`,
  );
  const [bytes] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  return bytes.toString("latin1").split(" ")[1] ?? "";
}

async function watchStatus(transport: string, headers: Record<string, string>): Promise<unknown> {
  const socket = io(`http://127.0.0.1:${port}/signal`, {
    transports: [transport],
    extraHeaders: headers,
    forceNew: true,
    reconnection: false,
  });
  try {
    const reply = await socket.emitWithAck("watch", { stream: "live/demo" });
    return reply.ok ? "ok" : reply.error.code;
  } finally {
    socket.disconnect();
  }
}

describe("the cookie of the form login opens a stream on every way to watch (row 9)", () => {
  test.each([
    ["/live/demo", 200],
    ["/embed/live/demo", 200],
    ["/api/v1/streams/live/demo", 200],
    ["/live/demo.flv", 200],
    ["/live/demo.m3u8", 200],
    ["/live/demo.sse", 200],
    ["/live/demo.sse?media=1", 200],
    ["/live/demo.poll", 200],
    // There is no transcoder here, and that is what is told then.
    ["/live/demo.mjpg", 501],
    ["/live/demo.jpg", 501],
    ["/live/demo/snapshot.jpg", 501],
    ["/live/demo.aac", 501],
    // Nobody learns what there is.
    ["/live/none.flv", 404],
  ])("%s", async (path, status) => {
    expect(await statusOf("GET", path)).toBe(401);
    expect(await statusOf("GET", path, { Cookie: cookie })).toBe(status);
    const elsewhere = { Cookie: cookie, Origin: "https://evil.example" };
    expect(await statusOf("GET", path, elsewhere)).toBe(401);
  });

  test("WS-FLV", async () => {
    expect(await upgradeStatus("/live/demo.flv", "")).toBe("401");
    expect(await upgradeStatus("/live/demo.flv", `Cookie: ${cookie}\r\n`)).toBe("101");
    const evil = `Cookie: ${cookie}\r\nOrigin: https://evil.example\r\n`;
    expect(await upgradeStatus("/live/demo.flv", evil)).toBe("401");
  });

  test("WHEP", async () => {
    const type = { "Content-Type": "application/sdp" };
    const open = (headers: object) =>
      statusOf("POST", "/whep/live/demo", { ...type, ...headers }, offer);
    expect(await open({})).toBe(401);
    // The offer is none that could be answered, which is looked at after access.
    expect([400, 422]).toContain(await open({ Cookie: cookie }));
    expect(await open({ Cookie: cookie, Origin: "https://evil.example" })).toBe(401);
  });

  test.each(["websocket", "polling"])("socket.io over %s", async (transport) => {
    expect(await watchStatus(transport, {})).toBe("UNAUTHORIZED");
    expect(await watchStatus(transport, { Cookie: cookie })).toBe("ok");
  });
});

test("segments of HLS need it too", async () => {
  const Cookie = cookie;
  const body = async (path: string): Promise<string> => {
    let text = "";
    for await (const part of await ask("GET", path, { Cookie })) text += part;
    return text;
  };
  const below = (base: string, uri: string | undefined): string => {
    const { pathname, search } = new URL(uri ?? "", `http://127.0.0.1:${port}${base}`);
    return pathname + search;
  };
  const master = "/live/demo.m3u8";
  const list = below(master, /^[^#\s].*$/m.exec(await body(master))?.[0]);
  const init = below(list, /#EXT-X-MAP:URI="([^"]+)"/.exec(await body(list))?.[1]);
  for (const path of [list, init]) {
    expect(path).toContain("/live/demo.hls/");
    expect(path).not.toContain("mrp1");
    expect(await statusOf("GET", path)).toBe(401);
  }
  const answer = await ask("GET", init, { Cookie });
  answer.resume();
  expect(answer.statusCode).toBe(200);
  expect(answer.headers["cache-control"]).toContain("private");
});

describe("cookies alone (CSRF)", () => {
  test("never publish", async () => {
    const headers = { Cookie: cookie, "Content-Type": "application/sdp" };
    expect(await statusOf("POST", "/whip/live/mine", headers, offer)).toBe(401);
    const flv = { Cookie: cookie, "Content-Type": "video/x-flv" };
    expect(await statusOf("POST", "/live/mine.flv", flv, "FLV")).toBe(401);
  });

  test("never administer", async () => {
    expect(await statusOf("GET", "/api/v1/server", { Cookie: cookie })).toBe(401);
    const bearer = { Authorization: "Bearer admin-token" };
    expect(await statusOf("GET", "/api/v1/server", bearer)).toBe(200);
  });
});

test("a viewer who comes back is known by the same id (row 8)", async () => {
  const ids: (string | undefined)[] = [];
  // Viewers of other outputs may not be gone yet.
  const viewers = () =>
    [...(gateway.registry.get("live/demo")?.viewers.values() ?? [])].filter(
      ({ info }) => info.transport === "http-flv",
    );
  const gone = async (): Promise<void> => {
    while (viewers().length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  await gone();
  for (let visit = 0; visit < 2; visit++) {
    const answer = await ask("GET", "/live/demo.flv", { Cookie: cookie });
    for (const { info } of viewers()) ids.push(info.clientId);
    answer.destroy();
    await gone();
  }
  expect(clientId).toMatch(/^[\w-]{22}$/);
  expect(ids).toEqual([clientId, clientId]);
});
