import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { FakeClock } from "../core/fake-clock.ts";
import { CertificateError, type PemPair } from "./certificate.ts";
import { CertificateFiles } from "./certificate-files.ts";
import { makeSelfSigned } from "./make-certificate.ts";
import { type TestLine, testLog } from "./test-log.ts";

const nowMs = 1_700_000_000_000;
const dayMs = 86_400_000;
let folder: string;
let files: { cert: string; key: string };
let clock: FakeClock;
let lines: TestLine[];
let made: PemPair[];
let old: PemPair;
let source: CertificateFiles | undefined;

beforeAll(async () => {
  const make = (names: string[], atMs: number) => makeSelfSigned({ names, nowMs: atMs });
  made = [await make(["one.example"], nowMs), await make(["two.example"], nowMs)];
  old = await make(["old.example"], nowMs - 500 * dayMs);
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-tls-"));
  files = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
  clock = new FakeClock(nowMs);
});
afterEach(() => {
  source?.close();
  expect(clock.timers).toBe(0);
  rmSync(folder, { recursive: true });
});

function write({ cert, key }: PemPair): void {
  writeFileSync(files.cert, cert);
  writeFileSync(files.key, key);
}

function open(): CertificateFiles {
  const kept = testLog();
  lines = kept.lines;
  source = new CertificateFiles({ files: [files], clock, log: kept.log });
  return source;
}

const pairAt = (index: number): PemPair => made[index] ?? { cert: "", key: "" };
const name = () => source?.certificates.facts[0]?.names[0];
const poll = () => clock.advance(5000);
const warnings = () => lines.filter(({ level }) => level === "warn").map(({ code }) => code);

describe("CertificateFiles", () => {
  it("takes new files without being told", () => {
    write(pairAt(0));
    const { certificates } = open();
    let changes = 0;
    certificates.onChange(() => changes++);
    poll();
    expect([name(), changes]).toEqual(["one.example", 0]);
    write(pairAt(1));
    poll();
    expect([name(), changes]).toEqual(["two.example", 1]);
    expect(warnings()).toEqual([]);
  });

  it("keeps the old ones between the writing of one file and of the other, and says nothing", () => {
    write(pairAt(0));
    open();
    writeFileSync(files.cert, pairAt(1).cert);
    poll();
    expect(name()).toBe("one.example");
    writeFileSync(files.key, pairAt(1).key);
    poll();
    expect(name()).toBe("two.example");
    expect(warnings()).toEqual([]);
  });

  it("keeps the old ones while a file is half-written, and says so once when it stays so", () => {
    write(pairAt(0));
    open();
    write(pairAt(1));
    truncateSync(files.cert, 100);
    for (let round = 0; round < 5; round++) poll();
    expect(name()).toBe("one.example");
    expect(warnings()).toEqual(["CERTIFICATE_INVALID"]);
    expect(JSON.stringify(lines)).not.toContain("BEGIN");
    rmSync(files.key);
    poll();
    poll();
    expect(warnings()).toEqual(["CERTIFICATE_INVALID", "CERTIFICATE_UNREADABLE"]);
    write(pairAt(1));
    poll();
    expect(name()).toBe("two.example");
  });

  it("tells at once whoever asks for it", () => {
    write(pairAt(0));
    const files = open();
    expect(files.reload()).toBe(true);
    write({ ...pairAt(0), key: pairAt(1).key });
    expect(files.reload()).toBe(false);
    expect(warnings()).toEqual(["CERTIFICATE_KEY_MISMATCH"]);
    write(pairAt(1));
    expect(files.reload()).toBe(true);
    expect(name()).toBe("two.example");
  });

  it("takes no expired one for one that is good, but begins with one, and says so", () => {
    write(pairAt(0));
    const first = open();
    write(old);
    expect(first.reload()).toBe(false);
    expect([name(), ...warnings()]).toEqual(["one.example", "CERTIFICATE_EXPIRED"]);
    first.close();
    open();
    expect([name(), ...warnings()]).toEqual(["old.example", "CERTIFICATE_EXPIRED"]);
  });

  it("does not begin without, nor with a file beyond its limit", () => {
    const code = () => {
      try {
        open();
        return "OK";
      } catch (error) {
        return error instanceof CertificateError ? error.code : error;
      }
    };
    expect(code()).toBe("CERTIFICATE_UNREADABLE");
    write(pairAt(0));
    const limit = 1_048_576;
    writeFileSync(files.cert, pairAt(0).cert.padEnd(limit + 1, "\n"));
    expect(code()).toBe("CERTIFICATE_UNREADABLE");
    writeFileSync(files.cert, pairAt(0).cert.padEnd(limit, "\n"));
    expect(code()).toBe("OK");
  });
});
