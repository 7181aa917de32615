import { Counter, Histogram, type Registry as Prometheus } from "prom-client";
import { FewNames } from "./series.ts";

/** A call to somebody else's program. */
export interface WebhookCall {
  /** Which hook, such as `publish` or `event`; never an address. */
  readonly hook: string;
  /** What came of it, such as `allowed`, `denied`, `delivered`, `timeout` or `error`. */
  readonly result: string;
  readonly seconds: number;
}

/** Events that somebody else's program is never told. */
export interface LostEvents {
  readonly hook: string;
  readonly count: number;
}

/** Names of hooks, and of results, that are told apart. A test counts those that there are. */
const maxNames = 20;
/** Told as 0 from the beginning: an alert on an increase does not see the first one of a new series. */
const queues = ["webhook.event", "srs.notice", "mist.notice"];
/** Asking hooks have three seconds. */
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10];

/** How long hooks of others take, and what they are never told. */
export class WebhookSeries {
  readonly #seconds: Histogram<"hook" | "result">;
  readonly #lost: Counter<"hook">;
  readonly #hooks = new FewNames(maxNames, "other");
  readonly #results = new FewNames(maxNames, "other");

  constructor(prometheus: Prometheus) {
    this.#seconds = new Histogram({
      name: "millrace_webhook_seconds",
      help: "How long calls to webhooks took, in seconds, by hook and result.",
      labelNames: ["hook", "result"],
      buckets,
      registers: [prometheus],
    });
    this.#lost = new Counter({
      name: "millrace_webhook_events_lost_total",
      help: "Events that a receiver is never told, because too much waited for it or the process ended.",
      labelNames: ["hook"],
      registers: [prometheus],
    });
    for (const hook of queues) this.lost({ hook, count: 0 });
  }

  called({ hook, result, seconds }: WebhookCall): void {
    const labels = { hook: this.#hooks.of(hook), result: this.#results.of(result) };
    this.#seconds.observe(labels, Math.max(0, seconds));
  }

  lost({ hook, count }: LostEvents): void {
    this.#lost.inc({ hook: this.#hooks.of(hook) }, count);
  }
}
