/** What browsers tell of the kind of network, where they do (Network Information API). */
interface NetworkInformation extends EventTarget {
  readonly type?: string;
  readonly effectiveType?: string;
  /** The person asked the browser to save data. */
  readonly saveData?: boolean;
}

/**
 * Tells whether the browser has a network when that changes, and again when it is another network. Until `signal`.
 * A change of the measured speed alone is not told.
 */
export function listenForNetwork(told: (online: boolean) => void, signal: AbortSignal): void {
  addEventListener("online", () => told(true), { signal });
  addEventListener("offline", () => told(false), { signal });
  const connection = networkInformation();
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

/** Whether bytes cost the viewer money or time that is wanted elsewhere, as far as the browser tells. */
export function isMetered(): boolean {
  const { type, effectiveType, saveData } = networkInformation() ?? {};
  return saveData === true || type === "cellular" || /2g$/.test(effectiveType ?? "");
}

function networkInformation(): NetworkInformation | undefined {
  return (navigator as Navigator & { readonly connection?: NetworkInformation }).connection;
}
