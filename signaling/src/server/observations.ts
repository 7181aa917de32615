import type { StatusReply } from "../protocol/index.ts";
import { type JsepGateway, SignalingError, type StreamStatus } from "../session/index.ts";
import { LatestPusher } from "./latest-pusher.ts";
import type { SignalingClock, SignalingLimits } from "./options.ts";
import type { Outcome } from "./outcome.ts";

/** The streams that one connection wants to know about, with or without a session. */
export class Observations {
  readonly #gateway: JsepGateway;
  readonly #clock: SignalingClock;
  readonly #limits: SignalingLimits;
  readonly #push: (status: StreamStatus) => void;
  readonly #observed = new Map<
    string,
    { readonly pusher: LatestPusher<StreamStatus>; stop(): void }
  >();

  constructor(
    gateway: JsepGateway,
    clock: SignalingClock,
    limits: SignalingLimits,
    push: (status: StreamStatus) => void,
  ) {
    this.#gateway = gateway;
    this.#clock = clock;
    this.#limits = limits;
    this.#push = push;
  }

  /** Tells the status now and pushes changes from then on. @throws SignalingError `OBSERVED_FULL`. */
  begin(name: string): Outcome {
    const known = this.#observed.get(name)?.pusher.latest;
    if (known !== undefined) return { success: { stream: known } satisfies StatusReply };
    if (this.#observed.size >= this.#limits.maxObservedPerSocket) {
      throw new SignalingError("OBSERVED_FULL", "Too many observed streams on one connection.");
    }
    const pusher = new LatestPusher(this.#clock, this.#limits.statusIntervalMs, this.#push);
    const stopTelling = this.#gateway.observe(name, (status) => pusher.offer(status));
    const stream = pusher.latest;
    if (stream === undefined) {
      stopTelling();
      throw untold();
    }
    const stop = (): void => {
      stopTelling();
      pusher.stop();
    };
    this.#observed.set(name, { pusher, stop });
    return { success: { stream } satisfies StatusReply, after: () => pusher.start(stream) };
  }

  /** Ending what is not observed is no error. */
  end(name: string): Outcome {
    this.#observed.get(name)?.stop();
    this.#observed.delete(name);
    return { success: {} };
  }

  close(): void {
    for (const { stop } of this.#observed.values()) stop();
    this.#observed.clear();
  }
}

/** The status of a stream at this moment. */
export function statusOf(gateway: JsepGateway, name: string): StreamStatus {
  let told: StreamStatus | undefined;
  const stop = gateway.observe(name, (status) => {
    told = status;
  });
  stop();
  if (told === undefined) throw untold();
  return told;
}

function untold(): Error {
  return new Error("the gateway told no status at once");
}
