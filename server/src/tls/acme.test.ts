import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../core/clock.ts";
import { FakeClock } from "../core/fake-clock.ts";
import { AcmeSource, type AcmeTimes } from "./acme.ts";
import type { AcmeSettings } from "./acme-order.ts";
import { makeSelfSigned } from "./make-certificate.ts";
import { type TestLine, testLog } from "./test-log.ts";
import {
  hasPebble,
  type Pebble,
  type PebbleOptions,
  pebbleMissing,
  startPebble,
} from "./test-pebble.ts";

const timeoutMs = 180_000;
const quick: Partial<AcmeTimes> = { pollMs: 50, firstRetryMs: 100, maxRetryMs: 1000 };
let folder: string;
let web: Server;
/** The ACME server of the test at hand. */
let pebble: Pebble | undefined;
const pebbles: Pebble[] = [];
let lines: TestLine[];
let asked: string[];
const sources: AcmeSource[] = [];

beforeAll(async () => {
  web = createServer((request, response) => {
    asked.push(request.url ?? "");
    const source = sources.at(-1);
    void source?.challenges.handle(request, response).then((taken) => {
      if (!taken) response.writeHead(404).end();
    });
  }).listen(0, "127.0.0.1");
  await once(web, "listening");
});
afterAll(async () => {
  for (const started of pebbles) await started.close();
  web.closeAllConnections();
  web.close();
}, timeoutMs);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-acme-"));
  asked = [];
});
afterEach(() => {
  for (const source of sources.splice(0)) source.close();
  pebble = undefined;
  rmSync(folder, { recursive: true });
});

async function start(options: Partial<PebbleOptions> = {}): Promise<Pebble> {
  const { port } = web.address() as AddressInfo;
  const started = await startPebble({ httpPort: port, ...options });
  pebbles.push(started);
  return started;
}

/** Lets a clock that is no real one run on until this holds. */
const advanceUntil = (clock: FakeClock, holds: () => boolean): Promise<void> =>
  vi.waitFor(
    () => {
      clock.advance(quick.pollMs ?? 0);
      expect(holds()).toBe(true);
    },
    { timeout: timeoutMs, interval: 20 },
  );

async function open(
  settings: Partial<AcmeSettings> = {},
  times: Partial<AcmeTimes> = quick,
  clock = systemClock,
): Promise<AcmeSource> {
  const kept = testLog();
  lines = kept.lines;
  const source = await AcmeSource.open({
    settings: {
      directoryUrl: pebble?.directoryUrl ?? "https://localhost:1/dir",
      trusted: pebble?.trusted ?? "",
      domains: ["tv.example", "www.tv.example"],
      email: "me@tv.example",
      eabKeyId: "",
      eabHmacKey: "",
      ...settings,
    },
    folder,
    clock,
    log: kept.log,
    times,
  });
  sources.push(source);
  return source;
}

const changed = (source: AcmeSource): Promise<void> =>
  new Promise((resolve) => {
    const forget = source.certificates.onChange(() => {
      forget();
      resolve();
    });
  });
const facts = (source: AcmeSource) => source.certificates.facts[0];
const warnings = () => lines.filter(({ level }) => level === "warn");

const why = hasPebble() ? "against pebble" : pebbleMissing;
describe.skipIf(!hasPebble())(`AcmeSource, ${why}`, { timeout: timeoutMs }, () => {
  let common: Pebble;
  beforeAll(async () => {
    common = await start();
  }, timeoutMs);
  beforeEach(() => {
    pebble = common;
  });

  it("gets a certificate for all names, keeps it for this user alone, and takes it at the next start", async () => {
    const { root } = common;
    const source = await open();
    expect(facts(source)?.selfSigned).toBe(true);
    const first = changed(source);
    source.start();
    await first;
    expect(facts(source)).toMatchObject({
      names: ["tv.example", "www.tv.example"],
      selfSigned: false,
    });
    expect(source.status).toMatchObject({ failures: 0, failure: undefined });
    const { cert } = source.certificates.pair;
    const chain = cert.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? [];
    const issuer = new X509Certificate(chain.at(-1) ?? "");
    expect(issuer.checkIssued(new X509Certificate(await root()))).toBe(true);
    // The server looks from several places.
    expect(new Set(asked).size).toBe(2);
    expect(asked.every((url) => url.startsWith("/.well-known/acme-challenge/"))).toBe(true);
    // The questions are over.
    const { port } = web.address() as AddressInfo;
    expect((await fetch(`http://127.0.0.1:${port}${asked[0]}`)).status).toBe(404);
    const [name = ""] = readdirSync(join(folder, "acme"));
    for (const file of readdirSync(join(folder, "acme", name))) {
      expect(statSync(join(folder, "acme", name, file)).mode & 0o777, file).toBe(0o600);
    }
    expect(readdirSync(join(folder, "acme", name))).toEqual(["account.pem", "certificate.pem"]);
    expect(JSON.stringify(lines)).not.toContain("PRIVATE KEY");

    const again = await open();
    expect(facts(again)).toEqual(facts(source));
    again.start();
    expect(again.status.nextTryMs).toBeGreaterThan(Date.now() + 3_600_000);
  });

  it("renews when a third of its life is left, with the same account", async () => {
    const clock = new FakeClock(Date.now());
    const source = await open({}, { ...quick, jitter: 0 }, clock);
    source.start();
    await advanceUntil(clock, () => facts(source)?.selfSigned === false);
    const before = facts(source);
    const { notBeforeMs = 0, expiresAtMs = 0, serial } = before ?? {};
    const dueMs = expiresAtMs - (expiresAtMs - notBeforeMs) / 3;
    await advanceUntil(clock, () => source.status.nextTryMs !== undefined);
    expect(source.status.nextTryMs).toBeCloseTo(dueMs, -1);
    clock.advance(dueMs - clock.wallMs() - 1000);
    expect(source.status.nextTryMs).toBeCloseTo(dueMs, -1);
    expect(facts(source)?.serial).toBe(serial);
    clock.advance(2000);
    expect(source.status.nextTryMs).toBeUndefined();
    const accounts = () =>
      readdirSync(join(folder, "acme")).map((name) =>
        readFileSync(join(folder, "acme", name, "account.pem"), "utf8"),
      );
    const [account] = accounts();
    await advanceUntil(clock, () => facts(source)?.serial !== serial);
    expect(accounts()).toEqual([account]);
    expect(warnings()).toEqual([]);
  });

  it("orders another for names that were added, and shows the kept one until then", async () => {
    const source = await open();
    const first = changed(source);
    source.start();
    await first;
    source.close();
    const more = await open({ domains: ["tv.example", "new.example"] });
    expect(facts(more)?.serial).toBe(facts(source)?.serial);
    const second = changed(more);
    more.start();
    await second;
    expect([...(facts(more)?.names ?? [])].sort()).toEqual(["new.example", "tv.example"]);
  });

  it("says why it failed, waits longer each time, and gets it once the fault is mended", async () => {
    const source = await open();
    // Nobody answers for the challenges of this one.
    const decoy = await open();
    source.start();
    await expect.poll(() => source.status.failures, { timeout: timeoutMs }).toBeGreaterThan(1);
    expect(source.status.failure).toMatch(/tv\.example: .*(404|not found|invalid)/i);
    expect(facts(source)?.selfSigned).toBe(true);
    sources.splice(sources.indexOf(decoy), 1);
    await changed(source);
    expect(facts(source)?.selfSigned).toBe(false);
    expect(source.status).toMatchObject({ failures: 0, failure: undefined });
  });

  it("binds its account to one that the server knows already", async () => {
    const hmacKey = Buffer.alloc(32, 7).toString("base64url");
    pebble = await start({ account: { keyId: "kid-1", hmacKey } });
    const stranger = await open();
    stranger.start();
    await expect.poll(() => stranger.status.failures, { timeout: timeoutMs }).toBeGreaterThan(0);
    stranger.close();
    const source = await open({ eabKeyId: "kid-1", eabHmacKey: hmacKey });
    const first = changed(source);
    source.start();
    await first;
    expect(facts(source)?.selfSigned).toBe(false);
    expect(JSON.stringify(lines)).not.toContain(hmacKey);
  });
});

describe("AcmeSource", { timeout: timeoutMs }, () => {
  it("waits longer after each failure, with chance, and gives up when it is closed", async () => {
    const clock = new FakeClock(Date.now());
    const times = { firstRetryMs: 300_000, maxRetryMs: 1_000_000 };
    const source = await open({ directoryUrl: "https://127.0.0.1:1/dir" }, times, clock);
    source.start();
    const waits: number[] = [];
    for (let failures = 1; failures <= 4; failures++) {
      clock.advance(1_300_000);
      await expect.poll(() => source.status.failures, { timeout: timeoutMs }).toBe(failures);
      waits.push((source.status.nextTryMs ?? 0) - clock.wallMs());
    }
    [300_000, 600_000, 1_000_000, 1_000_000].forEach((expected, index) => {
      expect(Math.abs((waits[index] ?? 0) - expected)).toBeLessThanOrEqual(expected * 0.2);
    });
    expect(warnings().map(({ code }) => code)).toEqual(Array(4).fill("ACME_FAILED"));
    source.close();
    source.close();
    expect(clock.timers).toBe(0);
  });

  it("uses no kept certificate that is broken, too old or for somebody else", async () => {
    const kept = join(folder, "acme", "localhost_1_dir");
    const write = async (names: string[], nowMs: number): Promise<void> => {
      const { cert, key } = await makeSelfSigned({ names, nowMs });
      writeFileSync(join(kept, "certificate.pem"), key + cert);
    };
    mkdirSync(kept, { recursive: true });
    const isKept = async () => {
      const source = await open();
      return facts(source)?.names.includes("kept.example");
    };
    await write(["kept.example", "tv.example"], Date.now());
    expect(await isKept()).toBe(true);
    await write(["kept.example", "tv.example"], Date.now() - 400 * 86_400_000);
    expect(await isKept()).toBe(false);
    await write(["kept.example"], Date.now());
    expect(await isKept()).toBe(false);
    writeFileSync(join(kept, "certificate.pem"), "rubbish");
    expect(await isKept()).toBe(false);
    expect(warnings().map(({ code }) => code)).toEqual(["CERTIFICATE_UNREADABLE"]);
  });
});
