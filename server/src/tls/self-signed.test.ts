import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeClock } from "../core/fake-clock.ts";
import type { CertificateFacts, PemPair } from "./certificate.ts";
import { ownNames, SelfSignedSource } from "./self-signed.ts";
import { testLog } from "./test-log.ts";

let folder: string;
let clock: FakeClock;
const dayMs = 86_400_000;

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "millrace-tls-")), "kept");
  clock = new FakeClock();
});
afterEach(() => rmSync(join(folder, ".."), { recursive: true }));

async function open(...names: string[]): Promise<{ facts: CertificateFacts; pair: PemPair }> {
  const { log } = testLog();
  const options = { folder, names: [], clock, log, ownNames: () => names };
  const source = await SelfSignedSource.open(options);
  source.close();
  const [facts] = source.certificates.facts;
  if (facts === undefined) throw new Error("there is none");
  return { facts, pair: source.certificates.pair };
}

describe("SelfSignedSource", () => {
  it("keeps its certificate where nobody else reads it, so that a browser's exception lasts", async () => {
    const { facts } = await open("localhost", "10.0.0.5");
    expect(facts).toMatchObject({ names: ["localhost", "10.0.0.5"], selfSigned: true });
    expect(readdirSync(folder)).toEqual(["self-signed.pem"]);
    expect(statSync(join(folder, "self-signed.pem")).mode & 0o777).toBe(0o600);
    expect((await open("localhost")).facts.serial).toBe(facts.serial);
  });

  it("makes another with the same key for a name that is new, and keeps the old ones in it", async () => {
    const first = await open("localhost", "10.0.0.5");
    const second = await open("localhost", "10.0.0.6");
    expect(second.facts.serial).not.toBe(first.facts.serial);
    expect(second.facts.names).toEqual(["localhost", "10.0.0.6", "10.0.0.5"]);
    expect(second.pair.key).toBe(first.pair.key);
    expect((await open("localhost", "10.0.0.5")).facts.serial).toBe(second.facts.serial);
  });

  it("makes another in time, also while it runs", async () => {
    const { log } = testLog();
    const options = { folder, names: ["a.example"], clock, log, ownNames: () => [] };
    const source = await SelfSignedSource.open(options);
    const [first] = source.certificates.facts;
    clock.advance(366 * dayMs);
    expect(source.certificates.facts[0]?.serial).toBe(first?.serial);
    // Whatever is made meanwhile takes its time.
    await vi.waitFor(
      () => {
        clock.advance(dayMs);
        expect(source.certificates.facts[0]?.serial).not.toBe(first?.serial);
      },
      { timeout: 20_000 },
    );
    source.close();
  });

  it("does without the folder and without what is broken in it", async () => {
    const { facts } = await open("localhost");
    writeFileSync(join(folder, "self-signed.pem"), "rubbish");
    expect((await open("localhost")).facts.serial).not.toBe(facts.serial);
    rmSync(folder, { recursive: true });
    writeFileSync(folder, "a file in the way");
    expect((await open("localhost")).facts.names).toEqual(["localhost"]);
  });
});

it("ownNames has localhost, the machine's names and its addresses without link-local ones", () => {
  const entry = (address: string, internal = false) =>
    ({ address, internal, family: address.includes(":") ? "IPv6" : "IPv4" }) as never;
  const interfaces = {
    lo: [entry("127.0.0.1", true)],
    eth0: [entry("10.0.0.5"), entry("fe80::1"), entry("fd00::5")],
  };
  const addresses = ["127.0.0.1", "::1", "10.0.0.5", "fd00::5"];
  expect(ownNames("Studio", interfaces)).toEqual([
    ...["localhost", "studio", "studio.local"],
    ...addresses,
  ]);
  expect(ownNames("a.example", interfaces)).toEqual(["localhost", "a.example", ...addresses]);
  expect(ownNames("odd name_", interfaces)).toEqual(["localhost", ...addresses]);
});
