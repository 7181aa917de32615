import type { Hint, StreamStatus } from "@millrace/signaling/session";
import type { MillracePlayer } from "../element.ts";
import type { PlayerEventMap } from "../element-events.ts";
import type { PlayerStateType } from "../player/state.ts";
import { h, setText } from "../ui/dom.ts";
import { formatDuration } from "../ui/figures.ts";
import { showSnippets } from "./copy-field.ts";
import { decorate, need } from "./decorate.ts";
import { doctorAddress } from "./doctor-target.ts";
import { hintText } from "./hint-text.ts";
import { thisPlace } from "./place.ts";
import { embedSnippets, shareSnippets } from "./snippets.ts";
import { describeTracks } from "./stream-list.ts";

const stateTexts: Readonly<Record<PlayerStateType, string>> = {
  idle: "Paused",
  connecting: "Connecting",
  playing: "Live",
  waiting: "Publisher away",
  offline: "Offline",
  error: "Trouble",
};

const { base, publicBase, stream, token } = thisPlace();
const player = need<MillracePlayer>("millrace-player");
const state = need<HTMLElement>('[data-testid="state"]');
const latency = need<HTMLElement>('[data-testid="page-latency"]');
const facts = need<HTMLElement>('[data-testid="facts"]');
const hints = need<HTMLElement>('[data-testid="hints"]');
const title = need<HTMLElement>('[data-testid="stream-name"]');

function on<Name extends keyof PlayerEventMap>(
  name: Name,
  listener: (event: PlayerEventMap[Name]) => void,
): void {
  player.addEventListener(name, (event) => listener(event as unknown as PlayerEventMap[Name]));
}

function showState(now: PlayerStateType): void {
  setText(state, stateTexts[now]);
  state.dataset["state"] = now;
  latency.hidden = true;
  const name = stream ?? "Millrace";
  document.title = stream === undefined ? name : `${name} · ${stateTexts[now]} · Millrace`;
}

function showStatus(status: StreamStatus): void {
  setText(facts, status.state === "offline" ? "" : describeTracks(status.tracks));
  showHints(status.state === "offline" ? [] : status.hints);
}

function showHints(told: readonly Hint[]): void {
  const texts = told.map(hintText);
  if (hints.dataset["shown"] === JSON.stringify(texts)) return;
  hints.dataset["shown"] = JSON.stringify(texts);
  hints.replaceChildren(
    ...texts.map((text) =>
      h(
        "div",
        { class: "hint", "data-testid": `hint-${text.code}` },
        h("p", { class: "hint-title" }, text.title),
        h("p", {}, text.detail),
      ),
    ),
  );
}

function showName(name: string): void {
  const slash = name.lastIndexOf("/") + 1;
  title.replaceChildren(
    h("span", { class: "app" }, name.slice(0, slash)),
    h("span", {}, name.slice(slash)),
  );
}

decorate();
showName(stream ?? "No stream here");
showState("idle");
on("statechange", ({ detail }) => showState(detail.state));
on("stream", ({ detail }) => showStatus(detail.status));
on("latency", ({ detail }) => {
  latency.hidden = false;
  setText(latency, formatDuration(detail.medianMs));
});
document.addEventListener("keydown", (event) => {
  const free = event.target === document.body && !event.defaultPrevented;
  if (free && player.handleKey(event)) event.preventDefault();
});

if (stream !== undefined) {
  player.setAttribute("base", base);
  player.setAttribute("src", stream);
  if (token !== undefined) player.setAttribute("token", token);
  showSnippets("share", shareSnippets(publicBase, stream));
  showSnippets("embed", embedSnippets(publicBase, stream));
  need<HTMLAnchorElement>('[data-testid="examine"]').href = doctorAddress(base, stream, token);
} else {
  need<HTMLElement>(".give").hidden = true;
}
player.setAttribute("autoplay", "");
