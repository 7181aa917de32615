export type { HookEnding, HookEvent, HookHappening, HookSession } from "./event.ts";
export { type HookSettings, Hooks, type HooksOptions } from "./hooks.ts";
export type { GatewayHooks } from "./in-process.ts";
export type { HookObserver, HookResult } from "./observer.ts";
export type { HookAnswer, HookQuestion } from "./question.ts";
