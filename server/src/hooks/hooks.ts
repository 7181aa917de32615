import type { Access, Clock, Log, Registry } from "../core/index.ts";
import { AskWebhook } from "./ask-webhook.ts";
import { createEvent, eventsOf, type HookEvent } from "./event.ts";
import { EventQueue } from "./event-queue.ts";
import { HookedAccess } from "./hooked-access.ts";
import { type GatewayHooks, InProcessHook } from "./in-process.ts";
import { defaultHookLimits, type HookLimits } from "./limits.ts";
import { MistHook, type MistSettings } from "./mist-hook.ts";
import { notify } from "./notify-webhook.ts";
import type { HookObserver } from "./observer.ts";
import { HookClient } from "./post.ts";
import type { AskHook, SessionHook } from "./question.ts";
import { SessionBook } from "./session-book.ts";
import { SrsHook, type SrsSettings } from "./srs-hook.ts";
import { Tellers } from "./tellers.ts";

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
  /** Back ends that were written for SRS and MistServer. */
  readonly srs?: SrsSettings;
  readonly mist?: MistSettings;
  /** PEM blocks of authorities of one's own, for https addresses. */
  readonly ca?: string;
  /** Functions of the same process; they are asked before webhooks. */
  readonly functions?: GatewayHooks | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** All hooks of a gateway: who is asked, and who is told. */
export class Hooks {
  readonly #options: HooksOptions;
  readonly #limits: HookLimits;
  readonly #client: HookClient;
  readonly #asked: readonly AskHook[];
  readonly #sessionHooks: readonly SessionHook[];
  readonly #mist: MistHook | undefined;
  readonly #book: SessionBook;
  readonly #queues: readonly EventQueue<HookEvent>[];
  readonly #tellers: Tellers[] = [];
  readonly #observers = new Set<HookObserver>();
  #stopWatching: (() => void)[] = [];

  constructor(options: HooksOptions) {
    this.#options = options;
    const { settings, functions, clock } = options;
    this.#limits = {
      ...defaultHookLimits,
      askTimeoutMs: settings.timeoutSeconds * 1000,
      playCacheMs: settings.playCacheSeconds * 1000,
    };
    this.#client = new HookClient(options.ca);
    this.#asked = [
      ...(functions === undefined ? [] : [new InProcessHook(functions)]),
      this.#askWebhook(settings),
    ];
    this.#mist = this.#mistHook(options.mist);
    const srs = this.#srsHook(options.srs);
    // The trigger may rename, and whoever is asked last is told the name that viewers see.
    this.#sessionHooks = [this.#mist, srs].filter((hook) => hook !== undefined);
    this.#book = new SessionBook(clock, this.#limits);
    this.#queues = settings.eventUrls.map((url, at) => this.#eventQueue(url, at + 1));
  }

  /** Tells from now on what hooks cost and lose. Returns how to stop. */
  observe(observer: HookObserver): () => void {
    this.#observers.add(observer);
    return () => void this.#observers.delete(observer);
  }

  /** Whether somebody decides here about that, so that nobody else need do. */
  decides(action: "publish" | "play" | "call"): boolean {
    return (
      this.#asked.some((hook) => hook.asks(action)) ||
      this.#sessionHooks.some((hook) => hook.decides(action))
    );
  }

  /** The access seam with these hooks behind it. */
  behind(access: Access): Access {
    const hooks = [...this.#asked, ...this.#sessionHooks];
    const actions = ["publish", "play", "call"] as const;
    if (!actions.some((action) => hooks.some((hook) => hook.asks(action)))) return access;
    const { clock, log } = this.#options;
    return new HookedAccess({
      access,
      hooks: this.#asked,
      sessionHooks: this.#sessionHooks,
      book: this.#book,
      observer: this.#tell,
      clock,
      log,
      limits: this.#limits,
    });
  }

  /** Tells receivers from now on what happens there, and `also` the same events. */
  watch(registry: Registry, also?: (event: HookEvent) => void): void {
    const { functions, clock } = this.#options;
    if (this.#sessionHooks.length > 0) {
      this.#stopWatching.push(registry.watch(this.#book.observer));
    }
    if (this.#mist !== undefined) this.#stopWatching.push(registry.watch(this.#mist.observer));
    const onEvent = functions?.onEvent;
    if (this.#queues.length === 0 && onEvent === undefined && also === undefined) return;
    const observer = eventsOf(clock, (event) => {
      // First the queues: a function that throws must not keep others from being told.
      for (const queue of this.#queues) queue.push(event);
      also?.(event);
      functions?.onEvent?.(event);
    });
    this.#stopWatching.push(registry.watch(observer));
  }

  /** Tells what waits, for a time. May be called twice. */
  async close(): Promise<void> {
    for (const stop of this.#stopWatching.splice(0)) stop();
    this.#book.close();
    await Promise.all([...this.#queues, ...this.#tellers].map((queue) => queue.close()));
    this.#client.close();
  }

  /** Whoever watches, called from where hooks work. */
  readonly #tell: Required<HookObserver> = {
    onCall: (call) => {
      for (const observer of this.#observers) observer.onCall?.(call);
    },
    onLost: (lost) => {
      for (const observer of this.#observers) observer.onLost?.(lost);
    },
  };

  #askWebhook({ callUrl, playUrl, publishUrl, secrets }: HookSettings): AskWebhook {
    return new AskWebhook({
      urls: {
        ...(publishUrl !== "" && { publish: publishUrl }),
        ...(playUrl !== "" && { play: playUrl }),
        ...(callUrl !== "" && { call: callUrl }),
      },
      secrets,
      clock: this.#options.clock,
      client: this.#client,
    });
  }

  #eventQueue(url: string, number: number): EventQueue<HookEvent> {
    const { settings, clock, log } = this.#options;
    const client = this.#client;
    const { secrets } = settings;
    return new EventQueue<HookEvent>({
      name: "webhook.event",
      nameOf: ({ type }) => type,
      lost: (count) => createEvent({ type: "events.lost", count }, clock.wallMs()),
      deliver: (event, signal) => notify({ url, secrets, clock, client }, event, signal),
      clock,
      observer: this.#tell,
      // Addresses may have secrets in them.
      log: log.child({ receiver: number }),
      limits: this.#limits,
    });
  }

  #srsHook(settings: SrsSettings | undefined): SrsHook | undefined {
    if (settings === undefined || isNone(settings)) return undefined;
    return new SrsHook({ settings, client: this.#client, tellers: this.#tellersOf("srs") });
  }

  #mistHook(settings: MistSettings | undefined): MistHook | undefined {
    if (settings === undefined || isNone(settings)) return undefined;
    const { clock } = this.#options;
    const tellers = this.#tellersOf("mist");
    return new MistHook({ settings, client: this.#client, tellers, clock });
  }

  #tellersOf(name: string): Tellers {
    const { clock, log } = this.#options;
    const tellers = new Tellers({
      ...{ name, client: this.#client, clock, log },
      observer: this.#tell,
      limits: this.#limits,
    });
    this.#tellers.push(tellers);
    return tellers;
  }
}

/** No address at all. */
function isNone(settings: SrsSettings | MistSettings): boolean {
  return Object.values(settings).every((urls: readonly string[]) => urls.length === 0);
}
