import {
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  Registry as Prometheus,
} from "prom-client";
import type { ActivityObserver, Clock, Registry } from "../core/index.ts";
import { type CertificateFigures, certificateGauge } from "./certificate-gauge.ts";

/** Figures by name in camel case. What only grows, and what also falls. */
export interface Figures {
  readonly growing: Readonly<Record<string, number>>;
  readonly present: Readonly<Record<string, number>>;
}

export interface MetricsOptions {
  readonly registry: Registry;
  readonly clock: Pick<Clock, "wallMs">;
  readonly version: string;
  /** Which tier seals and sends media; undefined before it is chosen. */
  egress(): string | undefined;
  /** Of the WebRTC port; undefined before it is open. */
  rtc(): Figures | undefined;
  /** Of the native egress; undefined where another tier runs. */
  native(): Figures | undefined;
  /** Of listeners with TLS. */
  certificates?(): readonly CertificateFigures[];
}

/** Reasons that are told apart; further ones count as `OTHER`. */
const maxReasons = 100;
/** From a look that lasts seconds to a day. Seconds. */
const sessionBuckets = [1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400];

/**
 * What Prometheus reads at `/metrics`. Labels are transports, states, codes and names of our own alone: no stream, no viewer and no
 * address, so that there are never more series than that.
 */
export class Metrics {
  readonly #prometheus = new Prometheus();
  readonly #stopWatching: () => void;

  constructor(options: MetricsOptions) {
    const { registry } = options;
    const registers = [this.#prometheus];
    collectDefaultMetrics({ register: this.#prometheus });
    const info = new Gauge({
      name: "millrace_build_info",
      help: "1, with version, version of Node and what seals and sends media as labels.",
      labelNames: ["version", "node", "egress"],
      registers,
      collect() {
        info.reset();
        const egress = options.egress() ?? "none";
        info.set({ version: options.version, node: process.versions.node, egress }, 1);
      },
    });
    gaugeByLabel(this.#prometheus, {
      name: "millrace_streams",
      help: "Streams by state.",
      label: "state",
      known: ["live", "waiting"],
      count: () => registry.list().map(({ state }) => state),
    });
    gaugeByLabel(this.#prometheus, {
      name: "millrace_stream_buffers",
      help: "Live streams by how well they are fed.",
      label: "state",
      known: ["EMPTY", "FULL", "DRY", "RECOVER"],
      count: () =>
        registry
          .list()
          .filter(({ state }) => state === "live")
          .map(({ health }) => health.buffer),
    });
    gaugeByLabel(this.#prometheus, {
      name: "millrace_viewers",
      help: "Viewers by transport.",
      label: "transport",
      known: [],
      count: () =>
        registry
          .list()
          .flatMap(({ viewers }) =>
            [...viewers.values()].map(({ info: { transport } }) => transport),
          ),
    });
    gaugeByLabel(this.#prometheus, {
      name: "millrace_publishers",
      help: "Publishers by transport.",
      label: "transport",
      known: [],
      count: () =>
        registry.list().flatMap(({ name }) => registry.publisher(name)?.info.transport ?? []),
    });
    figures(this.#prometheus, "millrace_rtc", "The WebRTC port: ", options.rtc);
    figures(this.#prometheus, "millrace_egress", "The native egress: ", options.native);
    certificateGauge(this.#prometheus, () => options.certificates?.() ?? []);
    this.#stopWatching = registry.watch(sessionCounters(this.#prometheus, options.clock));
  }

  /** What `text` is, for `Content-Type`. */
  get type(): string {
    return this.#prometheus.contentType;
  }

  /** The exposition format of Prometheus. */
  text(): Promise<string> {
    return this.#prometheus.metrics();
  }

  /** May be called twice. */
  close(): void {
    this.#stopWatching();
    this.#prometheus.clear();
  }
}

function gaugeByLabel(
  prometheus: Prometheus,
  options: {
    readonly name: string;
    readonly help: string;
    readonly label: string;
    /** Told as 0 when there are none. What was seen once is as well. */
    readonly known: readonly string[];
    count(): readonly string[];
  },
): void {
  const { name, help, label, known, count } = options;
  const seen = new Set(known);
  const gauge = new Gauge({
    name,
    help,
    labelNames: [label],
    registers: [prometheus],
    collect() {
      const counts = new Map([...seen].map((value) => [value, 0]));
      for (const value of count()) counts.set(value, (counts.get(value) ?? 0) + 1);
      for (const [value, number] of counts) {
        seen.add(value);
        gauge.set({ [label]: value }, number);
      }
    },
  });
}

/** One counter with the name as label for what grows, one gauge for what does not. */
function figures(
  prometheus: Prometheus,
  prefix: string,
  about: string,
  read: () => Figures | undefined,
): void {
  const counter = new Counter({
    name: `${prefix}_events_total`,
    help: `${about}what happened, by name.`,
    labelNames: ["event"],
    registers: [prometheus],
    collect() {
      counter.reset();
      for (const [name, value] of Object.entries(read()?.growing ?? {})) {
        counter.inc({ event: snake(name) }, value);
      }
    },
  });
  const gauge = new Gauge({
    name: `${prefix}_present`,
    help: `${about}what there is now, by name.`,
    labelNames: ["what"],
    registers: [prometheus],
    collect() {
      for (const [name, value] of Object.entries(read()?.present ?? {})) {
        gauge.set({ what: snake(name) }, value);
      }
    },
  });
}

function sessionCounters(prometheus: Prometheus, clock: Pick<Clock, "wallMs">): ActivityObserver {
  const registers = [prometheus];
  const begun = new Counter({
    name: "millrace_sessions_total",
    help: "Sessions that began, by what they do and transport.",
    labelNames: ["action", "transport"],
    registers,
  });
  const lasted = new Histogram({
    name: "millrace_session_seconds",
    help: "How long sessions lasted that are over.",
    labelNames: ["action", "transport"],
    buckets: sessionBuckets,
    registers,
  });
  const ended = new Counter({
    name: "millrace_publish_ends_total",
    help: "Publishers that ended, by code.",
    labelNames: ["reason"],
    registers,
  });
  const reasons = new Set<string>();
  const secondsSince = (wallMs: number): number => Math.max(0, clock.wallMs() - wallMs) / 1000;
  return {
    publishStarted: ({ info: { transport } }) => begun.inc({ action: "publish", transport }),
    publishEnded: ({ info: { transport }, startedWallMs }, reason) => {
      lasted.observe({ action: "publish", transport }, secondsSince(startedWallMs));
      if (reasons.size < maxReasons) reasons.add(reason);
      ended.inc({ reason: reasons.has(reason) ? reason : "OTHER" });
    },
    playStarted: (_, { info: { transport } }) => begun.inc({ action: "play", transport }),
    playEnded: (_, { info: { transport }, joinedWallMs }) =>
      lasted.observe({ action: "play", transport }, secondsSince(joinedWallMs)),
  };
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
