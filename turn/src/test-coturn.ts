import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { checkTurnOptions } from "./options.ts";
import type { ChildCommand } from "./process/child-command.ts";
import { startTurn, type TurnRelay } from "./process/start-turn.ts";
import { type LogLine, testLog, testTurnOptions } from "./process/test-options.ts";
import type { Protocol } from "./relay/index.ts";
import type { TurnOptions } from "./relay/turn-options.ts";
import { makeCertificate } from "./test-certificate.ts";

/** coturn's clients. Debian has them in the package `coturn`. */
export type CoturnTool =
  | "turnutils_uclient"
  | "turnutils_peer"
  | "turnutils_stunclient"
  | "turnutils_natdiscovery";

export const hasCoturnTools: boolean =
  spawnSync("turnutils_uclient", ["-?"], { stdio: "ignore" }).error === undefined;

/** What a program said and how it ended. */
export interface ToolRun {
  /** Undefined when it took too long and was ended. */
  readonly exitCode: number | undefined;
  readonly output: string;
}

/** Runs one of coturn's tools to its end, at most `timeoutMs`. */
export async function runTool(
  tool: CoturnTool,
  args: readonly string[],
  timeoutMs = 40_000,
): Promise<ToolRun> {
  const child = spawn(tool, args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (part) => {
      output += String(part);
    });
  }
  const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  const [code] = (await once(child, "close")) as [number | null];
  clearTimeout(timer);
  return { exitCode: code ?? undefined, output };
}

/** What `turnutils_uclient` tells at its end. */
export interface UclientReport {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  /**
   * Lines that say that something was wrong. Not among them: handshakes with TLS versions that are out of use, and
   * answers to a request that it had sent again meanwhile.
   */
  readonly errors: readonly string[];
}

export function readUclient(output: string): UclientReport {
  const last = (pattern: RegExp): number => Number([...output.matchAll(pattern)].at(-1)?.[1] ?? -1);
  return {
    sent: last(/tot_send_msgs=(\d+)/g),
    received: last(/tot_recv_msgs=(\d+)/g),
    lost: last(/Total lost packets (\d+)/g),
    errors: output
      .split("\n")
      .filter((line) => /error|fail|cannot|wrong/i.test(line))
      .filter((line) => !harmless.test(line)),
  };
}

/**
 * What the client says while it goes on: it tries other versions of TLS, and asks in a new transaction when an answer
 * comes late on a busy machine, which RFC 8656 section 7.2 has answered with 437.
 */
const harmless =
  /trying (?:again|allocate again)|protocol version|unsupported protocol|tls_connect: cannot|437 \(Allocation Mismatch\)/;

/** `turnutils_peer`: sends back whatever comes to its UDP port. */
export class EchoPeer {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(): Promise<EchoPeer> {
    const probe = createSocket("udp4").bind(0, "127.0.0.1");
    await once(probe, "listening");
    const { port } = probe.address();
    await new Promise<void>((resolve) => probe.close(() => resolve()));
    const child = spawn("turnutils_peer", ["-L", "127.0.0.1", "-p", String(port)], {
      stdio: "ignore",
    });
    const socket = createSocket("udp4").bind(0, "127.0.0.1");
    // It says nothing when it listens.
    const echoed = once(socket, "message");
    for (let answered = false; !answered; ) {
      if (child.exitCode !== null) throw new Error(`turnutils_peer ended with ${child.exitCode}`);
      socket.send("ping", port, "127.0.0.1");
      answered = await Promise.race([echoed.then(() => true), sleep(100, false)]);
    }
    socket.close();
    return new EchoPeer(child, port);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await gone;
  }
}

/** A relay in a process of its own, for clients that are programs. */
export interface ForeignRelay {
  readonly relay: TurnRelay;
  readonly lines: readonly LogLine[];
  portOf(protocol: Protocol): number;
  /** Resolves with the first figures that fit, asked for after the call. */
  figures(fits?: (stats: RelayFigures) => boolean): Promise<RelayFigures>;
}

export type RelayFigures = NonNullable<ReturnType<TurnRelay["stats"]>["relay"]>;

const secret = "a-secret-of-tests";
export const foreignUser: { readonly username: string; readonly password: string } = {
  username: "user",
  password: "pass",
};
export const foreignSecret: string = secret;

/** Starts one on 127.0.0.1 with UDP, TCP and TLS; peers may be anywhere on loopback. */
export async function startForeignRelay(
  change: Partial<TurnOptions>,
  command?: ChildCommand,
): Promise<ForeignRelay> {
  const { log, lines } = testLog();
  const host = "127.0.0.1";
  const options = testTurnOptions({
    realm: "example.org",
    secrets: [secret],
    users: [foreignUser],
    listen: (["udp", "tcp", "tls"] as const).map((protocol) => ({ protocol, host, port: 0 })),
    tls: makeCertificate(),
    allowPeers: ["127.0.0.0/8"],
    ...change,
  });
  const relay = await startTurn(checkTurnOptions(options), {
    log,
    supervision: { checkMs: 100, maxUnanswered: 300 },
    ...(command !== undefined && { command }),
  });
  return {
    relay,
    lines,
    portOf(protocol) {
      const found = relay.addresses.find((address) => address.protocol === protocol);
      if (found === undefined) throw new Error(`no ${protocol}`);
      return found.port;
    },
    async figures(fits = () => true) {
      const before = relay.stats().relay;
      for (;;) {
        const { relay: stats, restarts } = relay.stats();
        if (restarts > 0) throw new Error("the relay was replaced");
        if (stats !== undefined && stats !== before && fits(stats)) return stats;
        await sleep(20);
      }
    },
  };
}
