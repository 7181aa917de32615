import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { setPriority } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { TestNetwork } from "./network.ts";
import { Peer } from "./process.ts";

const entry = fileURLToPath(new URL("../../server/dist/main.js", import.meta.url));

export interface GatewayOptions {
  /** Flags besides the free ports, such as `--auth-publish-tokens`. */
  readonly flags?: readonly string[];
  /** Runs on the server's host of this network and is reached at its address. */
  readonly network?: TestNetwork;
  /** Another Node than the one that runs this, and what it is told before the program. */
  readonly node?: { readonly program: string; readonly flags: readonly string[] };
  /** Another copy of this repository, built; default: this one. */
  readonly tree?: string;
}

/** One line of the log. */
export interface LogLine {
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** The built gateway as a process of its own on free ports, as an operator runs it. */
export class Gateway {
  readonly process: Peer;
  readonly log: LogLine[];
  /** Where browsers reach it, without a slash at the end. */
  readonly url: string;
  /** Where encoders on the same host publish, without a slash at the end. */
  readonly rtmpUrl: string;

  private constructor(process: Peer, log: LogLine[], url: string, rtmpUrl: string) {
    this.process = process;
    this.log = log;
    this.url = url;
    this.rtmpUrl = rtmpUrl;
  }

  /** Starts one and waits until all its listeners are up. `ports` restarts one on the same ports. */
  static async start(options: GatewayOptions = {}, ports?: GatewayPorts): Promise<Gateway> {
    const { network } = options;
    const address = network?.serverAddress ?? "127.0.0.1";
    const { program, flags } = options.node ?? { program: process.execPath, flags: [] };
    const main = options.tree === undefined ? entry : join(options.tree, "server/dist/main.js");
    const args = [
      ...[...flags, main, "serve", "--http-port", String(ports?.http ?? 0)],
      ...["--rtmp-port", String(ports?.rtmp ?? 0), "--rtc-port", String(ports?.rtc ?? 0)],
      ...["--flv-tcp-port", "0"],
      // Bound to what is announced: Chromium talks to loopback from other addresses of this machine too, and
      // takes no answer from another one than it asked.
      ...["--rtc-host", address, "--rtc-announced-ips", address],
      // Relayed ports are none that the system gives to others.
      ...["--turn-host", address, "--turn-port", "0", "--turn-min-port", "61000"],
      ...["--log-level", "debug", ...(options.flags ?? [])],
    ];
    const [command, commandArgs] = network?.onServer(program, args) ?? [program, args];
    const peer = new Peer(command, commandArgs);
    goBeforeBrowsers(peer.process.pid);
    const log: LogLine[] = [];
    const listening = new Promise<LogLine>((resolve, reject) => {
      createInterface({ input: peer.process.stdout ?? process.stdin }).on("line", (line) => {
        const entry = parseLine(line);
        if (entry === undefined) return;
        log.push(entry);
        if (entry.msg === "listening") resolve(entry);
      });
      void once(peer.process, "exit").then(() => reject(new Error(`gateway ended: ${peer.said}`)));
    });
    const at = (await listening) as unknown as { http: { port: number }; rtmp: { port: number } };
    return new Gateway(
      peer,
      log,
      `http://${address}:${at.http.port}`,
      `rtmp://127.0.0.1:${at.rtmp.port}/live`,
    );
  }

  /** The ports it has, to start another one in its place. */
  get ports(): GatewayPorts {
    const at = this.log.find((line) => line.msg === "listening") as unknown as {
      http: { port: number };
      rtmp: { port: number };
      rtc: { port: number };
    };
    return { http: at.http.port, rtmp: at.rtmp.port, rtc: at.rtc.port };
  }

  /** Reads the API. */
  async api<T>(path: string): Promise<T> {
    const response = await fetch(`${this.url}/api/v1/${path}`);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** Asks it to shut down and waits until it has. Returns its exit code. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    await this.process.stop(signal);
    return this.process.process.exitCode;
  }
}

export interface GatewayPorts {
  readonly http: number;
  readonly rtmp: number;
  readonly rtc: number;
}

/**
 * A gateway has a machine of its own; here it shares two cores with browsers, encoders and decoders. Browsers that publish
 * take a late answer for a slow network, and send less for a long while. Servers that it is compared with get the same,
 * right after their start, so that all their threads have it.
 */
export function goBeforeBrowsers(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, -15);
    // Where sessions are scheduled as groups, the priority counts within the group only.
    writeFileSync(`/proc/${pid}/autogroup`, "-15");
  } catch {
    // Only the superuser may, and not every kernel has groups; tests run as well without, on a machine with more cores.
  }
}

function parseLine(line: string): LogLine | undefined {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return undefined;
  }
}
