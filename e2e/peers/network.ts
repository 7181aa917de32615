import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

let made = 0;

function ip(...args: string[]): void {
  execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
}

/** Whether this machine lets us make network namespaces with loss. */
export function canMakeNetworks(): boolean {
  try {
    new TestNetwork().close();
    return true;
  } catch {
    return false;
  }
}

/** What happens to packets on their way from the server to the client. */
export interface LinkQuality {
  /** Share of packets that vanish at random. */
  readonly lossPercent?: number;
  /** The same for the way back. */
  readonly uplinkLossPercent?: number;
  /** Capacity; packets that find more than 100 ms of others waiting are dropped. */
  readonly rateKbps?: number;
}

/**
 * Two hosts of our own, `server` and `client`, joined by one cable: network namespaces that see
 * nothing but each other and their loopback.
 */
export class TestNetwork {
  readonly serverAddress: string;
  readonly clientAddress: string;
  readonly serverNamespace: string;
  readonly clientNamespace: string;
  readonly #folder: string;

  constructor() {
    const number = ++made;
    const tag = `mr${process.pid}x${number}`;
    this.serverNamespace = `${tag}s`;
    this.clientNamespace = `${tag}c`;
    this.serverAddress = `10.213.${number % 250}.1`;
    this.clientAddress = `10.213.${number % 250}.2`;
    this.#folder = mkdtempSync(join(tmpdir(), "millrace-net-"));
    try {
      ip("netns", "add", this.serverNamespace);
      ip("netns", "add", this.clientNamespace);
      ip(
        ...["link", "add", "cable", "netns", this.serverNamespace, "type", "veth"],
        ...["peer", "name", "cable", "netns", this.clientNamespace],
      );
      for (const [namespace, address] of [
        [this.serverNamespace, this.serverAddress],
        [this.clientNamespace, this.clientAddress],
      ] as const) {
        ip("-n", namespace, "addr", "add", `${address}/24`, "dev", "cable");
        ip("-n", namespace, "link", "set", "lo", "up");
        ip("-n", namespace, "link", "set", "cable", "up");
      }
      this.shape({});
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * Sets what the way from the server to the client is like, and what is lost on the way back. Loss is made
   * by the packet filter and capacity by a token bucket, which every kernel has.
   */
  shape(quality: LinkQuality): void {
    this.#lose(this.clientNamespace, quality.lossPercent ?? 0);
    this.#lose(this.serverNamespace, quality.uplinkLossPercent ?? 0);
    const rate = quality.rateKbps ?? 10_000_000;
    const limitBytes = Math.round((rate * 1000) / 8 / 10) + 20_000;
    this.#run(this.serverNamespace, "tc", [
      ...["qdisc", "replace", "dev", "cable", "root", "tbf", "rate", `${rate}kbit`],
      ...["burst", rate > 1_000_000 ? "2mb" : "20kb", "limit", String(limitBytes)],
    ]);
  }

  /** Lets no UDP through between the two hosts, either way. */
  blockUdp(): void {
    this.#run(
      this.serverNamespace,
      "nft",
      ["-f", "-"],
      'table inet noudp {\n chain out {\n  type filter hook output priority 0\n  oifname "cable" meta l4proto udp drop\n }\n chain in {\n  type filter hook input priority 0\n  iifname "cable" meta l4proto udp drop\n }\n}\n',
    );
  }

  /** Lets no WebRTC media through, either way: no UDP, and no TCP to the media port. */
  blockMedia(tcpPort: number): void {
    const rules = `meta l4proto udp drop\n  tcp dport ${tcpPort} drop\n  tcp sport ${tcpPort} drop`;
    this.#run(
      this.serverNamespace,
      "nft",
      ["-f", "-"],
      `table inet nomedia {\n chain out {\n  type filter hook output priority 0\n  ${rules}\n }\n chain in {\n  type filter hook input priority 0\n  ${rules}\n }\n}\n`,
    );
  }

  /** Takes `blockMedia` back. */
  unblockMedia(): void {
    this.#run(this.serverNamespace, "nft", ["delete", "table", "inet", "nomedia"]);
  }

  /** How many packets the loss rule has dropped. */
  get droppedPackets(): number {
    const listing = execFileSync(
      "ip",
      ["netns", "exec", this.clientNamespace, "nft", "list", "table", "inet", "loss"],
      { encoding: "utf8" },
    );
    return Number(/counter packets (\d+)/.exec(listing)?.[1] ?? 0);
  }

  /** Command and arguments that run a program on the server's host. */
  onServer(command: string, args: readonly string[]): [string, string[]] {
    return ["ip", ["netns", "exec", this.serverNamespace, command, ...args]];
  }

  /** Command and arguments that run a program on the client's host. */
  onClient(command: string, args: readonly string[]): [string, string[]] {
    return ["ip", ["netns", "exec", this.clientNamespace, command, ...args]];
  }

  /** The path of a program that starts Chromium on the client's host. */
  chromiumOnClient(chromium: string): string {
    return this.#launcher("chromium-client", this.clientNamespace, chromium);
  }

  /** The path of a program that starts Chromium on the server's host. */
  chromiumOnServer(chromium: string): string {
    return this.#launcher("chromium-server", this.serverNamespace, chromium);
  }

  /** Gives the client's host another address in place of the one it has, as a change from Wi-Fi to mobile does. */
  moveClient(): void {
    const moved = this.clientAddress.replace(/\.2$/, ".3");
    const { clientNamespace } = this;
    // The other way round the new one would be secondary to the old one, and go with it.
    ip("-n", clientNamespace, "addr", "del", `${this.clientAddress}/24`, "dev", "cable");
    ip("-n", clientNamespace, "addr", "add", `${moved}/24`, "dev", "cable");
  }

  #launcher(name: string, namespace: string, program: string): string {
    const path = join(this.#folder, name);
    writeFileSync(path, `#!/bin/sh\nexec ip netns exec ${namespace} ${program} "$@"\n`);
    chmodSync(path, 0o755);
    return path;
  }

  close(): void {
    for (const namespace of [this.serverNamespace, this.clientNamespace]) {
      try {
        ip("netns", "del", namespace);
      } catch {
        // It was never made.
      }
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Loses packets that reach a host: where they leave, their sender would be told. */
  #lose(namespace: string, percent: number): void {
    const lost = Math.round(percent * 100);
    const rule = lost > 0 ? `numgen random mod 10000 < ${lost} counter drop` : "accept";
    this.#run(
      namespace,
      "nft",
      ["-f", "-"],
      `table inet loss\ndelete table inet loss\ntable inet loss {\n chain in {\n  type filter hook input priority 0\n  iifname "cable" ${rule}\n }\n}\n`,
    );
  }

  #run(namespace: string, command: string, args: readonly string[], input?: string): void {
    execFileSync("ip", ["netns", "exec", namespace, command, ...args], {
      input: input ?? "",
      stdio: ["pipe", "ignore", "pipe"],
    });
  }
}
