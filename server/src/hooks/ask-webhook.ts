import { z } from "zod";
import { randomId } from "../core/index.ts";
import type { Clock } from "../core/ports.ts";
import { defaultHookLimits } from "./limits.ts";
import type { HookClient } from "./post.ts";
import type { AskHook, HookAnswer, HookQuestion } from "./question.ts";
import { signatureHeader, signatureOf } from "./signature.ts";

export interface AskWebhookOptions {
  /** Where each action is asked about; absent: it is not. */
  readonly urls: Partial<Record<HookQuestion["action"], string>>;
  /** What requests are signed with; none: they are not. Secret. */
  readonly secrets: readonly string[];
  readonly clock: Clock;
  readonly client: HookClient;
  readonly maxAnswerBytes?: number;
}

/** Whoever adds words to the answer means nothing that is known here. */
const answerSchema = z.union([
  z.object({
    allow: z.literal(true),
    stream: z.string().max(128).optional(),
    ttlMs: z.number().positive().optional(),
    user: z.string().max(1024).optional(),
    limits: z
      .object({
        maxViewers: z.number().int().nonnegative().optional(),
        maxBitrateBps: z.number().positive().optional(),
      })
      .optional(),
  }),
  z.object({ allow: z.literal(false), reason: z.string().max(1024).optional() }),
]);

/**
 * Asks a back end over HTTP: `{id, type: "ask", at, action, stream, …}` is answered by `{"allow": true}` or
 * `{"allow": false, "reason": "…"}`; 401 and 403 refuse as well, and everything else is no answer.
 */
export class AskWebhook implements AskHook {
  readonly name = "webhook";
  readonly #options: AskWebhookOptions;

  constructor(options: AskWebhookOptions) {
    this.#options = options;
  }

  asks(action: HookQuestion["action"]): boolean {
    return this.#options.urls[action] !== undefined;
  }

  async ask(question: HookQuestion, signal: AbortSignal): Promise<HookAnswer> {
    const { urls, secrets, clock, client } = this.#options;
    const url = urls[question.action];
    if (url === undefined) return { allow: true };
    const wallMs = clock.wallMs();
    const at = new Date(wallMs).toISOString();
    const body = JSON.stringify({ id: randomId(), type: "ask", at, ...question });
    const signature =
      secrets.length === 0 ? {} : { [signatureHeader]: signatureOf(secrets, body, wallMs) };
    const answer = await client.post(url, body, {
      headers: { "Content-Type": "application/json", ...signature },
      signal,
      maxAnswerBytes: this.#options.maxAnswerBytes ?? defaultHookLimits.maxAnswerBytes,
    });
    return understood(answer.status, answer.body);
  }
}

function understood(status: number, body: string): HookAnswer {
  const refuses = status === 401 || status === 403;
  if (!refuses && (status < 200 || status > 299)) throw new Error(`status ${status}`);
  const parsed = answerSchema.safeParse(parseJson(body));
  if (refuses) {
    return parsed.data?.allow === false ? parsed.data : { allow: false };
  }
  if (!parsed.success) throw new Error("an answer that is not understood");
  if (!parsed.data.allow) return parsed.data;
  const { limits, ...rest } = parsed.data;
  return { ...rest, ...limits };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
