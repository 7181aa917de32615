import type { Clock } from "../core/ports.ts";
import type { HookEvent } from "./event.ts";
import { defaultHookLimits } from "./limits.ts";
import type { HookClient } from "./post.ts";
import { signatureHeader, signatureOf } from "./signature.ts";

export interface NotifyWebhookOptions {
  readonly url: string;
  /** What requests are signed with; none: they are not. Secret. */
  readonly secrets: readonly string[];
  readonly clock: Clock;
  readonly client: HookClient;
}

/** Posts an event to one receiver. @throws Error unless it answers 2xx. */
export async function notify(
  { url, secrets, clock, client }: NotifyWebhookOptions,
  event: HookEvent,
  signal: AbortSignal,
): Promise<void> {
  const body = JSON.stringify(event);
  const signature =
    secrets.length === 0 ? {} : { [signatureHeader]: signatureOf(secrets, body, clock.wallMs()) };
  const { maxAnswerBytes } = defaultHookLimits;
  const headers = { "Content-Type": "application/json", ...signature };
  const { status } = await client.post(url, body, { headers, signal, maxAnswerBytes });
  if (status < 200 || status > 299) throw new Error(`status ${status}`);
}
