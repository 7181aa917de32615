import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { TestNetwork } from "./network.ts";
import { Peer } from "./process.ts";

/** Reads one WebSocket into a file. */
const webSocketReader = `
const { createWriteStream } = require("node:fs");
const { WebSocket } = require("ws");
const [url, file] = process.argv.slice(1);
const out = createWriteStream(file);
new WebSocket(url).on("message", (bytes) => out.write(bytes)).on("error", () => {});
`;

/** A program on the client's host of a network that writes what it is sent into a file. It can be made to stand still. */
export class ReadingClient {
  readonly name: string;
  readonly #peer: Peer;
  readonly #file: string;

  private constructor(name: string, peer: Peer, file: string) {
    this.name = name;
    this.#peer = peer;
    this.#file = file;
  }

  /** The body of an HTTP answer. */
  static curl(network: TestNetwork, folder: string, name: string, url: string): ReadingClient {
    const file = join(folder, name);
    const args = ["-s", "-N", "-o", file, url];
    return new ReadingClient(name, new Peer(...network.onClient("curl", args)), file);
  }

  /** What ffmpeg makes of an address, packets as they are, as FLV. */
  static ffmpeg(network: TestNetwork, folder: string, name: string, url: string): ReadingClient {
    const file = join(folder, name);
    const args = [
      ...["-hide_banner", "-loglevel", "warning", "-nostdin", "-i", url],
      ...["-c", "copy", "-flush_packets", "1", "-f", "flv", "-y", file],
    ];
    return new ReadingClient(name, new Peer(...network.onClient("ffmpeg", args)), file);
  }

  /** All messages of a WebSocket. */
  static webSocket(network: TestNetwork, folder: string, name: string, url: string): ReadingClient {
    const file = join(folder, name);
    const args = ["-e", webSocketReader, url, file];
    return new ReadingClient(name, new Peer(...network.onClient(process.execPath, args)), file);
  }

  /** What has come so far. */
  get bytes(): Buffer {
    return this.size === 0 ? Buffer.alloc(0) : readFileSync(this.#file);
  }

  get size(): number {
    return statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0;
  }

  get isRunning(): boolean {
    return this.#peer.isRunning;
  }

  /** What it complained about last. */
  get said(): string {
    return this.#peer.said;
  }

  /** It takes nothing any more, though its connections live on in its system. */
  standStill(): void {
    this.#peer.process.kill("SIGSTOP");
  }

  goOn(): void {
    this.#peer.process.kill("SIGCONT");
  }

  async stop(): Promise<void> {
    this.goOn();
    await this.#peer.stop();
  }
}

/** Makes connections on both hosts keep little, so that it shows soon whether somebody reads. Connections made before stay as they are. */
export function keepSocketsSmall(network: TestNetwork): void {
  const script = [
    "echo 4096 16384 32768 > /proc/sys/net/ipv4/tcp_rmem",
    "echo 4096 16384 32768 > /proc/sys/net/ipv4/tcp_wmem",
  ].join(" && ");
  for (const [command, args] of [
    network.onServer("sh", ["-c", script]),
    network.onClient("sh", ["-c", script]),
  ]) {
    execFileSync(command, args, { stdio: ["ignore", "ignore", "pipe"] });
  }
}
