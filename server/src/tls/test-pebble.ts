import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeSelfSigned } from "./make-certificate.ts";

export const pebbleMissing = "pebble and pebble-challtestsrv are not installed";

/** Debian's package `pebble` has both. */
export function hasPebble(): boolean {
  return ["pebble", "pebble-challtestsrv"].every(
    (name) => spawnSync(name, ["-h"], { timeout: 10_000 }).error === undefined,
  );
}

/** An ACME server on loopback, for which every host name is 127.0.0.1. */
export interface Pebble {
  readonly directoryUrl: string;
  /** PEM of who signed the server's own certificate. */
  readonly trusted: string;
  /** PEM of who signs the certificates that it gives. */
  root(): Promise<string>;
  close(): Promise<void>;
}

export interface PebbleOptions {
  /** Where it asks our answers. */
  readonly httpPort: number;
  /** Of each certificate. */
  readonly lifeSeconds?: number;
  /** It wants an external account with this id and key. */
  readonly account?: { readonly keyId: string; readonly hmacKey: string };
}

export async function startPebble(options: PebbleOptions): Promise<Pebble> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-pebble-"));
  const [api, management, dns, dnsManagement] = await freePorts(4);
  const own = await makeSelfSigned({ names: ["localhost", "127.0.0.1"], nowMs: Date.now() });
  const file = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const config = {
    listenAddress: `127.0.0.1:${api}`,
    managementListenAddress: `127.0.0.1:${management}`,
    certificate: file("cert.pem", own.cert),
    privateKey: file("key.pem", own.key),
    httpPort: options.httpPort,
    tlsPort: 1,
    ocspResponderURL: "",
    certificateValidityPeriod: options.lifeSeconds ?? 86_400,
    externalAccountBindingRequired: options.account !== undefined,
    ...(options.account && {
      externalAccountMACKeys: { [options.account.keyId]: options.account.hmacKey },
    }),
  };
  const path = file("pebble.json", JSON.stringify({ pebble: config }));
  const off = ["-http01", "", "-https01", "", "-tlsalpn01", ""];
  const names = spawn(
    "pebble-challtestsrv",
    [
      ...off,
      ...["-dns01", `127.0.0.1:${dns}`, "-management", `127.0.0.1:${dnsManagement}`],
      ...["-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""],
    ],
    { stdio: "ignore" },
  );
  const pebble = spawn("pebble", ["-config", path, "-dnsserver", `127.0.0.1:${dns}`], {
    env: {
      PATH: process.env["PATH"],
      PEBBLE_VA_NOSLEEP: "1",
      PEBBLE_WFE_NONCEREJECT: "5",
      PEBBLE_AUTHZREUSE: "0",
    },
    stdio: "ignore",
  });
  const children = [pebble, names];
  const close = async (): Promise<void> => {
    await Promise.all(children.map(end));
    rmSync(folder, { recursive: true, force: true });
  };
  const directoryUrl = `https://localhost:${api}/dir`;
  try {
    await answers(`https://localhost:${api}/dir`, own.cert, pebble);
    return {
      directoryUrl,
      trusted: own.cert,
      root: () => read(`https://localhost:${management}/roots/0`, own.cert),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

async function answers(url: string, ca: string, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error("pebble ended");
    try {
      await read(url, ca);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function read(url: string, ca: string): Promise<string> {
  const { get } = await import("node:https");
  return new Promise((resolve, reject) => {
    get(url, { ca, agent: false, timeout: 5000 }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      answer.on("end", () => resolve(text));
      answer.on("error", reject);
    }).on("error", reject);
  });
}

/** TCP ports of 127.0.0.1 that were free a moment ago. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}
