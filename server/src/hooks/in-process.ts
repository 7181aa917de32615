import type { HookEvent } from "./event.ts";
import type { AskHook, HookAnswer, HookQuestion } from "./question.ts";

type Said = HookAnswer | boolean;

/** What a program around the gateway may decide and be told. What throws or takes more than 3 s refuses. */
export interface GatewayHooks {
  /** May refuse, rename and limit a publisher before any media. */
  onPublish?(question: HookQuestion): Said | Promise<Said>;
  /** May refuse a viewer; asked again when what it said is older than `hooks.playCacheSeconds`. */
  onPlay?(question: HookQuestion): Said | Promise<Said>;
  /** May keep somebody out of a direct call; `stream` is the room. */
  onCall?(question: HookQuestion): Said | Promise<Said>;
  /** Told what begins, changes and ends, as it happens. Nothing is awaited. */
  onEvent?(event: HookEvent): void;
}

/** Asks functions of the same process. */
export class InProcessHook implements AskHook {
  readonly name = "function";
  readonly #hooks: GatewayHooks;

  constructor(hooks: GatewayHooks) {
    this.#hooks = hooks;
  }

  asks(action: HookQuestion["action"]): boolean {
    const { onPublish, onPlay, onCall } = this.#hooks;
    return { publish: onPublish, play: onPlay, call: onCall }[action] !== undefined;
  }

  async ask(question: HookQuestion): Promise<HookAnswer> {
    const said = await this.#call(question);
    return typeof said === "boolean" ? { allow: said } : (said ?? { allow: false });
  }

  #call(question: HookQuestion): Said | Promise<Said> | undefined {
    switch (question.action) {
      case "publish":
        return this.#hooks.onPublish?.(question);
      case "play":
        return this.#hooks.onPlay?.(question);
      case "call":
        return this.#hooks.onCall?.(question);
    }
  }
}
