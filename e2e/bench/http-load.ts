import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setPriority } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Gateway } from "../peers/gateway.ts";
import { Peer } from "../peers/process.ts";
import { StampedPublisher, stampMarker } from "../peers/rtmp-publisher.ts";
import { buildTool } from "./load-tool.ts";

const sources = new URL("load/", import.meta.url);

/** 2.6 Mbit/s at 30 pictures a second, 2 s between key frames. */
export const picture = { fps: 30, gop: 60, keyBytes: 60_000, deltaBytes: 10_000 } as const;

/** What the light players of flvload.c saw. */
export interface PlayersReport {
  readonly players: number;
  /** Of them those that were still there at the end. */
  readonly playing: number;
  /** All together. */
  readonly megabits: number;
  /** Per player and second. */
  readonly kilobits: { readonly min: number; readonly p50: number };
  readonly firstByteMs: { readonly p50: number; readonly p95: number };
  /** From the time in a picture to the read that brought its last byte, of about 20 players. */
  readonly delayMs: {
    readonly p50: number;
    readonly p95: number;
    readonly p99: number;
    readonly max: number;
  };
  readonly pictures: number;
  readonly clientCpuPercent: number;
}

/** What flvpush.c says at its end. */
export interface PushReport {
  readonly publishers: number;
  /** Of them those that were still connected at the end. */
  readonly connected: number;
  readonly megabits: number;
  readonly leftOut: number;
}

/** A server under load: where it is reached and whom to measure. */
export interface FlvServer {
  readonly name: string;
  readonly pid: number;
  readonly httpPort: number;
  /** Undefined when it does not announce such a port. */
  readonly flvPort: number | undefined;
  /** Undefined for those that take FLV only. */
  readonly rtmpPort: number | undefined;
  /** It makes the pictures itself. */
  readonly feedsItself?: boolean;
  /** Address of the stream that `feed` publishes. */
  readonly firstPath: string;
  /** What it wants to be sent before FLV. */
  readonly request?: string;
  stop(): Promise<unknown>;
}

/** Publishes the one stream that players watch: over RTMP where that is taken, else over bare FLV. Returns how to stop. */
export async function feed(server: FlvServer, seconds: number): Promise<() => Promise<unknown>> {
  const { rtmpPort, flvPort } = server;
  if (server.feedsItself === true) return async () => {};
  if (rtmpPort !== undefined) {
    const publisher = await StampedPublisher.start({ port: rtmpPort, name: "stamped", ...picture });
    return async () => publisher.stop();
  }
  if (flvPort === undefined) throw new Error(`${server.name} takes no publishers`);
  const publishers = await Publishers.start(flvPort, 1, seconds, server.request);
  return () => publishers.stop();
}

export interface Usage {
  readonly cpuPercent: number;
  /** At the end. */
  readonly rssMb: number;
}

export async function startMillrace(): Promise<FlvServer> {
  const gateway = await Gateway.start({ flags: ["--log-level", "info"] });
  const listening = gateway.log.find(({ msg }) => msg === "listening");
  const flvTcp = listening?.["flvTcp"] as { readonly port: number } | undefined;
  return {
    name: "Millrace",
    pid: gateway.process.process.pid ?? 0,
    httpPort: gateway.ports.http,
    flvPort: flvTcp?.port,
    firstPath: "/live/stamped.flv",
    stop: () => gateway.stop(),
    rtmpPort: gateway.ports.rtmp,
  };
}

export async function startPython(): Promise<FlvServer> {
  const peer = new Peer("python3", [fileURLToPath(new URL("python-flv-server.py", sources))]);
  const { pid = 0, stdout } = peer.process;
  if (stdout === null) throw new Error("python3 has no output");
  sameAsGateway(pid);
  const said = await Promise.race([once(createInterface({ input: stdout }), "line"), ended(peer)]);
  const { tcp, http } = JSON.parse(String(said[0])) as { tcp: number; http: number };
  return {
    name: "Python asyncio",
    pid,
    httpPort: http,
    flvPort: tcp,
    rtmpPort: undefined,
    firstPath: "/live/0.flv",
    stop: () => peer.stop(),
  };
}

/** The limit: a C program that writes each picture to every player, and does nothing else. */
export async function startPlainC(): Promise<FlvServer> {
  const { fps, gop, keyBytes, deltaBytes } = picture;
  const args = [stampMarker.toString("hex"), ...[fps, gop, keyBytes, deltaBytes].map(String)];
  const peer = new Peer(buildTool("flvfan"), args);
  const { pid = 0, stdout } = peer.process;
  if (stdout === null) throw new Error("flvfan has no output");
  sameAsGateway(pid);
  const said = await Promise.race([once(createInterface({ input: stdout }), "line"), ended(peer)]);
  const { http } = JSON.parse(String(said[0])) as { http: number };
  return {
    name: "plain C, send to each",
    pid,
    httpPort: http,
    flvPort: undefined,
    rtmpPort: undefined,
    feedsItself: true,
    firstPath: "/",
    stop: () => peer.stop(),
  };
}

/** Gateway.start gives itself this priority where it may; what is compared with it gets the same. */
function sameAsGateway(pid: number): void {
  try {
    setPriority(pid, -15);
  } catch {
    // Then the gateway has not got it either.
  }
}

/** Publishers over bare TCP, running until they are stopped or `seconds` are over. */
export class Publishers {
  readonly #peer: Peer;
  readonly #lines: string[];

  private constructor(peer: Peer, lines: string[]) {
    this.#peer = peer;
    this.#lines = lines;
  }

  static async start(
    port: number,
    count: number,
    seconds: number,
    request?: string,
  ): Promise<Publishers> {
    const { fps, gop, keyBytes, deltaBytes } = picture;
    const args = ["127.0.0.1", port, count, seconds, stampMarker.toString("hex")];
    const peer = new Peer(
      buildTool("flvpush"),
      [...args, fps, gop, keyBytes, deltaBytes, ...(request === undefined ? [] : [request])].map(
        String,
      ),
    );
    const lines: string[] = [];
    const reader = createInterface({ input: peer.process.stdout ?? process.stdin });
    reader.on("line", (line) => lines.push(line));
    await Promise.race([once(reader, "line"), ended(peer)]);
    return new Publishers(peer, lines);
  }

  async stop(): Promise<PushReport> {
    const closed = once(this.#peer.process, "close");
    if (this.#peer.isRunning) await this.#peer.stop();
    if (this.#lines.length < 2) await closed;
    return JSON.parse(this.#lines.at(-1) ?? "") as PushReport;
  }
}

export interface PlayOptions {
  readonly server: FlvServer;
  readonly path: string;
  readonly players: number;
  readonly seconds: number;
  /** Players that come per second. */
  readonly ramp?: number;
}

/** Lets players watch; CPU and memory are those of the server while all of them do. */
export async function play(options: PlayOptions): Promise<PlayersReport & Usage> {
  const { server, path, players, seconds, ramp = 100 } = options;
  const args = ["127.0.0.1", server.httpPort, path, players, ramp, seconds];
  const peer = new Peer(buildTool("flvload"), [...args.map(String), stampMarker.toString("hex")]);
  const lines = createInterface({ input: peer.process.stdout ?? process.stdin });
  try {
    await Promise.race([once(lines, "line"), ended(peer)]);
    const meter = new Meter(server.pid);
    const [line] = await Promise.race([once(lines, "line"), ended(peer)]);
    const usage = meter.read();
    return { ...(JSON.parse(String(line)) as PlayersReport), ...usage };
  } finally {
    await peer.stop();
  }
}

/** CPU time of a process from now on. */
export class Meter {
  readonly #pid: number;
  readonly #cpu: number;
  readonly #startMs: number = performance.now();

  constructor(pid: number) {
    this.#pid = pid;
    this.#cpu = cpuSeconds(pid);
  }

  read(): Usage {
    const seconds = (performance.now() - this.#startMs) / 1000;
    const cpuPercent = ((cpuSeconds(this.#pid) - this.#cpu) / seconds) * 100;
    return { cpuPercent, rssMb: rssMb(this.#pid) };
  }
}

/** What a process has of the memory now. */
export function rssMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
}

/** proc(5): fields 14 and 15, in hundredths of a second; a name may have spaces in it. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(") ") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Rejects when the program ends before it said what was waited for. */
async function ended(peer: Peer): Promise<never> {
  const [code] = (await once(peer.process, "close")) as [number | null];
  throw new Error(`${peer.process.spawnfile} ended with ${code}: ${peer.said}`);
}
