import type { Clock } from "../core/index.ts";
import type { Report } from "./beacon.ts";
import { keyOf } from "./presence.ts";

/** How a viewer sees a stream, as its player tells it; sums are since it began to play. */
export interface Experience {
  /** When it was told, ISO 8601. */
  readonly at: string;
  /** How it plays. */
  readonly transport: string;
  readonly firstFrameMs?: number | undefined;
  /** From the gateway, or the camera where its time is known, to the screen. */
  readonly latencyMs?: number | undefined;
  readonly freezes: number;
  readonly frozenSeconds: number;
  readonly playedSeconds: number;
  readonly framesDropped: number;
  readonly framesShown: number;
  /** The newest ones, oldest first. */
  readonly switches: readonly {
    readonly from: string;
    readonly to: string;
    readonly reason: string;
  }[];
  /** What ICE found. */
  readonly path?: string | undefined;
}

interface Kept {
  readonly session: string | undefined;
  readonly toldUs: number;
  /** Time that it may still tell of at that moment. Seconds. */
  readonly spareSeconds: number;
  readonly experience: Experience;
}

export interface ExperienceLimits {
  readonly maxExperiences: number;
  readonly experienceMs: number;
  readonly maxSwitches: number;
  readonly maxSpareSeconds: number;
}

/** The newest experience of each client with each stream, for a while. */
export class Experiences {
  readonly #clock: Pick<Clock, "nowUs" | "wallMs">;
  readonly #limits: ExperienceLimits;
  /** In the order in which they were told. */
  readonly #kept = new Map<string, Kept>();

  constructor(clock: Pick<Clock, "nowUs" | "wallMs">, limits: ExperienceLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  get size(): number {
    return this.#kept.size;
  }

  of(stream: string, client: string): Experience | undefined {
    const kept = this.#kept.get(keyOf(stream, client));
    return kept === undefined || this.#isOld(kept) ? undefined : kept.experience;
  }

  /** Of how much time that client can tell: no more than passed, and some that it may have kept back. Seconds. */
  spareSeconds(stream: string, client: string): number {
    const { maxSpareSeconds } = this.#limits;
    const kept = this.#kept.get(keyOf(stream, client));
    if (kept === undefined) return maxSpareSeconds;
    const passed = (this.#clock.nowUs() - kept.toldUs) / 1e6;
    return Math.min(maxSpareSeconds, kept.spareSeconds + passed);
  }

  /** Adds what is new. Another session begins anew. */
  add(stream: string, client: string, session: string | undefined, report: Report): void {
    const key = keyOf(stream, client);
    const present = this.#kept.get(key);
    const before =
      present?.session === session && present !== undefined && !this.#isOld(present)
        ? present.experience
        : undefined;
    const spare = this.spareSeconds(stream, client);
    this.#kept.delete(key);
    this.#kept.set(key, {
      session,
      toldUs: this.#clock.nowUs(),
      spareSeconds: Math.max(0, spare - report.playedSeconds - report.frozenSeconds),
      experience: this.#sum(before, report),
    });
    this.#forgetOld();
  }

  #sum(before: Experience | undefined, report: Report): Experience {
    const { transport, switches, ...rest } = report;
    return {
      at: new Date(this.#clock.wallMs()).toISOString(),
      transport,
      firstFrameMs: before?.firstFrameMs ?? rest.firstFrameMs,
      latencyMs: rest.latencyMs ?? (before?.transport === transport ? before.latencyMs : undefined),
      freezes: (before?.freezes ?? 0) + rest.freezes,
      frozenSeconds: (before?.frozenSeconds ?? 0) + rest.frozenSeconds,
      playedSeconds: (before?.playedSeconds ?? 0) + rest.playedSeconds,
      framesDropped: (before?.framesDropped ?? 0) + rest.framesDropped,
      framesShown: (before?.framesShown ?? 0) + rest.framesShown,
      switches: [...(before?.switches ?? []), ...switches].slice(-this.#limits.maxSwitches),
      path: rest.path ?? (before?.transport === transport ? before.path : undefined),
    };
  }

  #isOld({ toldUs }: Kept): boolean {
    return this.#clock.nowUs() - toldUs > this.#limits.experienceMs * 1000;
  }

  #forgetOld(): void {
    for (const [key, kept] of this.#kept) {
      if (this.#kept.size <= this.#limits.maxExperiences && !this.#isOld(kept)) return;
      this.#kept.delete(key);
    }
  }
}
