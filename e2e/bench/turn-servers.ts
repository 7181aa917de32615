/** The TURN servers that `turn.ts` compares, each a process of its own with the same user and the same peers. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { TestClient } from "../../turn/src/relay/test-client.ts";

const host = "127.0.0.1";
export const user = { username: "user", password: "pass" } as const;
const millrace = fileURLToPath(new URL("../../turn/dist/main.js", import.meta.url));
/** Ports of relayed addresses of one server; the ranges lie one after the other. */
const portsPerServer = 4_000;
const firstPort = 10_000;
const userHz = 100;

/** CPU time of user and kernel, all threads, and memory. */
export interface Usage {
  readonly cpuMs: number;
  readonly rssBytes: number;
  readonly descriptors: number;
}

export class TurnServer {
  readonly name: string;
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(name: string, port: number, child: ChildProcess, folder: string) {
    this.name = name;
    this.port = port;
    this.#child = child;
    this.#folder = folder;
  }

  get at(): { readonly protocol: "udp"; readonly host: string; readonly port: number } {
    return { protocol: "udp", host, port: this.port };
  }

  /** `kind` is one of `turnKinds()`; `place` tells it from others that run at the same time. */
  static async start(kind: string, place: number): Promise<TurnServer> {
    const port = await freePort();
    const minPort = firstPort + place * portsPerServer;
    const maxPort = minPort + portsPerServer - 1;
    const folder = mkdtempSync(join(tmpdir(), "millrace-bench-turn-"));
    const [command, args, environment] =
      kind === "coturn"
        ? ["turnserver", coturnArgs(port, minPort, maxPort, folder), {}]
        : [process.execPath, millraceArgs(kind, port, minPort, maxPort), millraceUsers];
    const child = spawn(command, args, {
      stdio: "ignore",
      env: { PATH: process.env["PATH"], ...environment },
    });
    const server = new TurnServer(kind, port, child, folder);
    await server.#answers();
    return server;
  }

  async #answers(): Promise<void> {
    for (let tries = 0; tries < 100; tries++) {
      if (this.#child.exitCode !== null) throw new Error(`${this.name} ended`);
      const client = await TestClient.open(this.at, user);
      const answered = await Promise.race([
        client.greet().then(
          () => true,
          () => false,
        ),
        sleep(200, false),
      ]);
      await client.close();
      if (answered) return;
    }
    throw new Error(`${this.name} does not answer`);
  }

  usage(): Usage {
    const folder = `/proc/${this.#child.pid}`;
    // Behind the name, which may have spaces in it.
    const fields = readFileSync(`${folder}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    const ticks = Number(fields[11]) + Number(fields[12]);
    const rssKb = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`${folder}/status`, "utf8"))?.[1];
    return {
      cpuMs: (ticks * 1000) / userHz,
      rssBytes: Number(rssKb) * 1024,
      descriptors: readdirSync(`${folder}/fd`).length,
    };
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const gone = once(this.#child, "exit");
      this.#child.kill("SIGKILL");
      await gone;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** What can be compared here: the data paths that the relay knows, and coturn where it is installed. */
export function turnKinds(): readonly string[] {
  const help = spawnSync(process.execPath, [millrace, "--help"], { encoding: "utf8" }).stdout;
  const paths = help.includes("--turn-data-path") ? ["native", "node"] : [];
  const own = paths.length === 0 ? ["millrace"] : paths.map((path) => `millrace ${path}`);
  const hasCoturn = spawnSync("turnserver", ["--version"], { stdio: "ignore" }).error === undefined;
  return hasCoturn ? [...own, "coturn"] : own;
}

const millraceUsers = { MILLRACE_TURN_USERS: JSON.stringify([user]) };

function millraceArgs(kind: string, port: number, minPort: number, maxPort: number): string[] {
  const [, path] = kind.split(" ");
  return [
    ...[millrace, "--turn-host", host, "--turn-port", String(port), "--log-level", "error"],
    ...["--turn-min-port", String(minPort), "--turn-max-port", String(maxPort)],
    ...["--turn-allow-peers", "127.0.0.0/8", "--turn-realm", "example.org"],
    ...["--turn-max-allocations-per-user", "4000", "--turn-max-allocations-per-address", "4000"],
    // What is measured is not the limit of an allocation.
    ...["--turn-max-bitrate-bps", "2000000000"],
    ...(path === undefined ? [] : ["--turn-data-path", path]),
  ];
}

function coturnArgs(port: number, minPort: number, maxPort: number, folder: string): string[] {
  return [
    ...["-n", "--no-tls", "--no-dtls", "--no-cli", "--allow-loopback-peers", "--lt-cred-mech"],
    ...["-L", host, "-E", host, "-p", String(port), "-r", "example.org"],
    ...["-u", `${user.username}:${user.password}`],
    ...["--min-port", String(minPort), "--max-port", String(maxPort)],
    ...["--pidfile", join(folder, "pid"), "--userdb", join(folder, "db")],
    ...["--log-file", "/dev/null", "--simple-log"],
  ];
}

/** A port that is free for UDP and TCP now. */
async function freePort(): Promise<number> {
  for (;;) {
    const tcp = createServer().listen(0, host);
    await once(tcp, "listening");
    const { port } = tcp.address() as { port: number };
    const udp = createSocket("udp4");
    const free = await new Promise<boolean>((resolve) => {
      udp.once("error", () => resolve(false));
      udp.bind(port, host, () => resolve(true));
    });
    udp.close();
    await new Promise((resolve) => tcp.close(resolve));
    if (free) return port;
  }
}
