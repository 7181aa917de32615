/** The Network Information API, where a browser has it. */
interface NetworkInformation {
  readonly type?: string;
  addEventListener?(type: "change", listener: () => void): void;
  removeEventListener?(type: "change", listener: () => void): void;
}

/** Calls back when the browser reports another network, such as mobile instead of Wi-Fi. Returns how to stop. */
export function watchNetwork(changed: () => void): () => void {
  const information = (globalThis.navigator as { connection?: NetworkInformation } | undefined)
    ?.connection;
  let type = information?.type;
  // It also tells each new guess of the speed, which means nothing here.
  const informed = (): void => {
    if (information?.type === type) return;
    type = information?.type;
    if (type !== "none") changed();
  };
  globalThis.addEventListener?.("online", changed);
  information?.addEventListener?.("change", informed);
  return () => {
    globalThis.removeEventListener?.("online", changed);
    information?.removeEventListener?.("change", informed);
  };
}
