import type { Codec, TrackInfo } from "@millrace/media/frame";
import {
  type Derivation,
  type DerivedSink,
  type DerivedTarget,
  RefusedError,
} from "../../core/index.ts";
import {
  type EngineOptions,
  type GrowingCounters,
  newCounters,
  type TranscodeCounters,
  type TranscodePool,
} from "../pool.ts";
import { type Abilities, loadOf, refusalOf, refusalStatus } from "../support.ts";
import { decoderOf, type FfmpegFacts } from "./arguments.ts";
import type { FfmpegChild } from "./ffmpeg-child.ts";
import { FfmpegDerivation } from "./ffmpeg-derivation.ts";

/** What FLV carries as ffmpeg reads it in every version. */
const alwaysDecoded: readonly Codec[] = ["aac", "mp3", "speex", "g711a", "g711u", "h264"];
const decodedWhereFound: readonly Codec[] = ["opus", "h265", "vp8", "vp9", "av1"];
/** FFmpeg's encoder for each codec that can be a target. */
const encoderNames = { opus: "libopus", aac: "aac", h264: "libx264", jpeg: "mjpeg" } as const;

/** What an ffmpeg with these codecs can do. */
export function abilitiesOf(facts: FfmpegFacts): Abilities {
  const found = decodedWhereFound.filter((codec) => decoderOf(codec, facts) !== undefined);
  const encoders = Object.entries(encoderNames).filter(([, name]) => facts.encoders.has(name));
  return {
    decoders: new Set([...alwaysDecoded, ...found]),
    encoders: new Set(encoders.map(([codec]) => codec)),
  };
}

/** One `ffmpeg` per derivation: for machines where node-av cannot be installed. */
export class FfmpegEngine implements TranscodePool {
  readonly engine = "ffmpeg";
  readonly #options: EngineOptions;
  readonly #facts: FfmpegFacts;
  readonly #abilities: Abilities;
  readonly #counters: GrowingCounters = newCounters();
  readonly #derivations = new Set<FfmpegDerivation>();
  /** All that have not ended. */
  readonly #children = new Set<FfmpegChild>();
  readonly #quarantine = new WeakMap<TrackInfo, number>();
  #closed = false;

  constructor(options: EngineOptions, facts: FfmpegFacts) {
    this.#options = options;
    this.#facts = facts;
    this.#abilities = abilitiesOf(facts);
  }

  get pids(): readonly number[] {
    return [...this.#children].flatMap(({ pid }) => pid ?? []);
  }

  counters(): TranscodeCounters {
    return {
      ...this.#counters,
      derivations: this.#derivations.size,
      processes: this.#children.size,
      warmSpares: 0,
    };
  }

  refusal(source: TrackInfo, target: DerivedTarget): string | undefined {
    const untilUs = this.#quarantine.get(source);
    if (untilUs !== undefined && this.#options.clock.nowUs() < untilUs) return "TRANSCODER_CRASHED";
    return refusalOf(source, target, this.#abilities, this.#options.limits);
  }

  start(source: TrackInfo, target: DerivedTarget, sink: DerivedSink): Derivation {
    const code = this.refusal(source, target);
    if (code !== undefined) {
      throw new RefusedError(
        code,
        refusalStatus(code),
        `${source.codec} cannot be transcoded here.`,
      );
    }
    const { limits, children, clock } = this.#options;
    let load = loadOf(source, target);
    for (const derivation of this.#derivations)
      load += loadOf(derivation.source, derivation.target);
    const isFull =
      this.#derivations.size >= limits.maxDerivations ||
      (this.#derivations.size > 0 && load > children * limits.maxLoadPerChild);
    if (this.#closed || isFull) {
      throw new RefusedError("TRANSCODER_FULL", 503, "The transcoder has as much work as it may.");
    }
    const derivation = new FfmpegDerivation({
      source,
      target,
      facts: this.#facts,
      engine: this.#options,
      counters: this.#counters,
      sink: {
        info: (info) => sink.info(info),
        frame: (frame) => sink.frame(frame),
        failed: (failure, message) => {
          const untilUs = clock.nowUs() + limits.quarantineWindowMs * 1000;
          if (failure === "TRANSCODER_CRASHED") this.#quarantine.set(derivation.source, untilUs);
          sink.failed(failure, message);
        },
      },
      onStart: (child) => this.#keep(child),
      onEnd: (ended) => void this.#derivations.delete(ended),
    });
    this.#derivations.add(derivation);
    return derivation;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const derivation of [...this.#derivations]) derivation.close();
    await Promise.all([...this.#children].map((child) => child.ended));
  }

  #keep(child: FfmpegChild): void {
    this.#children.add(child);
    void child.ended.then(() => this.#children.delete(child));
  }
}
