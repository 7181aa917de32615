import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkTurnOptions, startTurn, type TurnRelay } from "@millrace/turn";
import { type Browser, chromium, type Page } from "@playwright/test";
import type { TestNetwork } from "./network.ts";

/** How a browser talks to TURN. */
export type RelayProtocol = "udp" | "tcp" | "tls";

interface RelayWindow extends Window {
  millraceRelay?: { states: string[] };
}

/**
 * Call before the page loads anything: its peer connections take paths through TURN only, and reach TURN only by this
 * protocol. Writes down every state of ICE.
 */
export async function forceRelay(page: Page, protocol: RelayProtocol): Promise<void> {
  await page.addInitScript((protocol) => {
    const kept = { states: [] as string[] };
    (window as RelayWindow).millraceRelay = kept;
    const isMeant = (url: string): boolean => {
      if (protocol === "tls") return url.startsWith("turns:");
      const overTcp = url.includes("transport=tcp");
      return url.startsWith("turn:") && overTcp === (protocol === "tcp");
    };
    const limited = (configuration: RTCConfiguration = {}): RTCConfiguration => ({
      ...configuration,
      iceTransportPolicy: "relay",
      iceServers: (configuration.iceServers ?? []).flatMap((server) => {
        const urls = [server.urls].flat().filter(isMeant);
        return urls.length > 0 ? [{ ...server, urls }] : [];
      }),
    });
    const Original = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Original {
      constructor(configuration?: RTCConfiguration) {
        super(limited(configuration));
        this.addEventListener("iceconnectionstatechange", () =>
          kept.states.push(this.iceConnectionState),
        );
      }

      override setConfiguration(configuration?: RTCConfiguration): void {
        super.setConfiguration(limited(configuration));
      }
    };
  }, protocol);
}

/** What a page's newest peer connection says about its path and its video. */
export interface RelayedStats {
  /** Of the selected pair. */
  readonly localCandidate: string;
  readonly remoteCandidate: string;
  /** How the browser talks to TURN. */
  readonly relayProtocol: string;
  /** Decoded where it watches, encoded where it publishes. */
  readonly frames: number;
  readonly packets: number;
  readonly lost: number;
  readonly roundTripMs: number;
}

export async function relayedStats(page: Page): Promise<RelayedStats> {
  return await page.evaluate(async () => {
    const peers = (window as Window & { millracePeers?: RTCPeerConnection[] }).millracePeers;
    const stats = await peers?.at(-1)?.getStats();
    // biome-ignore lint/suspicious/noExplicitAny: the fields of a report depend on its type.
    const reports: any[] = [...(stats?.values() ?? [])];
    const transport = reports.find(({ type }) => type === "transport");
    const find = (id: string) => reports.find((report) => report.id === id) ?? {};
    const pair = find(transport?.selectedCandidatePairId);
    const video = (type: string) =>
      reports.find((report) => report.type === type && report.kind === "video") ?? {};
    const [inbound, outbound] = [video("inbound-rtp"), video("outbound-rtp")];
    return {
      localCandidate: find(pair.localCandidateId).candidateType ?? "",
      remoteCandidate: find(pair.remoteCandidateId).candidateType ?? "",
      relayProtocol: find(pair.localCandidateId).relayProtocol ?? "",
      frames: inbound.framesDecoded ?? outbound.framesEncoded ?? 0,
      packets: inbound.packetsReceived ?? outbound.packetsSent ?? 0,
      lost: inbound.packetsLost ?? 0,
      roundTripMs: (pair.currentRoundTripTime ?? Number.NaN) * 1000,
    };
  });
}

/** All states of ICE since the page was loaded. */
export async function iceStates(page: Page): Promise<readonly string[]> {
  return await page.evaluate(() => (window as RelayWindow).millraceRelay?.states ?? []);
}

/** A browser that may use loopback and believes any certificate. */
export function launchForRelay(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: [
      "--autoplay-policy=no-user-gesture-required",
      "--use-fake-ui-for-media-stream",
      "--use-fake-device-for-media-stream=fps=30",
      "--allow-loopback-in-peer-connection",
      "--ignore-certificate-errors",
    ],
  });
}

/** A certificate that nobody signed, and its key, as files. */
export class TestCertificate {
  readonly folder: string = mkdtempSync(join(tmpdir(), "millrace-relay-"));
  readonly certFile: string = join(this.folder, "cert.pem");
  readonly keyFile: string = join(this.folder, "key.pem");

  constructor() {
    const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const name = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"];
    const files = ["-keyout", this.keyFile, "-out", this.certFile];
    execFileSync("openssl", ["req", ...kind, ...name, ...files], { stdio: "ignore" });
  }

  get pem(): { readonly cert: string; readonly key: string } {
    return {
      cert: readFileSync(this.certFile, "utf8"),
      key: readFileSync(this.keyFile, "utf8"),
    };
  }

  /** May be called twice. */
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Between the two hosts: no UDP, and no TCP to the media port. A relay on the server's host reaches it as before. */
export function blockMediaOnCable(network: TestNetwork, mediaPort: number): void {
  const chain = (hook: "input" | "output", end: string, port: string) =>
    `chain ${hook}s { type filter hook ${hook} priority 0; ${end} "cable" meta l4proto udp drop; ${end} "cable" tcp ${port} ${mediaPort} drop; }`;
  const chains = [chain("input", "iifname", "dport"), chain("output", "oifname", "sport")];
  const rules = `table inet nomedia {\n${chains.join("\n")}\n}\n`;
  const [command, args] = network.onServer("nft", ["-f", "-"]);
  execFileSync(command, args, { input: rules, stdio: ["pipe", "ignore", "pipe"] });
}

/** A TCP port of loopback that is free now. */
export async function freeTcpPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A relay beside the gateway, whose times are short: clients must refresh what they have again and again. */
export class HastyRelay {
  readonly secret: string;
  readonly urls: readonly string[];
  /** Refreshes of each protocol. */
  readonly refreshes: Record<RelayProtocol, number> = { udp: 0, tcp: 0, tls: 0 };
  /** Why allocations ended, and what was refused. */
  readonly complaints: string[] = [];
  readonly #relay: TurnRelay;

  private constructor(relay: TurnRelay, secret: string) {
    this.#relay = relay;
    this.secret = secret;
    const port = (protocol: RelayProtocol) =>
      relay.addresses.find((address) => address.protocol === protocol)?.port;
    this.urls = [
      `turn:127.0.0.1:${port("udp")}`,
      `turn:127.0.0.1:${port("tcp")}?transport=tcp`,
      `turns:127.0.0.1:${port("tls")}?transport=tcp`,
    ];
  }

  /** `rebindSeconds`: permissions and channels end so soon unless clients renew them. */
  static async start(
    certificate: TestCertificate,
    lifetimeSeconds: number,
    rebindSeconds: number,
  ): Promise<HastyRelay> {
    const host = "127.0.0.1";
    const secret = "the-secret-of-a-hasty-relay";
    const silent = { error() {}, warn() {}, info() {}, debug() {} };
    let made: HastyRelay | undefined;
    const relay = await startTurn(
      checkTurnOptions({
        secrets: [secret],
        listen: (["udp", "tcp", "tls"] as const).map((protocol) => ({ protocol, host, port: 0 })),
        tls: certificate.pem,
        relayHosts: [host],
        minPort: 61_000,
        maxPort: 65_535,
        allowPeers: [`${host}/32`],
        limits: {
          minLifetimeSeconds: lifetimeSeconds,
          defaultLifetimeSeconds: lifetimeSeconds,
          maxLifetimeSeconds: lifetimeSeconds,
          permissionSeconds: rebindSeconds,
          channelSeconds: rebindSeconds,
        },
      }),
      {
        log: silent,
        onEvents: (events) => {
          for (const { type, details } of events) {
            if (type === "refreshed" && made !== undefined) made.refreshes[details.protocol]++;
            if (type === "refused") {
              made?.complaints.push(`${details.method} ${details.code} ${details.reason}`);
            }
            if (type === "released") made?.complaints.push(`released: ${details.reason}`);
          }
        },
      },
    );
    made = new HastyRelay(relay, secret);
    return made;
  }

  stats(): ReturnType<TurnRelay["stats"]> {
    return this.#relay.stats();
  }

  async close(): Promise<void> {
    await this.#relay.close();
  }
}
