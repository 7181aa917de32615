import type { TransportDetail } from "../element-events.ts";
import { isMetered } from "./network.ts";
import { Prefetch } from "./prefetch.ts";
import { browserScheduler } from "./scheduler.ts";
import { loadFallbacks } from "./transports/create-fallback.ts";
import type { TransportName } from "./transports/transport.ts";

/** Fetches ahead for a player as this browser can. */
export function browserPrefetch(
  player: EventTarget & { readonly transports: readonly TransportName[] },
): void {
  const prefetch = new Prefetch({
    scheduler: browserScheduler,
    whenIdle,
    isMetered,
    load: loadFallbacks,
  });
  player.addEventListener("transport", (event) => {
    const { to } = (event as CustomEvent<TransportDetail>).detail;
    prefetch.playsBy(to ?? undefined, player.transports);
  });
}

/** In browsers that do not tell (WebKit), a little later. */
function whenIdle(callback: () => void): void {
  if ("requestIdleCallback" in globalThis) requestIdleCallback(callback, { timeout: 2000 });
  else setTimeout(callback, 200);
}
