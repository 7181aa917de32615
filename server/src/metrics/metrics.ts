import { Registry as Prometheus } from "prom-client";
import type { Access, Clock, Registry } from "../core/index.ts";
import { ExperienceSeries } from "./experience.ts";
import { listedStreamSeries } from "./listed-streams.ts";
import { type ProcessOptions, processSeries } from "./process.ts";
import { SessionTotals, type Totals } from "./session-totals.ts";
import { SessionSeries } from "./sessions.ts";
import { streamSeries } from "./streams.ts";
import { trafficSeries } from "./traffic.ts";
import { type LostEvents, type WebhookCall, WebhookSeries } from "./webhooks.ts";

export interface MetricsOptions extends ProcessOptions {
  readonly registry: Registry;
  readonly clock: Pick<Clock, "wallMs">;
  /** Patterns of the streams that have series of their own. */
  readonly streams: readonly string[];
}

/**
 * What Prometheus reads at `/metrics`. Labels are transports, states, codes and names of our own alone: no viewer and no
 * address, and streams only where they are listed, so that there are never more series than that.
 */
export class Metrics {
  /** What viewers see. */
  readonly experience: ExperienceSeries;
  readonly #prometheus = new Prometheus();
  readonly #sessions: SessionSeries;
  readonly #webhooks: WebhookSeries;
  readonly #stopWatching: readonly (() => void)[];
  #totals: Totals | undefined;

  constructor(options: MetricsOptions) {
    const { registry, clock, transcoder } = options;
    const totals = new SessionTotals(registry);
    processSeries(this.#prometheus, options);
    streamSeries(this.#prometheus, registry);
    listedStreamSeries(this.#prometheus, registry, options.streams);
    trafficSeries(this.#prometheus, {
      transcoder,
      totals: () => {
        this.#totals ??= totals.read();
        return this.#totals;
      },
    });
    this.#sessions = new SessionSeries(this.#prometheus, clock);
    this.experience = new ExperienceSeries(this.#prometheus);
    this.#webhooks = new WebhookSeries(this.#prometheus);
    this.#stopWatching = [registry.watch(this.#sessions), registry.watch(totals)];
  }

  /** What `text` is, for `Content-Type`. */
  get type(): string {
    return this.#prometheus.contentType;
  }

  /** Access as it is, with everybody counted whom it refuses a session. */
  counting(access: Access): Access {
    return this.#sessions.counting(access);
  }

  /** A hook of others was asked or told. */
  webhookCalled(call: WebhookCall): void {
    this.#webhooks.called(call);
  }

  /** A hook of others is never told of something. */
  webhookLost(lost: LostEvents): void {
    this.#webhooks.lost(lost);
  }

  /** The exposition format of Prometheus. */
  async text(): Promise<string> {
    // Sessions are asked once for all series.
    this.#totals = undefined;
    const text = await this.#prometheus.metrics();
    this.#totals = undefined;
    return text;
  }

  /** May be called twice. */
  close(): void {
    for (const stop of this.#stopWatching) stop();
    this.#prometheus.clear();
  }
}
