/** What browsers tell of the kind of network, where they do (Network Information API). */
interface NetworkInformation extends EventTarget {
  readonly type?: string;
}

/**
 * Tells whether the browser has a network when that changes, and again when it is another network. Until `signal`.
 * A change of the measured speed alone is not told.
 */
export function listenForNetwork(told: (online: boolean) => void, signal: AbortSignal): void {
  addEventListener("online", () => told(true), { signal });
  addEventListener("offline", () => told(false), { signal });
  const { connection } = navigator as Navigator & { readonly connection?: NetworkInformation };
  let type = connection?.type;
  connection?.addEventListener(
    "change",
    () => {
      if (connection.type === type) return;
      type = connection.type;
      told(navigator.onLine);
    },
    { signal },
  );
  if (!navigator.onLine) told(false);
}
