import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createGateway, type Gateway } from "./app.ts";
import { loadConfig } from "./config/index.ts";
import { silentLog } from "./core/index.ts";

const timeoutMs = 180_000;
const entry = fileURLToPath(new URL("./main.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "millrace-doctor-"));
const trusted = join(folder, "ca.pem");
let gateway: Gateway;
let url: string;

beforeAll(async () => {
  const listeners = ["http", "https", "rtmp", "rtc"].flatMap((section) => [
    `--${section}-host=127.0.0.1`,
    `--${section}-port=0`,
  ]);
  const off = ["--flv-tcp-enabled=false", "--turn-enabled=false", "--transcode-engine=none"];
  const own = ["--https-self-signed", `--https-folder=${folder}`];
  const { config } = loadConfig({ args: [...listeners, ...off, ...own], readFile: () => "" });
  gateway = await createGateway(config, { log: silentLog });
  await gateway.start();
  writeFileSync(trusted, gateway.tls?.main?.certificates.pair.cert ?? "");
  url = `https://localhost:${gateway.addresses().https?.port}`;
}, timeoutMs);
afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true });
});

interface Found {
  readonly id: string;
  readonly status: string;
  readonly code: string;
}

/** What `millrace doctor` says, as an operator runs it. */
function doctor(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Found[]> {
  const all = ["--conditions=source", "--import", "tsx", entry, "doctor", "--json", ...args];
  const env = { PATH: process.env["PATH"], ...environment };
  return new Promise((resolve) => {
    execFile(process.execPath, all, { env }, (_, output) =>
      resolve((JSON.parse(output) as { checks: Found[] }).checks),
    );
  });
}

it(
  "finds a gateway with TLS of its own in order for who believes its certificate",
  async () => {
    const checks = await doctor([`--url=${url}`], { NODE_EXTRA_CA_CERTS: trusted });
    const of = (id: string) => checks.find((check) => check.id === id)?.code;
    const ids = ["http", "tls", "certificate", "ready", "signaling-polling", "signaling-websocket"];
    expect(ids.map(of)).toEqual(ids.map(() => "OK"));
  },
  timeoutMs,
);

it(
  "says of a self-signed certificate that it is one, and nothing else",
  async () => {
    const checks = await doctor([`--url=${url}`]);
    expect(checks).toMatchObject([{ status: "fail", code: "DOCTOR_CERTIFICATE_SELF_SIGNED" }]);
  },
  timeoutMs,
);

it(
  "says so of a configuration, too",
  async () => {
    const ports = ["http", "rtmp", "flv-tcp", "rtc", "https"].map((name) => `--${name}-port=0`);
    const off = ["--turn-enabled=false", "--transcode-engine=none", "--https-self-signed"];
    const checks = await doctor([...ports, ...off]);
    const ofCertificates = checks.filter(({ id }) => id.startsWith("certificate"));
    expect(ofCertificates).toMatchObject([
      { status: "warn", code: "DOCTOR_CERTIFICATE_SELF_SIGNED" },
    ]);
  },
  timeoutMs,
);
