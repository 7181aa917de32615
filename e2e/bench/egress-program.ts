import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Peer } from "../peers/process.ts";
import { buildTool } from "./load-tool.ts";

export type EgressCipher = "gcm" | "cm";
/** With OpenSSL's EVP, or without it where plain C can. */
export type EgressSealing = "evp" | "raw";
/** One datagram for each packet, or the packets of a viewer in one message (UDP segmentation offload). */
export type EgressWay = "one" | "segmented";

/** What one round of a program has to send. */
export interface EgressRound {
  readonly cipher: EgressCipher;
  readonly sealing: EgressSealing;
  readonly way: EgressWay;
  readonly frames: number;
  readonly packetsPerFrame: number;
}

/** Microseconds per packet. */
export interface EgressCost {
  readonly cpu: number;
  /** Of the thread that hands packets in; undefined where there is no other. */
  readonly thread: number | undefined;
}

/** Where packets go, to how many viewers. */
export interface EgressLoad {
  readonly port: number;
  readonly viewers: number;
  readonly payloadBytes: number;
}

/**
 * A program that seals and sends packets, a process of its own so that nothing of another one is measured with it. It
 * waits until a round of it is asked for.
 */
export class EgressProgram {
  /** What it says of itself. */
  readonly about: string;
  readonly #peer: Peer;
  readonly #lines: Interface;
  readonly #ended: Promise<never>;

  private constructor(peer: Peer, lines: Interface, ended: Promise<never>, about: string) {
    this.#peer = peer;
    this.#lines = lines;
    this.#ended = ended;
    this.about = about;
  }

  /** The plain C of load/egress-limit.c. @throws Error where there is no C compiler or no OpenSSL. */
  static limit(load: EgressLoad): Promise<EgressProgram> {
    return EgressProgram.#start(buildTool("egress-limit", ["-ldl"]), words(load));
  }

  /** One tier of the gateway: egress-tier.ts. @throws Error where it does not work. */
  static tier(name: string, load: EgressLoad): Promise<EgressProgram> {
    const script = fileURLToPath(new URL("egress-tier.ts", import.meta.url));
    return EgressProgram.#start(process.execPath, [
      ...[...process.execArgv, script, ...words(load), name],
    ]);
  }

  static async #start(command: string, args: readonly string[]): Promise<EgressProgram> {
    const peer = new Peer(command, args);
    const lines = createInterface({ input: peer.process.stdout ?? process.stdin });
    const ended = once(peer.process, "close").then(() => {
      throw new Error(peer.said.trim());
    });
    return new EgressProgram(peer, lines, ended, await said(lines, ended));
  }

  async round({ cipher, sealing, way, frames, packetsPerFrame }: EgressRound): Promise<EgressCost> {
    const answer = said(this.#lines, this.#ended);
    this.#peer.process.stdin?.write(
      `${cipher}${sealing === "raw" ? "-raw" : ""} ${way} ${frames} ${packetsPerFrame}\n`,
    );
    const [cpu = Number.NaN, thread] = (await answer).split(" ").map(Number);
    return { cpu, thread };
  }

  async stop(): Promise<void> {
    this.#lines.close();
    await this.#peer.stop();
  }
}

function words({ port, viewers, payloadBytes }: EgressLoad): string[] {
  return [port, viewers, payloadBytes].map(String);
}

/** The next line. Rejects when the program ends instead. */
async function said(lines: Interface, ended: Promise<never>): Promise<string> {
  const [line] = (await Promise.race([once(lines, "line"), ended])) as [string];
  return line;
}
