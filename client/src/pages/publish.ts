import { refusedCodes } from "../player/failure.ts";
import type { PublisherStateType } from "../publisher/state.ts";
import type { MillracePublisher } from "../publisher-element.ts";
import type { PublisherEventMap } from "../publisher-events.ts";
import { showSnippets } from "./copy-field.ts";
import { decorate, need } from "./decorate.ts";
import { thisPlace } from "./place.ts";
import { initialStream, publishAddress, streamTyped } from "./publish-target.ts";

const stateTexts: Readonly<Record<PublisherStateType, string>> = {
  idle: "Publish",
  connecting: "Connecting",
  live: "Live",
  reconnecting: "Reconnecting",
  error: "Not live",
};
/** The key is kept as long as the tab, so that a reload does not ask for it again. */
const keyOfTab = "millrace-key";
const keyErrors: ReadonlySet<string> = new Set([...refusedCodes, "TOKEN_TOO_LONG"]);

const { base, stream: ofPath, token } = thisPlace("publish/");
const publisher = need<MillracePublisher>("millrace-publisher");
const form = need<HTMLFormElement>('[data-testid="target"]');
const name = need<HTMLInputElement>('[data-testid="stream-input"]');
const key = need<HTMLInputElement>('[data-testid="key-input"]');
const open = need<HTMLAnchorElement>('[data-testid="open-watch"]');
let stream = initialStream(ofPath, location.search);

function on<Name extends keyof PublisherEventMap>(
  event: Name,
  listener: (event: PublisherEventMap[Name]) => void,
): void {
  publisher.addEventListener(event, (told) => listener(told as unknown as PublisherEventMap[Name]));
}

function showStream(): void {
  publisher.setAttribute("stream", stream);
  showSnippets("share", [
    { id: "share-link", label: "Watch link", text: `${base}${stream}`, long: false },
  ]);
  open.href = `${base}${stream}`;
  // Without what else stood there: a token is no part of an address that people pass on.
  history.replaceState(null, "", publishAddress(base, stream));
}

function showState(now: PublisherStateType): void {
  const active = now === "connecting" || now === "live" || now === "reconnecting";
  name.disabled = active;
  key.disabled = active;
  document.title = `${stateTexts[now]} · ${stream} · Millrace`;
}

function setKey(value: string): void {
  key.removeAttribute("aria-invalid");
  publisher.token = value;
  try {
    if (value === "") sessionStorage.removeItem(keyOfTab);
    else sessionStorage.setItem(keyOfTab, value);
  } catch {
    // Where the page may keep nothing, it is asked for again.
  }
}

function keptKey(): string {
  try {
    return sessionStorage.getItem(keyOfTab) ?? "";
  } catch {
    return "";
  }
}

name.addEventListener("input", () => {
  const typed = streamTyped(name.value);
  if (typed === undefined) return;
  stream = typed;
  showStream();
});
name.addEventListener("change", () => {
  name.value = stream;
});
key.addEventListener("input", () => setKey(key.value));
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement)) return;
  event.preventDefault();
  // After a refusal it means: with this name, with this key.
  if (publisher.state === "error") void publisher.start();
});
on("statechange", ({ detail }) => showState(detail.state));
on("error", ({ detail }) => {
  if (!keyErrors.has(detail.code)) return;
  key.setAttribute("aria-invalid", "true");
  key.focus();
});
window.addEventListener("beforeunload", (event) => {
  // Whoever is live is asked before the page goes.
  if (publisher.active) event.preventDefault();
});

decorate();
publisher.setAttribute("server", base);
name.value = stream;
key.value = token ?? keptKey();
setKey(key.value);
showStream();
showState("idle");
