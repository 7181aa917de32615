/**
 * What making Opus out of one publisher's AAC takes, codec processes included: the CPU of a gateway with one publisher
 * and one WebRTC viewer, with sound and without, in turns. The stream is encoded beforehand and published in real time
 * by ffmpeg. Prints Markdown. Run: npm run bench -- transcode. `BENCH_ROUNDS` and `BENCH_SECONDS` bound it.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Gateway } from "../peers/gateway.ts";
import { Peer } from "../peers/process.ts";
import { buildLoadClient, type LoadReport, runLoad } from "./load-client.ts";
import { heading, record, spread, table } from "./results.ts";
import { benchRounds, benchSeconds } from "./settings.ts";

const rounds = benchRounds(3);
const seconds = benchSeconds(8);
const fileSeconds = 20;
/** A codec process starts and compiles its code. */
const settleSeconds = 8;
const quiet = ["-hide_banner", "-loglevel", "error", "-nostdin"];
const kinds = ["with sound", "without"] as const;

const folder = mkdtempSync(join(tmpdir(), "millrace-bench-aac-"));
const file = join(folder, "stream.flv");
const program = buildLoadClient();
const reports = new Map<string, LoadReport[]>(kinds.map((kind) => [kind, []]));
const alone: number[] = [];
let transcoder = "";
try {
  encode();
  for (let round = 0; round < rounds; round++) {
    for (const kind of round % 2 === 0 ? kinds : kinds.toReversed())
      reports.get(kind)?.push(await measure(kind === "without"));
    alone.push(convert());
  }
  print();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** 128 kbit/s of stereo AAC at 48 kHz beside a small picture. */
function encode(): void {
  execFileSync("ffmpeg", [
    ...[...quiet, "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30"],
    ...["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", String(fileSeconds)],
    ...["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "60", "-bf", "0"],
    ...["-b:v", "1500k", "-c:a", "aac", "-b:a", "128k", "-ac", "2", "-f", "flv", file],
  ]);
}

/** The limit: AAC to Opus and nothing else. CPU per second of sound, percent. */
function convert(): number {
  const { stderr } = spawnSync("ffmpeg", [
    ...["-hide_banner", "-nostdin", "-benchmark", "-stream_loop", "2", "-i", file, "-vn"],
    ...["-c:a", "libopus", "-b:a", "96k", "-f", "null", "-"],
  ]);
  const used = /utime=([\d.]+)s stime=([\d.]+)s/.exec(String(stderr));
  return (100 * (Number(used?.[1]) + Number(used?.[2]))) / (3 * fileSeconds);
}

async function measure(silent: boolean): Promise<LoadReport> {
  const gateway = await Gateway.start({ flags: ["--log-level", "info"] });
  const server = await gateway.api<{ readonly transcoder: string }>("server");
  transcoder = server.transcoder;
  const encoder = new Peer("ffmpeg", [
    ...[...quiet, "-re", "-stream_loop", "-1", "-i", file, "-c", "copy"],
    ...[...(silent ? ["-an"] : []), "-f", "flv", `${gateway.rtmpUrl}/sound`],
  ]);
  try {
    await published(gateway);
    return await runLoad(program, {
      ...{ url: `${gateway.url}/whep/live/sound`, n: 1, settle: settleSeconds, seconds },
      pid: gateway.process.process.pid ?? 0,
    });
  } finally {
    await encoder.stop();
    await gateway.stop();
  }
}

/** Waits until the encoder's stream is there with its tracks. */
async function published(gateway: Gateway): Promise<void> {
  for (const untilMs = performance.now() + 20_000; performance.now() < untilMs; ) {
    const response = await fetch(`${gateway.url}/api/v1/streams/live/sound`);
    await response.arrayBuffer();
    if (response.ok) return;
    await sleep(100);
  }
  throw new Error("ffmpeg does not publish");
}

function print(): void {
  console.log(heading(`${rounds} interleaved rounds of ${seconds} s; transcoder: ${transcoder}`));
  const rows = [...reports].map(([kind, list]) => [
    kind,
    spread(cpu(list), 1),
    spread(
      list.map(({ packets_s }) => packets_s),
      0,
    ),
  ]);
  console.log(table(["one publisher, one viewer", "CPU %", "packets/s"], rows));
  const [sound = [], none = []] = kinds.map((kind) => cpu(reports.get(kind) ?? []));
  const more = sound.map((percent, round) => percent - (none[round] ?? Number.NaN));
  console.log(`\nThe sound takes ${spread(more, 1)} % of a core.`);
  console.log(
    `libopus alone takes ${spread(alone, 1)} % (ffmpeg, the same sound as fast as it goes).`,
  );
  record("transcode.cpu", "millrace", transcoder, more);
  record("transcode.cpu", "limit", "ffmpeg's libopus alone", alone);
}

function cpu(list: readonly LoadReport[]): number[] {
  return list.map(({ server }) => server.cpu_pct);
}
