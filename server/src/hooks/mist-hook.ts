import { randomUUID } from "node:crypto";
import type { ActivityObserver } from "../core/index.ts";
import type { Clock } from "../core/ports.ts";
import { BufferNews } from "./buffer-news.ts";
import { defaultHookLimits } from "./limits.ts";
import {
  addressOf,
  isPositive,
  rtmpAddressOf,
  streamBufferPayload,
  streamOfAddress,
  userEndPayload,
  userNewPayload,
} from "./mist-message.ts";
import type { HookClient } from "./post.ts";
import type { HookAnswer, HookQuestion, SessionEnding, SessionHook } from "./question.ts";
import type { Tellers } from "./tellers.ts";

/** Where a back end listens that was written for MistServer's triggers. */
export interface MistSettings {
  readonly rtmpPushRewriteUrls: readonly string[];
  readonly pushRewriteUrls: readonly string[];
  readonly userNewUrls: readonly string[];
  readonly userEndUrls: readonly string[];
  readonly streamBufferUrls: readonly string[];
}

export interface MistHookOptions {
  readonly settings: MistSettings;
  readonly client: HookClient;
  readonly tellers: Tellers;
  readonly clock: Clock;
}

/** Speaks MistServer's triggers over HTTP: the payload is lines of text, the name stands in `X-Trigger`. */
export class MistHook implements SessionHook {
  readonly name = "mist";
  readonly #options: MistHookOptions;
  readonly #buffers = new BufferNews();

  constructor(options: MistHookOptions) {
    this.#options = options;
  }

  asks(action: HookQuestion["action"]): boolean {
    return this.decides(action) || (action === "play" && this.#settings.userEndUrls.length > 0);
  }

  decides(action: HookQuestion["action"]): boolean {
    const { pushRewriteUrls, rtmpPushRewriteUrls, userNewUrls } = this.#settings;
    if (action === "publish") return rtmpPushRewriteUrls.length + pushRewriteUrls.length > 0;
    return action === "play" && userNewUrls.length > 0;
  }

  ask(question: HookQuestion, signal: AbortSignal): Promise<HookAnswer> {
    return question.action === "publish"
      ? this.#rewrite(question, signal)
      : this.#admit(question, signal);
  }

  ended(question: HookQuestion, ending: SessionEnding): void {
    // Triggers about users are about viewers only.
    if (question.action !== "play" || !ending.began) return;
    this.#tell("USER_END", this.#settings.userEndUrls, userEndPayload(question, ending));
  }

  /** To be told how streams stand. */
  get observer(): ActivityObserver {
    return {
      streamChanged: (stream, change) => {
        const health = this.#buffers.of(stream, change);
        if (health === undefined) return;
        const payload = streamBufferPayload(stream.name, health, stream.tracks);
        this.#tell("STREAM_BUFFER", this.#settings.streamBufferUrls, payload);
      },
    };
  }

  get #settings(): MistSettings {
    return this.#options.settings;
  }

  async #rewrite(question: HookQuestion, signal: AbortSignal): Promise<HookAnswer> {
    const { pushRewriteUrls, rtmpPushRewriteUrls } = this.#settings;
    let { stream } = question;
    for (const url of rtmpPushRewriteUrls) {
      const payload = `${rtmpAddressOf({ ...question, stream })}\n${question.address}`;
      const answer = await this.#post(url, "RTMP_PUSH_REWRITE", payload, signal);
      // What is no address counts as none there, which refuses.
      const renamed = streamOfAddress(answer);
      if (renamed === undefined) return { allow: false };
      stream = renamed;
    }
    for (const url of pushRewriteUrls) {
      const payload = `${addressOf({ ...question, stream })}\n${question.address}\n${stream}`;
      const answer = await this.#post(url, "PUSH_REWRITE", payload, signal);
      if (answer === "") return { allow: false };
      stream = answer;
    }
    return { allow: true, stream };
  }

  async #admit(question: HookQuestion, signal: AbortSignal): Promise<HookAnswer> {
    const payload = userNewPayload(question);
    for (const url of this.#settings.userNewUrls) {
      if (!isPositive(await this.#post(url, "USER_NEW", payload, signal))) return { allow: false };
    }
    return { allow: true };
  }

  /** @throws Error unless it answers 2xx. */
  async #post(url: string, name: string, body: string, signal: AbortSignal): Promise<string> {
    const answer = await this.#options.client.post(url, body, {
      headers: this.#headers(name),
      signal,
      maxAnswerBytes: defaultHookLimits.maxAnswerBytes,
    });
    if (answer.status < 200 || answer.status > 299) throw new Error(`status ${answer.status}`);
    return answer.body.trim();
  }

  #headers(name: string): Record<string, string> {
    return {
      "Content-Type": "text/plain",
      "X-Trigger": name,
      // The same when it is tried again.
      "X-Trigger-UUID": randomUUID(),
      "X-Trigger-UnixMillis": String(Math.round(this.#options.clock.wallMs())),
    };
  }

  #tell(name: string, urls: readonly string[], body: string): void {
    for (const url of urls) {
      this.#options.tellers.tell(url, { name, headers: this.#headers(name), body });
    }
  }
}
