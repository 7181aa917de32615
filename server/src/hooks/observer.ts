/** How an ask or a notice went. */
export type HookResult = "allow" | "deny" | "taken" | "timeout" | "error";

/** Is told what hooks cost. Names are few: `function.play`, `webhook.publish`, `srs.on_close`, `mist.USER_END` and so on. */
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
