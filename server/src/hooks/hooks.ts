import type { Access, Clock, Log, Registry } from "../core/index.ts";
import { AskWebhook } from "./ask-webhook.ts";
import { eventsOf, type HookEvent } from "./event.ts";
import { EventQueue } from "./event-queue.ts";
import { HookedAccess } from "./hooked-access.ts";
import { type GatewayHooks, InProcessHook } from "./in-process.ts";
import type { HookLimits } from "./limits.ts";
import { notify } from "./notify-webhook.ts";
import type { AskHook } from "./question.ts";

/** The `hooks` section of the configuration. Empty addresses are none. */
export interface HookSettings {
  readonly publishUrl: string;
  readonly playUrl: string;
  readonly callUrl: string;
  readonly eventUrls: readonly string[];
  /** Secret. */
  readonly secrets: readonly string[];
  readonly timeoutSeconds: number;
  readonly playCacheSeconds: number;
}

export interface HooksOptions {
  readonly settings: HookSettings;
  /** Functions of the same process; they are asked before webhooks. */
  readonly functions?: GatewayHooks | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** All hooks of a gateway: who is asked, and who is told. */
export class Hooks {
  readonly #options: HooksOptions;
  readonly #limits: Partial<HookLimits>;
  readonly #asked: readonly AskHook[];
  readonly #queues: readonly EventQueue[];
  #stopWatching: () => void = () => {};

  constructor(options: HooksOptions) {
    this.#options = options;
    const { settings, functions, clock, log } = options;
    this.#limits = {
      askTimeoutMs: settings.timeoutSeconds * 1000,
      playCacheMs: settings.playCacheSeconds * 1000,
    };
    const { publishUrl, playUrl, callUrl, secrets } = settings;
    this.#asked = [
      ...(functions === undefined ? [] : [new InProcessHook(functions)]),
      new AskWebhook({
        urls: {
          ...(publishUrl !== "" && { publish: publishUrl }),
          ...(playUrl !== "" && { play: playUrl }),
          ...(callUrl !== "" && { call: callUrl }),
        },
        secrets,
        clock,
      }),
    ];
    this.#queues = settings.eventUrls.map(
      (url, at) =>
        new EventQueue({
          deliver: (event, signal) => notify({ url, secrets, clock }, event, signal),
          clock,
          // Addresses may have secrets in them.
          log: log.child({ receiver: at + 1 }),
          limits: this.#limits,
        }),
    );
  }

  /** Whether somebody decides here about that, so that nobody else need do. */
  decides(action: "publish" | "play" | "call"): boolean {
    return this.#asked.some((hook) => hook.asks(action));
  }

  /** The access seam with these hooks behind it. */
  behind(access: Access): Access {
    if (!(["publish", "play", "call"] as const).some((action) => this.decides(action))) {
      return access;
    }
    const { clock, log } = this.#options;
    return new HookedAccess({ access, hooks: this.#asked, clock, log, limits: this.#limits });
  }

  /** Tells receivers from now on what happens there, and `also` the same events. */
  watch(registry: Registry, also?: (event: HookEvent) => void): void {
    const { functions, clock } = this.#options;
    const onEvent = functions?.onEvent;
    if (this.#queues.length === 0 && onEvent === undefined && also === undefined) return;
    this.#stopWatching = registry.watch(
      eventsOf(clock, (event) => {
        // First the queues: a function that throws must not keep others from being told.
        for (const queue of this.#queues) queue.push(event);
        also?.(event);
        functions?.onEvent?.(event);
      }),
    );
  }

  /** Tells what waits, for a time. May be called twice. */
  async close(): Promise<void> {
    this.#stopWatching();
    await Promise.all(this.#queues.map((queue) => queue.close()));
  }
}
