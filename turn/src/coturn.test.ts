import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { issueCredentials } from "./auth/index.ts";
import { codeOf, TestClient } from "./relay/test-client.ts";
import { makeCertificate } from "./test-certificate.ts";

const given = readFileSync(new URL("../../deploy/coturn.conf", import.meta.url), "utf8");
const hasCoturn = spawnSync("turnserver", ["--version"]).error === undefined;
if (!hasCoturn) console.warn("coturn is not installed: its tests are left out");
const secret = "the-secret-of-the-gateway";
const gateway = "127.0.0.9";
const clients: TestClient[] = [];
let folder = "";
let server: ChildProcess;
let said = "";
let port = 0;
let tlsPort = 0;

/** `deploy/coturn.conf` with what an operator changes, for loopback. */
function configuration(certFile: string, keyFile: string): string {
  const changes: Readonly<Record<string, string>> = {
    "listening-port": String(port),
    "tls-listening-port": String(tlsPort),
    "external-ip": "127.0.0.1",
    "static-auth-secret": secret,
    "allowed-peer-ip": gateway,
    "min-port": "61000",
    cert: certFile,
    pkey: keyFile,
  };
  const names = new Set<string>();
  const text = given.replace(/^([\w-]+)=.*$/gm, (line, name: string) => {
    names.add(name);
    return changes[name] === undefined ? line : `${name}=${changes[name]}`;
  });
  for (const name of Object.keys(changes)) expect(names, name).toContain(name);
  return `${text}listening-ip=127.0.0.1\nallow-loopback-peers\npidfile=${join(folder, "pid")}\n`;
}

async function freePort(): Promise<number> {
  for (;;) {
    const tcp = createServer().listen(0, "127.0.0.1");
    await once(tcp, "listening");
    const { port: found } = tcp.address() as { port: number };
    const udp = createSocket("udp4").bind(found, "127.0.0.1");
    const free = await Promise.race([
      once(udp, "listening").then(() => true),
      once(udp, "error").then(() => false),
    ]).catch(() => false);
    if (free) udp.close();
    tcp.close();
    if (free) return found;
  }
}

async function connect(
  of = secret,
  protocol: "udp" | "tcp" | "tls" = "udp",
  expiresInSeconds = 60,
): Promise<TestClient> {
  const expiry = Math.floor(Date.now() / 1000) + expiresInSeconds;
  const place = { protocol, host: "127.0.0.1", port: protocol === "tls" ? tlsPort : port };
  const client = await TestClient.open(place, issueCredentials(of, "viewer-1", expiry));
  clients.push(client);
  return client;
}

describe.skipIf(!hasCoturn)("coturn with deploy/coturn.conf", () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "millrace-coturn-"));
    port = await freePort();
    tlsPort = await freePort();
    const { cert, key } = makeCertificate();
    const files = [join(folder, "cert.pem"), join(folder, "key.pem")] as const;
    writeFileSync(files[0], cert);
    writeFileSync(files[1], key);
    const file = join(folder, "coturn.conf");
    writeFileSync(file, configuration(...files));
    server = spawn("turnserver", ["-c", file], { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [server.stdout, server.stderr]) {
      stream?.on("data", (part) => {
        said += String(part);
      });
    }
    // It says what it listens on before it does.
    for (;;) {
      const probe = await connect().catch(() => undefined);
      const answer = await Promise.race([
        probe?.greet(),
        new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 200)),
      ]).catch(() => undefined);
      if (answer !== undefined) break;
      if (server.exitCode !== null) throw new Error(said);
    }
  });

  afterAll(async () => {
    for (const client of clients) await client.close();
    if (server?.exitCode === null) {
      server.kill();
      await once(server, "exit");
    }
    rmSync(folder, { recursive: true, force: true });
  });

  it("takes every line of it", () => {
    expect(said).not.toMatch(/bad configuration|unknown|unrecognized|invalid|deprecated/i);
    expect(said).not.toMatch(/cannot (find|start|use)/i);
  });

  it.each(["udp", "tcp", "tls"] as const)(
    "takes the gateway's credentials over %s, and others not",
    async (protocol) => {
      expect(codeOf(await (await connect(secret, protocol)).allocate())).toBe(0);
      expect(codeOf(await (await connect("another-secret", protocol)).allocate())).toBe(401);
    },
  );

  it("takes no credentials that have expired", async () => {
    expect(codeOf(await (await connect(secret, "udp", -60)).allocate())).toBe(401);
  });

  it("relays to the gateway and nowhere else", async () => {
    const client = await connect();
    expect(codeOf(await client.allocate())).toBe(0);
    const permit = (address: string) => client.permit({ family: 4, address, port: 8189 });
    expect(await permit(gateway)).toBe(0);
    for (const address of ["127.0.0.1", "10.0.0.1", "169.254.169.254", "8.8.8.8", "224.0.0.1"]) {
      expect(await permit(address), address).toBe(403);
    }
  });

  it("gives one session no more than its share", async () => {
    const codes = [];
    for (let i = 0; i < 17; i++) codes.push(codeOf(await (await connect()).allocate()));
    expect(codes.filter((code) => code === 0).length).toBeLessThanOrEqual(16);
    expect(codes.at(-1)).toBe(486);
  });
});
