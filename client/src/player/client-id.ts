/** By which a viewer is known again while the page is open: 22 characters, which are 128 random bits. */
export type ClientId = string;

const storageKey = "millrace-client";
const pattern = /^[A-Za-z0-9_-]{16,64}$/;
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** The part of `sessionStorage` that is needed; absent where pages may not keep anything. */
export type ClientStorage = Pick<Storage, "getItem" | "setItem"> | undefined;

let ofThisPage: ClientId | undefined;

/** `length` characters of which each is one of 64. */
export function randomName(length: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return [...bytes].map((byte) => alphabet[byte & 63]).join("");
}

/** The id of this tab, made when there is none yet. Never throws. */
export function clientId(storage: ClientStorage = browserStorage()): ClientId {
  try {
    const kept = storage?.getItem(storageKey);
    if (kept !== null && kept !== undefined && pattern.test(kept)) return kept;
    ofThisPage ??= randomName(22);
    storage?.setItem(storageKey, ofThisPage);
  } catch {
    // Full, or forbidden: then it is good for this page alone.
  }
  ofThisPage ??= randomName(22);
  return ofThisPage;
}

/**
 * What a server at `url` is told: nothing where the page came from, whose cookie knows the viewer already. Elsewhere
 * browsers show no cookies.
 */
export function clientIdFor(
  url: URL | string,
  pageOrigin: string = globalThis.location?.origin ?? "",
): ClientId | undefined {
  return pageOrigin === "" || new URL(url).origin === pageOrigin ? undefined : clientId();
}

/** Undefined where even looking at it is forbidden. */
function browserStorage(): ClientStorage {
  try {
    return globalThis.sessionStorage;
  } catch {
    return undefined;
  }
}
