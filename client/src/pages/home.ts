import { h, setText } from "../ui/dom.ts";
import { icon } from "../ui/icons.ts";
import { millWheel } from "../ui/wheel.ts";
import { showSnippets } from "./copy-field.ts";
import { decorate, need } from "./decorate.ts";
import { thisPlace } from "./place.ts";
import { publishAddress } from "./publish-target.ts";
import { publishSnippets } from "./snippets.ts";
import {
  describeTracks,
  type ListedStream,
  parseRtmpPort,
  parseStreamList,
} from "./stream-list.ts";

/** How often the list is asked for while the page is seen; unchanged lists are answered 304. */
const pollMs = 3000;

const { base, token } = thisPlace();
const list = need<HTMLElement>('[data-testid="streams"]');
const count = need<HTMLElement>('[data-testid="stream-count"]');
const empty = need<HTMLElement>('[data-testid="empty"]');
const form = need<HTMLFormElement>('[data-testid="open-form"]');
const openName = need<HTMLInputElement>('[data-testid="open-name"]');
const publishName = need<HTMLInputElement>('[data-testid="publish-name"]');
const publishHere = need<HTMLAnchorElement>('[data-testid="publish-here"]');
let rtmpPort = 1935;
let shown = "";

function card(stream: ListedStream): HTMLElement {
  const live = stream.state === "live";
  const slash = stream.name.lastIndexOf("/") + 1;
  const watching = `${stream.viewers} watching`;
  return h(
    "li",
    {},
    h(
      "a",
      {
        class: live ? "card live" : "card",
        href: linkTo(stream.name),
        "data-testid": `stream-${stream.name}`,
      },
      h("div", { class: "card-mark" }, millWheel()),
      h(
        "div",
        { class: "card-words" },
        h(
          "p",
          { class: "card-name" },
          h("span", { class: "app" }, stream.name.slice(0, slash)),
          stream.name.slice(slash),
        ),
        h("p", { class: "card-facts" }, describeTracks(stream.tracks) || "no tracks yet"),
        h(
          "p",
          { class: "card-state" },
          h(
            "span",
            { class: "pill", "data-state": live ? "playing" : "waiting" },
            live ? "Live" : "Publisher away",
          ),
          h("span", { class: "watching" }, icon("eye"), watching),
        ),
      ),
      h("div", { class: "card-arrow" }, icon("arrow")),
    ),
  );
}

function linkTo(stream: string): string {
  const query = token === undefined ? "" : `?token=${encodeURIComponent(token)}`;
  return `${base}${stream}${query}`;
}

function showList(streams: readonly ListedStream[]): void {
  const text = JSON.stringify(streams);
  if (text === shown) return;
  shown = text;
  const focused = document.activeElement?.getAttribute("data-testid");
  list.replaceChildren(...streams.map(card));
  if (focused) list.querySelector<HTMLElement>(`[data-testid="${CSS.escape(focused)}"]`)?.focus();
  setText(count, streams.length === 0 ? "" : `${streams.length} on this server`);
  showEmpty(
    streams.length === 0,
    "Nothing is on air.",
    "Publish a stream and it shows up here by itself.",
  );
}

function showEmpty(visible: boolean, title: string, detail: string): void {
  empty.hidden = !visible;
  setText(need(".empty-title"), title);
  setText(need(".empty-detail"), detail);
}

function noList(title: string, detail: string): void {
  shown = "";
  list.replaceChildren();
  setText(count, "");
  showEmpty(true, title, detail);
}

async function ask(path: string): Promise<unknown> {
  const response = await fetch(`${base}api/v1/${path}`, {
    headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(pollMs * 2),
  });
  if (response.status === 401 || response.status === 403) return undefined;
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return response.json();
}

async function refresh(): Promise<void> {
  if (document.visibilityState === "visible") {
    try {
      const listed = await ask("streams?shape=millrace&limit=1000");
      if (listed === undefined) {
        noList(
          "The list is not public.",
          "Open a stream by its name, or by the link you were given.",
        );
      } else {
        showList(parseStreamList(listed));
      }
    } catch {
      noList("The server does not answer.", "Trying again.");
    }
  }
  setTimeout(() => void refresh(), pollMs);
}

function showPublish(): void {
  const typed = publishName.value.trim().replace(/^\/+|\/+$/g, "") || "cam";
  const stream = typed.includes("/") ? typed : `live/${typed}`;
  const snippets = publishSnippets(new URL(base).hostname, rtmpPort, stream);
  for (const [place, list] of Object.entries(snippets)) showSnippets(place, list);
  publishHere.href = publishAddress(base, stream);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const name = openName.value.trim().replace(/^\/+/, "");
  location.assign(linkTo(name.includes("/") ? name : `live/${name}`));
});
publishName.addEventListener("input", showPublish);

decorate();
showPublish();
void refresh();
try {
  rtmpPort = parseRtmpPort(await ask("server")) ?? rtmpPort;
  showPublish();
} catch {
  // The usual port stands.
}
