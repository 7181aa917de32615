/** How an ask or a notice went. */
export type HookResult = "allow" | "deny" | "taken" | "timeout" | "error";

/**
 * Is told what hooks cost and lose. Their names are few: who is asked and what, such as `function.play`,
 * `webhook.publish`, `webhook.call`, `srs.play` and `mist.publish`; and who is told, which is `webhook.event`,
 * `srs.notice` or `mist.notice`, whatever the event or the notice.
 */
export interface HookObserver {
  /** One question, or one try to tell something. */
  onCall?(call: {
    readonly hook: string;
    readonly result: HookResult;
    readonly seconds: number;
  }): void;
  /** What a receiver is never told, because too much waited for it or the process ended. */
  onLost?(lost: { readonly hook: string; readonly count: number }): void;
}
