import { defaultHookLimits } from "./limits.ts";
import type { HookClient } from "./post.ts";
import type { HookAnswer, HookQuestion, SessionEnding, SessionHook } from "./question.ts";
import { createIdentity, type SrsAction, srsAllows, srsBody } from "./srs-message.ts";
import type { Tellers } from "./tellers.ts";

/** Where a back end listens that was written for SRS's `http_hooks`. All that are asked must allow. */
export interface SrsSettings {
  readonly connectUrls: readonly string[];
  readonly publishUrls: readonly string[];
  readonly playUrls: readonly string[];
  readonly unpublishUrls: readonly string[];
  readonly stopUrls: readonly string[];
  readonly closeUrls: readonly string[];
}

export interface SrsHookOptions {
  readonly settings: SrsSettings;
  readonly client: HookClient;
  readonly tellers: Tellers;
}

const headers = { "Content-Type": "application/json" };

/** Speaks SRS's `http_hooks`: one `client_id` from `on_connect` to `on_close`, whatever way the client came. */
export class SrsHook implements SessionHook {
  readonly name = "srs";
  readonly #options: SrsHookOptions;
  readonly #identity = createIdentity();

  constructor(options: SrsHookOptions) {
    this.#options = options;
  }

  /** Also where only ends are told: they need a session. */
  asks(action: HookQuestion["action"]): boolean {
    const { closeUrls, stopUrls, unpublishUrls } = this.#options.settings;
    if (action === "call") return false;
    const ended = action === "publish" ? unpublishUrls : stopUrls;
    return this.decides(action) || ended.length + closeUrls.length > 0;
  }

  decides(action: HookQuestion["action"]): boolean {
    const { connectUrls, playUrls, publishUrls } = this.#options.settings;
    if (action === "call") return false;
    return connectUrls.length + (action === "publish" ? publishUrls : playUrls).length > 0;
  }

  async ask(question: HookQuestion, signal: AbortSignal): Promise<HookAnswer> {
    const { connectUrls, playUrls, publishUrls } = this.#options.settings;
    if (!(await this.#allows("on_connect", connectUrls, question, signal))) return { allow: false };
    const [action, urls] =
      question.action === "publish"
        ? (["on_publish", publishUrls] as const)
        : (["on_play", playUrls] as const);
    // Whoever was connected is closed, whether or not it went on to publish or play.
    try {
      if (await this.#allows(action, urls, question, signal)) return { allow: true };
    } catch (error) {
      this.#tell("on_close", this.#options.settings.closeUrls, question);
      throw error;
    }
    this.#tell("on_close", this.#options.settings.closeUrls, question);
    return { allow: false };
  }

  ended(question: HookQuestion, ending: SessionEnding): void {
    const { closeUrls, stopUrls, unpublishUrls } = this.#options.settings;
    if (question.action === "publish") this.#tell("on_unpublish", unpublishUrls, question, ending);
    else this.#tell("on_stop", stopUrls, question, ending);
    this.#tell("on_close", closeUrls, question, ending);
  }

  async #allows(
    action: SrsAction,
    urls: readonly string[],
    question: HookQuestion,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { maxAnswerBytes } = defaultHookLimits;
    const body = JSON.stringify(srsBody(action, question, this.#identity));
    for (const url of urls) {
      const answer = await this.#options.client.post(url, body, {
        ...{ headers, signal, maxAnswerBytes },
      });
      if (!srsAllows(answer.status, answer.body)) return false;
    }
    return true;
  }

  #tell(
    action: SrsAction,
    urls: readonly string[],
    question: HookQuestion,
    ending?: SessionEnding,
  ): void {
    const body = JSON.stringify(srsBody(action, question, this.#identity, ending));
    for (const url of urls) this.#options.tellers.tell(url, { name: action, headers, body });
  }
}
