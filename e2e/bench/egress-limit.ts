import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import { Peer } from "../peers/process.ts";
import { buildTool } from "./load-tool.ts";

export type LimitCipher = "gcm" | "cm";
/** One datagram for each packet, or the packets of a viewer in one message (UDP segmentation offload). */
export type LimitWay = "one" | "segmented";

/** The plain C program of load/egress-limit.c, which waits until a round of it is asked for. */
export class EgressLimit {
  /** As it says itself. */
  readonly openssl: string;
  readonly #peer: Peer;
  readonly #lines: Interface;
  readonly #ended: Promise<never>;

  private constructor(peer: Peer, lines: Interface, ended: Promise<never>, openssl: string) {
    this.#peer = peer;
    this.#lines = lines;
    this.#ended = ended;
    this.openssl = openssl;
  }

  /** @throws Error where there is no C compiler or no OpenSSL. */
  static async start(port: number, viewers: number, payloadBytes: number): Promise<EgressLimit> {
    const program = buildTool("egress-limit", ["-ldl"]);
    const peer = new Peer(program, [String(port), String(viewers), String(payloadBytes)]);
    const lines = createInterface({ input: peer.process.stdout ?? process.stdin });
    const ended = once(peer.process, "close").then(() => {
      throw new Error(`${program} ended: ${peer.said}`);
    });
    return new EgressLimit(peer, lines, ended, await said(lines, ended));
  }

  /** CPU microseconds per packet of one round. */
  async round(
    cipher: LimitCipher,
    way: LimitWay,
    frames: number,
    packetsPerFrame: number,
  ): Promise<number> {
    const answer = said(this.#lines, this.#ended);
    this.#peer.process.stdin?.write(`${cipher} ${way} ${frames} ${packetsPerFrame}\n`);
    return Number(await answer);
  }

  async stop(): Promise<void> {
    this.#lines.close();
    await this.#peer.stop();
  }
}

/** The next line. Rejects when the program ends instead. */
async function said(lines: Interface, ended: Promise<never>): Promise<string> {
  const [line] = (await Promise.race([once(lines, "line"), ended])) as [string];
  return line;
}
