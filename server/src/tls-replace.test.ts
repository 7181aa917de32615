import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { io } from "socket.io-client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createGateway, type Gateway } from "./app.ts";
import { loadConfig } from "./config/index.ts";
import { silentLog } from "./core/index.ts";
import {
  openStun,
  serialAt,
  type TestViewer,
  watchHttpFlv,
  watchRtmp,
  watchWsFlv,
} from "./test-tls-viewers.ts";
import type { PemPair } from "./tls/index.ts";
import { makeSelfSigned } from "./tls/make-certificate.ts";

const waitMs = 60_000;
const folder = mkdtempSync(join(tmpdir(), "millrace-replace-"));
const files = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
let gateway: Gateway;
let pairs: PemPair[];

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  await once(server.close(), "close");
  return port;
}

beforeAll(async () => {
  const make = () => makeSelfSigned({ names: ["tv.example"], nowMs: Date.now() });
  pairs = [await make(), await make(), await make()];
  write(0);
  const hosts = ["http", "https", "rtmp", "rtmps", "rtc", "turn"].flatMap((section) => [
    `--${section}-host=127.0.0.1`,
    `--${section}-port=0`,
  ]);
  const { config } = loadConfig({
    args: [
      ...[...hosts, "--flv-tcp-enabled=false", "--transcode-engine=none", "--demo"],
      ...[`--https-cert=${files.cert}`, `--https-key=${files.key}`, "--rtmps-enabled"],
      ...[`--turn-tls-port=${await freePort()}`, "--turn-min-port=61000"],
    ],
    readFile: () => "",
  });
  gateway = await createGateway(config, { log: silentLog });
  await gateway.start();
}, waitMs);
afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true });
});

function write(index: number, ...parts: readonly ("cert" | "key")[]): void {
  const pair = pairs[index];
  if (pair === undefined) throw new Error("no such certificate");
  for (const part of parts.length === 0 ? (["cert", "key"] as const) : parts) {
    writeFileSync(files[part], pair[part]);
  }
}

const serialOf = (index: number): string =>
  new X509Certificate(pairs[index]?.cert ?? "").serialNumber;

/** The pictures of a viewer are those of one who saw all, one after the other and none left out. */
function expectWhole({ name, pictures }: TestViewer, all: readonly string[]): void {
  const seen = pictures();
  const from = all.indexOf(seen[0] ?? "");
  const common = Math.min(seen.length, all.length - from);
  expect(from, name).toBeGreaterThanOrEqual(0);
  expect(common, name).toBeGreaterThan(60);
  expect(seen.slice(0, common), name).toEqual(all.slice(from, from + common));
}

test("a certificate is replaced under load: no viewer is lost, no byte is missing, new handshakes show it", async () => {
  const { http, https, rtmps, turn = [] } = gateway.addresses();
  const turns = turn.find(({ protocol }) => protocol === "tls")?.port ?? 0;
  const at = { port: https?.port ?? 0, tls: true };
  const rtmpAt = { port: rtmps?.port ?? 0, tls: true };
  const ports = [at.port, rtmpAt.port, turns];
  const serials = () => Promise.all(ports.map(serialAt));
  expect(await serials()).toEqual(Array(3).fill(serialOf(0)));

  const stream = "live/demo";
  const reference = await watchHttpFlv({ port: http?.port ?? 0, tls: false }, stream);
  await expect.poll(() => reference.pictures().length, { timeout: waitMs }).toBeGreaterThan(1);
  const viewers: TestViewer[] = [];
  for (let round = 0; round < 4; round++) {
    viewers.push(await watchHttpFlv(at, stream), await watchWsFlv(at, stream));
    viewers.push(await watchRtmp(rtmpAt, stream));
  }
  const stun = await openStun(turns);
  await stun.ask();
  const signaling = io(`https://127.0.0.1:${at.port}/signal`, {
    transports: ["websocket"],
    rejectUnauthorized: false,
    reconnection: false,
  });
  let lost = 0;
  signaling.on("disconnect", () => lost++);
  const watched = () => signaling.emitWithAck("observe", { stream }).catch(() => undefined);
  await once(signaling as unknown as NodeJS.EventEmitter, "connect");
  await watched();

  // People come all the time; each sees one certificate or the other.
  const shown = new Set<string>();
  let coming = true;
  const crowd = (async () => {
    while (coming) {
      for (const serial of await serials()) shown.add(serial);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();

  // Whoever renews by hand is between the files for a moment.
  write(1, "cert");
  expect(gateway.tls?.reload()).toBe(false);
  expect(await serials()).toEqual(Array(3).fill(serialOf(0)));
  write(1, "key");
  await expect.poll(serials, { timeout: waitMs }).toEqual(Array(3).fill(serialOf(1)));
  write(2);
  expect(gateway.tls?.reload()).toBe(true);
  await expect.poll(serials, { timeout: waitMs }).toEqual(Array(3).fill(serialOf(2)));
  coming = false;
  await crowd;
  expect([...shown].every((serial) => [0, 1, 2].some((index) => serialOf(index) === serial))).toBe(
    true,
  );

  const far = () => Math.min(...[reference, ...viewers].map(({ pictures }) => pictures().length));
  const before = far();
  await expect.poll(far, { timeout: 2 * waitMs, interval: 1000 }).toBeGreaterThan(before + 60);
  expect(viewers.map(({ ended }) => ended())).toEqual(viewers.map(() => undefined));
  const all = reference.pictures();
  for (const viewer of viewers) expectWhole(viewer, all);
  await stun.ask();
  expect([lost, signaling.connected]).toEqual([0, true]);

  const asked = await fetch(`http://127.0.0.1:${http?.port}/api/v1/server`);
  const { certificates } = (await asked.json()) as { certificates: { serial: string }[] };
  expect(certificates.map(({ serial }) => serial)).toEqual([serialOf(2)]);
  const metrics = await (await fetch(`http://127.0.0.1:${http?.port}/metrics`)).text();
  expect(metrics).toMatch(
    /^millrace_certificate_expiry_timestamp_seconds\{certificate="tv.example"\} \d/m,
  );

  for (const { socket } of [reference, ...viewers, stun]) socket.destroy();
  signaling.disconnect();
}, 300_000);
