import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { io } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createGateway, type Gateway } from "./app.ts";
import { loadConfig } from "./config/index.ts";
import { silentLog } from "./core/index.ts";
import { watchHttpFlv, watchWsFlv } from "./test-tls-viewers.ts";
import { makeSelfSigned } from "./tls/make-certificate.ts";

const waitMs = 60_000;
const folder = mkdtempSync(join(tmpdir(), "millrace-https-"));
const hasFfmpeg = spawnSync("ffmpeg", ["-version"]).status === 0;
let gateway: Gateway;
let http: number;
let https: number;
let ca: string;

beforeAll(async () => {
  for (const page of ["index", "watch", "embed", "publish"]) {
    writeFileSync(join(folder, `${page}.html`), "<p>here");
  }
  writeFileSync(join(folder, "player.js"), "");
  const hosts = ["http", "https", "rtmp", "rtmps", "rtc"].flatMap((section) => [
    `--${section}-host=127.0.0.1`,
    `--${section}-port=0`,
  ]);
  const { config } = loadConfig({
    args: [
      ...[...hosts, "--flv-tcp-enabled=false", "--turn-enabled=false", "--transcode-engine=none"],
      ...["--demo", "--https-self-signed", `--https-folder=${join(folder, "kept")}`],
      ...[
        "--rtmps-enabled",
        "--https-redirect",
        "--https-hsts-seconds=3600",
        "--http-base-path=/v",
      ],
      ...["--http-public-urls=https://tv.example/v", "--http-trust-proxy=loopback"],
    ],
    readFile: () => "",
  });
  gateway = await createGateway(config, { log: silentLog, siteFolder: folder });
  await gateway.start();
  const addresses = gateway.addresses();
  http = addresses.http?.port ?? 0;
  https = addresses.https?.port ?? 0;
  ca = gateway.tls?.main?.certificates.pair.cert ?? "";
}, waitMs);
afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true });
});

/** The head of an answer. */
function ask(
  scheme: "http" | "https",
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const at = { host: "localhost", family: 4, path, method, headers, agent: false };
    const asked =
      scheme === "http"
        ? httpRequest({ ...at, port: http })
        : httpsRequest({ ...at, port: https, ca });
    asked.once("response", (answer) => {
      answer.once("error", () => {});
      answer.resume();
      resolve(answer);
    });
    asked.once("error", reject);
    asked.end();
  });
}

describe("HTTPS", { timeout: waitMs }, () => {
  it.each([
    ["/v/", 200],
    ["/v/live/demo", 200],
    ["/v/embed/live/demo", 200],
    ["/v/player.js", 200],
    ["/v/api/v1/server", 200],
    ["/v/metrics", 200],
    ["/healthz", 200],
    ["/v/live/demo.flv", 200],
    ["/v/live/demo.m3u8", 200],
    ["/v/live/demo.sse", 200],
    ["/v/socket.io/?EIO=4&transport=polling", 200],
    ["/v/whep/live/demo", 200],
    ["/live/demo", 404],
  ])("serves %s as HTTP does", async (path, status) => {
    const answer = await ask("https", path);
    expect(answer.statusCode).toBe(status);
    answer.destroy();
  });

  it("tells browsers that they are secure: cookies, HSTS, and what pages may connect to", async () => {
    const page = await ask("https", "/v/live/demo");
    expect(page.headers["strict-transport-security"]).toBe("max-age=3600");
    expect(page.headers["set-cookie"]?.[0]).toMatch(/; Secure$/);
    expect(page.headers["content-security-policy"]).toContain("connect-src 'self' wss:;");
    expect(page.headers["link"]).toMatch(/^<https:/);
    const plain = await ask("http", "/v/player.js");
    expect(plain.headers["strict-transport-security"]).toBeUndefined();
  });

  it.each([
    ["tv.example", "/v/live/demo?a=b", "https://tv.example/v/live/demo?a=b"],
    ["localhost", "/v/", "https://localhost:PORT/v/"],
    ["127.0.0.1:80", "/v/publish/live/cam", "https://127.0.0.1:PORT/v/publish/live/cam"],
    ["[::1]:8080", "/v/embed/live/demo", "https://[::1]:PORT/v/embed/live/demo"],
  ])("leads pages of http://%s%s to %s", async (host, path, target) => {
    for (const method of ["GET", "HEAD"]) {
      const answer = await ask("http", path, { Host: host }, method);
      expect(answer.statusCode).toBe(308);
      expect(answer.headers.location).toBe(target.replace("PORT", String(https)));
    }
  });

  it("leads pages behind a proxy to where the proxy has them", async () => {
    const forwarded = {
      "X-Forwarded-Proto": "http",
      "X-Forwarded-Host": "proxy.example:8080",
      "X-Forwarded-Prefix": "/outer",
    };
    const answer = await ask("http", "/v/live/demo", forwarded);
    expect(answer.headers.location).toBe("https://proxy.example/outer/v/live/demo");
    const secure = await ask("http", "/v/live/demo", {
      ...forwarded,
      "X-Forwarded-Proto": "https",
    });
    expect(secure.statusCode).toBe(200);
    expect(secure.headers["strict-transport-security"]).toBe("max-age=3600");
    const odd = await ask("http", "/v/live/demo", { Host: "a.example/..\\@evil.example" });
    expect(odd.headers.location).toBeUndefined();
  });

  it.each([
    ["GET", "/v/live/demo.flv", 200],
    ["GET", "/v/live/demo.m3u8", 200],
    ["GET", "/v/api/v1/server", 200],
    ["GET", "/v/player.js", 200],
    ["GET", "/healthz", 200],
    ["GET", "/v/metrics", 200],
    ["GET", "/.well-known/acme-challenge/none-of-ours-at-all", 404],
    ["OPTIONS", "/v/whip/live/cam", 200],
    ["POST", "/v/whip/live/cam", 415],
    ["POST", "/v/live/cam.flv", 411],
  ])("leaves %s %s where it is", async (method, path, status) => {
    const answer = await ask("http", path, { Host: "tv.example" }, method);
    expect(answer.headers.location).toBeUndefined();
    expect(answer.statusCode === 308).toBe(false);
    if (method === "GET") expect(answer.statusCode).toBe(status);
    answer.destroy();
  });

  it("carries FLV over HTTPS and WSS, and signaling over WSS", async () => {
    const at = { port: https, tls: true };
    for (const viewer of [
      await watchHttpFlv(at, "v/live/demo"),
      await watchWsFlv(at, "v/live/demo"),
    ]) {
      await expect.poll(() => viewer.pictures().length, { timeout: waitMs }).toBeGreaterThan(30);
      viewer.socket.destroy();
    }
    const signaling = io(`https://localhost:${https}/signal`, {
      path: "/v/socket.io/",
      transports: ["websocket"],
      rejectUnauthorized: false,
      reconnection: false,
    });
    await once(signaling as unknown as NodeJS.EventEmitter, "connect");
    signaling.disconnect();
  });

  it("outlives clients that do not believe it, that leave in the middle, and that speak HTTP", async () => {
    for (let round = 0; round < 20; round++) {
      await expect(
        new Promise((_, reject) => {
          const asked = httpsRequest({ host: "localhost", family: 4, port: https, agent: false });
          asked.once("error", reject);
          asked.end();
        }),
      ).rejects.toThrow("self-signed");
      const hasty = connectTcp(https, "127.0.0.1");
      await once(hasty, "connect");
      hasty.write(Buffer.from("1603010200010001fc0303", "hex"));
      hasty.destroy();
      const plain = connectTcp(https, "127.0.0.1").on("error", () => {});
      plain.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      await once(plain, "close");
    }
    expect((await ask("https", "/healthz")).statusCode).toBe(200);
  });

  it("offers HTTP/1.1 to clients that could do more", async () => {
    const socket = connectTls({
      port: https,
      host: "127.0.0.1",
      ca,
      ALPNProtocols: ["h2", "http/1.1"],
    });
    await once(socket, "secureConnect");
    expect(socket.alpnProtocol).toBe("http/1.1");
    socket.destroy();
  });

  it.skipIf(!hasFfmpeg)(
    "takes RTMPS publishers and players that look at its certificate: ffmpeg",
    { timeout: 3 * waitMs },
    async () => {
      const url = `rtmps://localhost:${gateway.addresses().rtmps?.port}/live/secure`;
      const source = ["-f", "lavfi", "-i", "testsrc=size=160x120:rate=15"];
      const encoding = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "15"];
      const picture = ["-pix_fmt", "yuv420p"];
      const quiet = ["-loglevel", "error", "-nostdin"];
      const trusted = join(folder, "ca.pem");
      const stranger = join(folder, "stranger.pem");
      writeFileSync(trusted, ca);
      const other = await makeSelfSigned({ names: ["localhost"], nowMs: Date.now() });
      writeFileSync(stranger, other.cert);
      const verifying = (file: string) => ["-tls_verify", "1", "-ca_file", file];
      const publisher = spawn(
        "ffmpeg",
        [
          ...[...quiet, "-re", ...source, ...encoding, ...picture],
          ...[...verifying(trusted), "-f", "flv", url],
        ],
        { stdio: "ignore" },
      );
      const play = async (file: string): Promise<unknown> => {
        const end = ["-c", "copy", "-frames:v", "20", "-f", "null", "-"];
        const args = [...quiet, ...verifying(file), "-i", url, ...end];
        return (await once(spawn("ffmpeg", args, { stdio: "ignore" }), "exit"))[0];
      };
      try {
        await expect
          .poll(() => gateway.registry.get("live/secure")?.state, { timeout: 2 * waitMs })
          .toBe("live");
        expect(await play(stranger)).not.toBe(0);
        expect(await play(trusted)).toBe(0);
        expect(gateway.registry.get("live/secure")?.state).toBe("live");
      } finally {
        publisher.kill("SIGKILL");
      }
    },
  );

  it("closes RTMP without TLS on the port of RTMPS, and goes on", async () => {
    const port = gateway.addresses().rtmps?.port ?? 0;
    for (let round = 0; round < 5; round++) {
      const plain = connectTcp(port, "127.0.0.1").on("error", () => {});
      let answer = Buffer.alloc(0);
      plain.on("data", (part: Buffer) => {
        answer = Buffer.concat([answer, part]);
      });
      // C0 and C1, with which RTMP begins.
      plain.write(Buffer.concat([Buffer.of(3), Buffer.alloc(1536, 7)]));
      await once(plain, "close");
      // At most an alert of TLS (RFC 8446 section 6), nothing of RTMP.
      expect(answer.length).toBeLessThan(16);
      expect(answer[0] ?? 0x15).toBe(0x15);
    }
    const secure = connectTls({ port, host: "127.0.0.1", servername: "localhost", ca });
    await once(secure, "secureConnect");
    secure.destroy();
  });
});
