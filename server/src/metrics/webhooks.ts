import { Histogram, type Registry as Prometheus } from "prom-client";
import { FewNames } from "./series.ts";

/** A call to somebody else's program. */
export interface WebhookCall {
  /** Which hook, such as `publish` or `event`; never an address. */
  readonly hook: string;
  /** What came of it, such as `allowed`, `denied`, `delivered`, `timeout` or `error`. */
  readonly result: string;
  readonly seconds: number;
}

/** Names of hooks, and of results, that are told apart. */
const maxNames = 20;
/** Asking hooks have three seconds. */
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10];

/** How long hooks of others take. */
export class WebhookSeries {
  readonly #seconds: Histogram<"hook" | "result">;
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
  }

  called({ hook, result, seconds }: WebhookCall): void {
    const labels = { hook: this.#hooks.of(hook), result: this.#results.of(result) };
    this.#seconds.observe(labels, Math.max(0, seconds));
  }
}
