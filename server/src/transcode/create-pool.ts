import { availableParallelism } from "node:os";
import { type Clock, type Log, RefusedError, type Transcoder } from "../core/index.ts";
import { abilitiesOf, FfmpegEngine } from "./ffmpeg/ffmpeg-engine.ts";
import { probeFfmpeg } from "./ffmpeg/probe.ts";
import { defaultTranscodeLimits, type TranscodeLimits } from "./limits.ts";
import { NodeAvPool } from "./node-av-pool.ts";
import { type EngineOptions, newCounters, type TranscodePool } from "./pool.ts";

export interface TranscodePoolOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** `auto` takes node-av, else ffmpeg, else none. */
  readonly engine: "auto" | "node-av" | "ffmpeg" | "none";
  /** Codec processes that work at once, without the warm spare. Default: one less than there are cores. */
  readonly children?: number;
  /** Keeps one codec process ready, about 90 MB, so that the first viewer and a crash cost no start. Default true. */
  readonly warmSpare?: boolean;
  /** Default 96,000. */
  readonly opusBitrateBps?: number;
  /** Of stereo; mono gets half. Default 128,000. */
  readonly aacBitrateBps?: number;
  /** Default `ffmpeg`, looked up on PATH. */
  readonly ffmpegPath?: string;
  readonly limits?: Partial<TranscodeLimits>;
}

/**
 * Finds an engine that works here. Never rejects because one does not: the pool then refuses every
 * derivation with `NO_TRANSCODER`.
 */
export async function createTranscodePool(options: TranscodePoolOptions): Promise<TranscodePool> {
  const { engine, log } = options;
  const engineOptions: EngineOptions = {
    clock: options.clock,
    log,
    children: options.children ?? Math.max(1, availableParallelism() - 1),
    warmSpare: options.warmSpare ?? true,
    opusBitrateBps: options.opusBitrateBps ?? 96_000,
    aacBitrateBps: options.aacBitrateBps ?? 128_000,
    ffmpegPath: options.ffmpegPath ?? "ffmpeg",
    limits: { ...defaultTranscodeLimits, ...options.limits },
  };
  if (engine === "auto" || engine === "node-av") {
    const pool = new NodeAvPool(engineOptions);
    const failure = await pool.probe();
    if (failure === undefined) return pool;
    await pool.close();
    log.info({ reason: firstLine(failure) }, "node-av cannot be used for transcoding");
  }
  if (engine === "auto" || engine === "ffmpeg") {
    const facts = await probeFfmpeg(engineOptions.ffmpegPath);
    if (facts !== undefined && abilitiesOf(facts).encoders.size > 0) {
      log.info({ version: facts.version }, "transcoding with ffmpeg");
      return new FfmpegEngine(engineOptions, facts);
    }
    log.info({ found: facts?.version }, "ffmpeg cannot be used for transcoding");
  }
  if (engine !== "none") {
    log.warn(
      { code: "NO_TRANSCODER" },
      "no transcoder: WebRTC viewers of AAC streams hear nothing",
    );
  }
  return noTranscoder();
}

function noTranscoder(): TranscodePool {
  const refuse: Transcoder["start"] = () => {
    throw new RefusedError("NO_TRANSCODER", 501, "There is no transcoder here.");
  };
  return {
    engine: "none",
    pids: [],
    counters: () => ({ ...newCounters(), derivations: 0, processes: 0, warmSpares: 0 }),
    refusal: () => "NO_TRANSCODER",
    start: refuse,
    close: async () => {},
  };
}

function firstLine(text: string): string {
  return text.split("\n").find((line) => line.includes("Error")) ?? text.slice(0, 200);
}
