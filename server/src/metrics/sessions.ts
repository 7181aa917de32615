import { Counter, Histogram, type Registry as Prometheus } from "prom-client";
import type {
  Access,
  AccessRequest,
  ActivityObserver,
  Clock,
  PublisherInfo,
  Refusal,
  Viewer,
} from "../core/index.ts";
import { RefusedError } from "../core/index.ts";
import { FewNames } from "./series.ts";

/** Reasons that are told apart; further ones count as `OTHER`. */
export const maxReasons = 100;
/** From a look that lasts seconds to a day. Seconds. */
const lengthBuckets = [1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400];
/** Seconds. */
const joinBuckets = [0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 2, 3, 5, 10, 30];

/** Counts sessions: who began, who was refused, how long they lasted, why they ended, and how soon media came. */
export class SessionSeries implements ActivityObserver {
  readonly #clock: Pick<Clock, "wallMs">;
  readonly #sessions: Counter<"action" | "transport" | "result">;
  readonly #seconds: Histogram<"action" | "transport">;
  readonly #publishEnds: Counter<"reason">;
  readonly #playEnds: Counter<"reason">;
  readonly #join: Histogram<"transport">;
  readonly #publishReasons = new FewNames(maxReasons);
  readonly #playReasons = new FewNames(maxReasons);

  constructor(prometheus: Prometheus, clock: Pick<Clock, "wallMs">) {
    this.#clock = clock;
    const registers = [prometheus];
    this.#sessions = new Counter({
      name: "millrace_sessions_total",
      help: "Sessions asked for, by what they do, transport and result: started, or a class of refusals.",
      labelNames: ["action", "transport", "result"],
      registers,
    });
    this.#seconds = new Histogram({
      name: "millrace_session_seconds",
      help: "How long sessions lasted that are over, in seconds.",
      labelNames: ["action", "transport"],
      buckets: lengthBuckets,
      registers,
    });
    this.#publishEnds = new Counter({
      name: "millrace_publish_ends_total",
      help: "Publishers that ended, by code.",
      labelNames: ["reason"],
      registers,
    });
    this.#playEnds = new Counter({
      name: "millrace_play_ends_total",
      help: "Viewers that ended, by code.",
      labelNames: ["reason"],
      registers,
    });
    this.#join = new Histogram({
      name: "millrace_join_seconds",
      help: "From letting a viewer in to the first media sent to it, in seconds.",
      labelNames: ["transport"],
      buckets: joinBuckets,
      registers,
    });
  }

  /** Access as it is, with everybody counted whom it refuses a session. */
  counting(access: Access): Access {
    const { logIn } = access;
    return {
      authorize: async (request) => {
        try {
          return await access.authorize(request);
        } catch (error) {
          if (request.look !== true) this.#refusedBy(request, error);
          throw error;
        }
      },
      ...(logIn && { logIn: logIn.bind(access) }),
    };
  }

  publishStarted({ info }: { readonly info: PublisherInfo }): void {
    this.#count("publish", info.transport, "started");
  }

  publishEnded(
    { info, startedWallMs }: { readonly info: PublisherInfo; readonly startedWallMs: number },
    reason: string,
  ): void {
    const { transport } = info;
    this.#seconds.observe({ action: "publish", transport }, this.#secondsSince(startedWallMs));
    this.#publishEnds.inc({ reason: this.#publishReasons.of(reason) });
  }

  playStarted(_: unknown, { info }: Viewer): void {
    this.#count("play", info.transport, "started");
  }

  playEnded(_: unknown, { info, joinedWallMs }: Viewer, reason: string): void {
    const { transport } = info;
    this.#seconds.observe({ action: "play", transport }, this.#secondsSince(joinedWallMs));
    this.#playEnds.inc({ reason: this.#playReasons.of(reason) });
  }

  mediaStarted(_: unknown, { info: { transport }, joinedWallMs }: Viewer): void {
    this.#join.observe({ transport }, this.#secondsSince(joinedWallMs));
  }

  refused({ action, transport, code, status }: Refusal): void {
    this.#count(action, transport, resultOf(code, status));
  }

  #refusedBy({ action, transport }: AccessRequest, error: unknown): void {
    const { code, status } =
      error instanceof RefusedError ? error : { code: "INTERNAL_ERROR", status: 500 };
    this.refused({ action, transport, code, status });
  }

  #count(action: string, transport: string, result: string): void {
    this.#sessions.inc({ action, transport, result });
  }

  #secondsSince(wallMs: number): number {
    return Math.max(0, this.#clock.wallMs() - wallMs) / 1000;
  }
}

/** What kind of refusal a code is. Codes come from everywhere, kinds are these. */
function resultOf(code: string, status: number): string {
  if (code === "HOOK_UNAVAILABLE" || code === "ACCESS_UNAVAILABLE") return "unavailable";
  if (code.endsWith("_FULL")) return "full";
  return resultsByStatus.get(status) ?? (status >= 500 ? "error" : "invalid");
}

const resultsByStatus: ReadonlyMap<number, string> = new Map([
  [401, "unauthorized"],
  [403, "forbidden"],
  [404, "not_found"],
  [406, "unsupported"],
  [409, "busy"],
  [415, "unsupported"],
  [422, "unsupported"],
  [429, "rate_limited"],
  [501, "unsupported"],
  [503, "unavailable"],
]);
