import { h, setText } from "../ui/dom.ts";
import { formatBitrate, formatDuration } from "../ui/figures.ts";
import { bitrateOf, videoOf } from "./frame-rates.ts";
import { hintTitle, stateOf } from "./health-text.ts";
import { Picture } from "./picture.ts";
import { streamHash } from "./route.ts";
import type { StreamEntry } from "./stream-entry.ts";
import { codecText, countText, framesText, sizeOfPicture, spanText } from "./text.ts";
import { ViewerBar } from "./viewer-bar.ts";

/** One stream in the list. Its parts stay; only their text changes. */
export class StreamRow {
  readonly element: HTMLLIElement;
  readonly stream: string;
  readonly picture: Picture;
  readonly #state: HTMLElement;
  readonly #hint = h("p", { class: "row-hint" });
  readonly #media = h("p", { class: "row-media" });
  readonly #rate = h("p", { class: "row-rate" });
  readonly #viewers = h("p", { class: "row-count" });
  readonly #since = h("p", { class: "row-since" });
  readonly #bar = new ViewerBar();

  constructor(stream: string) {
    this.stream = stream;
    this.picture = new Picture("small");
    this.#state = h("span", { class: "pill" });
    const slash = stream.lastIndexOf("/") + 1;
    const link = h(
      "a",
      { class: "row-name", href: streamHash(stream) },
      h("span", { class: "app" }, stream.slice(0, slash)),
      stream.slice(slash),
    );
    this.element = h(
      "li",
      { class: "row panel", "data-testid": `row-${stream}` },
      this.picture.element,
      h(
        "div",
        { class: "row-words" },
        link,
        h("p", { class: "row-state" }, this.#state, this.#hint),
      ),
      h("div", { class: "row-source" }, this.#media, this.#rate),
      h("div", { class: "row-viewers" }, this.#viewers, this.#bar.element),
      this.#since,
    );
  }

  /** `figures`: the same stream with what changes all the time, once it is known. */
  show(
    stream: StreamEntry,
    figures: StreamEntry | undefined,
    frameRate: number | undefined,
    nowMs: number,
  ): void {
    const now = figures ?? stream;
    const { state, words } = stateOf(now);
    this.#state.dataset["state"] = state;
    setText(this.#state, words);
    const [hint] = now.hints;
    const more = now.hints.length > 1 ? ` and ${now.hints.length - 1} more` : "";
    setText(this.#hint, hint === undefined ? "" : `${hintTitle(hint.code)}${more}`);
    setText(this.#media, mediaText(now, frameRate));
    const keyMs = videoOf(now)?.keyIntervalMs;
    const key = keyMs === undefined ? "" : ` · key ${formatDuration(keyMs)}`;
    setText(this.#rate, now.publisher === undefined ? "–" : formatBitrate(bitrateOf(now)) + key);
    setText(this.#viewers, countText(now.viewerCount));
    this.#viewers.setAttribute("aria-label", `${now.viewerCount} viewers`);
    this.#bar.show(now.byTransport);
    setText(this.#since, spanText(now.startedMs === undefined ? undefined : nowMs - now.startedMs));
  }
}

/** `1280 × 720 · 30 fps · H.264 · AAC`. */
export function mediaText(stream: StreamEntry, frameRate: number | undefined): string {
  const own = stream.tracks.filter(({ derived }) => !derived);
  const video = videoOf(stream);
  const parts = [
    ...(video?.width === undefined ? [] : [sizeOfPicture(video.width, video.height)]),
    ...(frameRate === undefined ? [] : [framesText(frameRate)]),
    ...own.map(({ codec }) => codecText(codec)),
  ];
  return parts.length === 0 ? "no tracks yet" : parts.join(" · ");
}
