import { isMetered } from "./network.ts";
import { Prefetch } from "./prefetch.ts";
import { browserScheduler } from "./scheduler.ts";
import { loadFallbacks } from "./transports/create-fallback.ts";

/** Fetches ahead as this browser can. */
export function browserPrefetch(): Prefetch {
  return new Prefetch({
    scheduler: browserScheduler,
    whenIdle,
    isMetered,
    load: loadFallbacks,
  });
}

/** In browsers that do not tell (WebKit), a little later. */
function whenIdle(callback: () => void): void {
  if ("requestIdleCallback" in globalThis) requestIdleCallback(callback, { timeout: 2000 });
  else setTimeout(callback, 200);
}
