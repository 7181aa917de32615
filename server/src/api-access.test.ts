import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createGateway, type Gateway } from "./app.ts";
import { signToken } from "./auth/index.ts";
import { loadConfig } from "./config/index.ts";
import { silentLog } from "./core/index.ts";

const signing = "a-secret-of-the-back-end";
const jwtSecret = "a-secret-that-is-as-long-as-a-digest-of-sha-256";
const now = Math.floor(Date.now() / 1000);
const signed = (action: "play" | "publish", expires = now + 3600): string =>
  signToken(signing, { action, stream: "live/demo", expires });
const jwt = (claims: object): Promise<string> =>
  new SignJWT({ exp: now + 3600, ...claims })
    .setProtectedHeader({ alg: "HS256" })
    .sign(new TextEncoder().encode(jwtSecret));

let gateway: Gateway;
let site: string;
let siteFolder: string;

beforeAll(async () => {
  const many = Array.from({ length: 9_999 }, (_, at) => ({
    streams: `room${at}/*`,
    playTokens: [`room-token-${at}`],
  }));
  const rules = [...many, { streams: "home/*", playFrom: ["192.0.2.0/24"] }];
  siteFolder = await mkdtemp(join(tmpdir(), "millrace-site-"));
  await Promise.all(
    ["watch.html", "embed.html"].map((page) => writeFile(join(siteFolder, page), "<p>here")),
  );
  const { config } = loadConfig({
    args: [
      ...["http", "rtmp", "rtc"].flatMap((part) => [
        `--${part}-host=127.0.0.1`,
        `--${part}-port=0`,
      ]),
      ...["--flv-tcp-enabled=false", "--turn-enabled=false", "--transcode-engine=none", "--demo"],
      ...["--auth-publish-tokens=studio-token", "--auth-play-tokens=play-token"],
      ...["--auth-admin-tokens=admin-token", "--http-trust-proxy=loopback"],
      ...[`--auth-signing-secrets=${signing}`, `--auth-jwt-secrets=${jwtSecret}`],
    ],
    readFile: () => JSON.stringify({ auth: { rules } }),
  });
  gateway = await createGateway(config, { log: silentLog, siteFolder });
  await gateway.start();
  site = `http://127.0.0.1:${gateway.addresses().http?.port}`;
}, 120_000);
afterAll(async () => {
  await gateway.close();
  await rm(siteFolder, { recursive: true });
});

let asked = 0;
/** Each from an address of its own: wrong tokens of one are limited. */
async function ask(path: string, headers: Record<string, string> = {}): Promise<string> {
  asked++;
  const address = `198.51.${asked >> 8}.${asked & 255}`;
  const response = await fetch(site + path, {
    headers: { "X-Forwarded-For": address, ...headers },
  });
  const body = await response.text();
  const code = /"code":"([A-Z_]+)"/.exec(body)?.[1];
  return response.status === 200 ? "ok" : `${response.status} ${code ?? "form"}`;
}
const withToken = (token: string | undefined): Record<string, string> =>
  token === undefined ? {} : { Authorization: `Bearer ${token}` };

/** Who shows what, what a stream's document says to it, and what administrators' documents say. */
const kinds: readonly (readonly [
  string,
  () => Promise<string | undefined> | string | undefined,
  string,
  string,
])[] = [
  ["nothing", () => undefined, "401 UNAUTHORIZED", "401 UNAUTHORIZED"],
  ["a wrong token", () => "wrong-token", "401 UNAUTHORIZED", "401 UNAUTHORIZED"],
  ["a play token", () => "play-token", "ok", "403 FORBIDDEN"],
  ["a publish key", () => "studio-token", "403 FORBIDDEN", "403 FORBIDDEN"],
  ["a token of another room", () => "room-token-9998", "401 UNAUTHORIZED", "403 FORBIDDEN"],
  ["an admin token", () => "admin-token", "ok", "ok"],
  ["a signed token", () => signed("play"), "ok", "401 UNAUTHORIZED"],
  ["one that ran out", () => signed("play", now - 1), "401 TOKEN_EXPIRED", "401 UNAUTHORIZED"],
  ["one to publish", () => signed("publish"), "403 FORBIDDEN", "401 UNAUTHORIZED"],
  ["a JWT to watch", () => jwt({ play: "live/*" }), "ok", "403 FORBIDDEN"],
  ["a JWT to publish", () => jwt({ publish: "live/*" }), "403 FORBIDDEN", "403 FORBIDDEN"],
  [
    "a JWT that ran out",
    () => jwt({ play: "*/*", exp: now - 60 }),
    "401 TOKEN_EXPIRED",
    "401 TOKEN_EXPIRED",
  ],
  ["a JWT of an administrator", () => jwt({ admin: true }), "ok", "ok"],
];

describe.each(kinds)("%s", (name, make, stream, admin) => {
  test("opens what it is for", async () => {
    const token = await make();
    expect(await ask("/api/v1/streams/live/demo", withToken(token))).toBe(stream);
    for (const path of ["server", "streams", "viewers", "clients"]) {
      expect(await ask(`/api/v1/${path}`, withToken(token))).toBe(admin);
    }
    expect(await ask("/metrics", withToken(token))).toBe(admin);
    // Pages ask whoever could show a better token, and nobody else.
    const query = token === undefined ? "" : `?token=${encodeURIComponent(token)}`;
    const asks = stream.startsWith("401") || name === "an admin token";
    const page = asks ? "401 form" : "ok";
    for (const path of ["/live/demo", "/embed/live/demo"]) {
      expect([path, await ask(path + query)]).toEqual([path, page]);
    }
  });
});

test("the password form's cookie opens the document as the password does, and nothing of administrators", async () => {
  const answer = await fetch(`${site}/live/demo`, {
    method: "POST",
    redirect: "manual",
    body: new URLSearchParams({ password: "play-token" }),
  });
  const Cookie = answer.headers
    .getSetCookie()
    .map((one) => one.split(";")[0])
    .join("; ");
  expect(await ask("/live/demo", { Cookie })).toBe("ok");
  expect(await ask("/api/v1/streams/live/demo", { Cookie })).toBe("ok");
  expect(await ask("/api/v1/server", { Cookie })).toBe("401 UNAUTHORIZED");
});

test("patterns and networks count for documents too", async () => {
  const path = "/api/v1/streams/room9998/cam";
  expect(await ask(path, withToken("play-token"))).toBe("401 UNAUTHORIZED");
  expect(await ask(path, withToken("room-token-9998"))).toBe("404 STREAM_NOT_FOUND");
  const home = (address: string) =>
    ask("/api/v1/streams/home/door", { ...withToken("play-token"), "X-Forwarded-For": address });
  expect(await home("203.0.113.1")).toBe("403 ADDRESS_FORBIDDEN");
  expect(await home("192.0.2.7")).toBe("404 STREAM_NOT_FOUND");
});
