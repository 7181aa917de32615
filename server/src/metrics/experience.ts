import { Counter, Histogram, type Registry as Prometheus } from "prom-client";
import { FewNames } from "./series.ts";

/** What a player tells of the time since it told last. Names are of known lists. Implemented by `beacons/`. */
export interface PlayerReport {
  readonly transport: string;
  readonly firstFrameSeconds?: number | undefined;
  readonly latencySeconds?: number | undefined;
  readonly freezes: number;
  readonly frozenSeconds: number;
  readonly playedSeconds: number;
  readonly framesDropped: number;
  readonly framesShown: number;
  readonly switches: readonly {
    readonly from: string;
    readonly to: string;
    readonly reason: string;
  }[];
  /** Set when another ICE path than before was told. */
  readonly path?: string | undefined;
}

/** Switches that are told apart; the reason of further ones counts as `other`. */
export const maxSwitchSeries = 300;

/** Seconds. */
const firstFrameBuckets = [0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30];
const latencyBuckets = [0.02, 0.05, 0.08, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 2, 3, 5, 10, 30];

/** What viewers see, as their players tell it. */
export class ExperienceSeries {
  readonly #beacons: Counter<"result">;
  readonly #firstFrame: Histogram<"transport">;
  readonly #latency: Histogram<"transport">;
  readonly #freezes: Counter<"transport">;
  readonly #frozen: Counter<"transport">;
  readonly #played: Counter<"transport">;
  readonly #dropped: Counter<"transport">;
  readonly #shown: Counter<"transport">;
  readonly #switches: Counter<"from" | "to" | "reason">;
  readonly #paths: Counter<"path">;
  readonly #known = new FewNames(maxSwitchSeries, "");

  constructor(prometheus: Prometheus) {
    const registers = [prometheus];
    const byTransport = { labelNames: ["transport"], registers } as const;
    this.#beacons = new Counter({
      name: "millrace_beacons_total",
      help: "What players told of themselves, by what became of it.",
      labelNames: ["result"],
      registers,
    });
    this.#firstFrame = new Histogram({
      name: "millrace_first_frame_seconds",
      help: "From the wish to play to the first frame on the screen, in seconds, as players tell.",
      buckets: firstFrameBuckets,
      ...byTransport,
    });
    this.#latency = new Histogram({
      name: "millrace_glass_latency_seconds",
      help: "Age of frames when they are shown, in seconds, as players tell: the median of a second, every ten seconds.",
      buckets: latencyBuckets,
      ...byTransport,
    });
    this.#freezes = new Counter({
      name: "millrace_freezes_total",
      help: "Pictures that stood while the stream went on, as players tell.",
      ...byTransport,
    });
    this.#frozen = new Counter({
      name: "millrace_frozen_seconds_total",
      help: "Seconds for which pictures stood while the stream went on, as players tell.",
      ...byTransport,
    });
    this.#played = new Counter({
      name: "millrace_played_seconds_total",
      help: "Seconds for which players played, frozen ones included, as they tell.",
      ...byTransport,
    });
    this.#dropped = new Counter({
      name: "millrace_player_frames_dropped_total",
      help: "Frames that browsers decoded and did not show, as players tell.",
      ...byTransport,
    });
    this.#shown = new Counter({
      name: "millrace_player_frames_total",
      help: "Frames that browsers decoded, as players tell.",
      ...byTransport,
    });
    this.#switches = new Counter({
      name: "millrace_fallback_total",
      help: "Changes from one transport to another while playing, as players tell.",
      labelNames: ["from", "to", "reason"],
      registers,
    });
    this.#paths = new Counter({
      name: "millrace_ice_paths_total",
      help: "Paths that ICE found for WebRTC, as players tell: one per player and change.",
      labelNames: ["path"],
      registers,
    });
  }

  /** `result` is one of a few words. */
  counted(result: string): void {
    this.#beacons.inc({ result });
  }

  told(report: PlayerReport): void {
    const { transport, firstFrameSeconds, latencySeconds, path } = report;
    if (firstFrameSeconds !== undefined) this.#firstFrame.observe({ transport }, firstFrameSeconds);
    if (latencySeconds !== undefined) this.#latency.observe({ transport }, latencySeconds);
    this.#freezes.inc({ transport }, report.freezes);
    this.#frozen.inc({ transport }, report.frozenSeconds);
    this.#played.inc({ transport }, report.playedSeconds);
    this.#dropped.inc({ transport }, report.framesDropped);
    this.#shown.inc({ transport }, report.framesShown);
    for (const { from, to, reason } of report.switches) {
      const known = this.#known.of(`${from} ${to} ${reason}`) !== "";
      this.#switches.inc({ from, to, reason: known ? reason : "other" });
    }
    if (path !== undefined) this.#paths.inc({ path });
  }
}
