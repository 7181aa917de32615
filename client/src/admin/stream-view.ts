import { CopyField } from "../pages/copy-field.ts";
import { need } from "../pages/decorate.ts";
import { hintText } from "../pages/hint-text.ts";
import type { Snippet } from "../pages/snippets.ts";
import { browserScheduler } from "../player/scheduler.ts";
import { h, setText } from "../ui/dom.ts";
import { formatBitrate } from "../ui/figures.ts";
import { icon } from "../ui/icons.ts";
import type { Api } from "./api.ts";
import type { Ask } from "./ask.ts";
import { bitrateOf } from "./frame-rates.ts";
import { Graph } from "./graph.ts";
import { stateOf } from "./health-text.ts";
import { Picture } from "./picture.ts";
import { SeenRates } from "./seen-rates.ts";
import type { ServerFacts } from "./server-facts.ts";
import type { StreamEntry } from "./stream-entry.ts";
import { publisherFacts, trackHeads, trackRows } from "./stream-facts.ts";
import { mediaText } from "./stream-row.ts";
import { type StreamSnippets, streamSnippets } from "./stream-snippets.ts";
import { agentText, plural, shortBitrateText, spanText } from "./text.ts";
import { Thumbnails } from "./thumbnails.ts";
import { showFacts } from "./tiles.ts";
import { transportName } from "./transports.ts";
import { ViewerBar } from "./viewer-bar.ts";
import type { ViewerEntry, ViewerPage } from "./viewer-entry.ts";
import { ViewerTable } from "./viewer-table.ts";

const graphSeconds = 300;

/** One stream in full: who publishes it, who watches it, what to copy. Made when it is opened, closed when it is left. */
export class StreamView {
  readonly stream: string;
  readonly #api: Api;
  readonly #ask: Ask;
  readonly #base: string;
  readonly #root = need<HTMLElement>('[data-panel="stream"]');
  readonly #state = h("span", { class: "pill", "data-testid": "stream-state" });
  readonly #media = h("p", { class: "quiet", "data-testid": "stream-media" });
  readonly #gone = h("p", { class: "none panel", "data-testid": "stream-gone", hidden: true });
  readonly #body = h("div", { class: "stream-body", hidden: true });
  readonly #picture = new Picture("large");
  readonly #hints = h("ul", { class: "findings", "data-testid": "hints" });
  readonly #publisher = h("dl", { class: "facts", "data-testid": "publisher" });
  readonly #tracks = h("tbody", { "data-testid": "tracks" });
  readonly #bar = new ViewerBar();
  readonly #count = h("h3", { "data-testid": "viewer-count" });
  readonly #kick = h("button", {
    type: "button",
    class: "danger",
    "data-testid": "kick-publisher",
  });
  readonly #copies = h("div", { class: "copy-groups", "data-testid": "copies" });
  readonly #table: ViewerTable;
  readonly #thumbnails: Thumbnails;
  readonly #rates = new SeenRates(graphSeconds);
  readonly #graph = new Graph({
    ...{ id: "stream", title: "Bit rate", filled: false, least: 100_000 },
    ...{ spanSeconds: graphSeconds, text: formatBitrate, axisText: shortBitrateText },
  });
  #shownHints = "";
  #shownCopies = "";
  #now: StreamEntry | undefined;

  constructor(stream: string, base: string, api: Api, ask: Ask) {
    this.stream = stream;
    this.#api = api;
    this.#ask = ask;
    this.#base = base;
    this.#kick.textContent = "End publishing";
    this.#kick.addEventListener("click", () => this.#askPublisher());
    this.#table = new ViewerTable((viewer) => this.#askViewer(viewer));
    this.#thumbnails = new Thumbnails({
      ...{ scheduler: browserScheduler, everyMs: 3000 },
      load: (name, signal) => this.#picture.load(`${base}${name}.jpg`, signal),
    });
    this.#build();
    this.#thumbnails.setSeen(stream, true);
  }

  setVisible(visible: boolean): void {
    this.#thumbnails.setVisible(visible);
  }

  /** `stream` undefined: there is no such stream now. */
  show(
    stream: StreamEntry | undefined,
    viewers: ViewerPage,
    server: ServerFacts | undefined,
    frameRate: number | undefined,
    nowMs: number,
  ): void {
    this.#now = stream;
    this.#gone.hidden = stream !== undefined;
    this.#body.hidden = stream === undefined;
    this.#showCopies(streamSnippets(this.#base, server, this.stream));
    if (stream === undefined) {
      setText(
        this.#gone,
        "Nobody publishes this stream now. It shows here as soon as somebody does.",
      );
      setText(this.#state, "Offline");
      delete this.#state.dataset["state"];
      setText(this.#media, "");
      this.#kick.hidden = true;
      return;
    }
    const { state, words } = stateOf(stream);
    this.#state.dataset["state"] = state;
    setText(this.#state, words);
    const since =
      stream.startedMs === undefined ? "" : ` · up for ${spanText(nowMs - stream.startedMs)}`;
    setText(this.#media, mediaText(stream, frameRate) + since);
    this.#kick.hidden = stream.publisher === undefined;
    showFacts(this.#publisher, publisherFacts(stream, nowMs));
    this.#showHints(stream);
    this.#tracks.replaceChildren(...trackRows(stream.tracks, frameRate));
    this.#showGraph(stream, viewers, nowMs);
    setText(this.#count, plural(stream.viewerCount, "viewer"));
    this.#bar.show(stream.byTransport);
    this.#table.show(viewers.viewers, viewers.next === undefined, nowMs);
  }

  /** May be called twice. */
  close(): void {
    this.#thumbnails.clear();
    this.#picture.clear();
    this.#graph.close();
    this.#root.replaceChildren();
  }

  #build(): void {
    const slash = this.stream.lastIndexOf("/") + 1;
    const heading = h(
      "h2",
      { class: "stream-name" },
      h("span", { class: "app" }, this.stream.slice(0, slash)),
      this.stream.slice(slash),
    );
    const watch = h(
      "a",
      {
        ...{ class: "button", href: `${this.#base}${this.stream}`, target: "_blank" },
        ...{ rel: "noopener", "data-testid": "watch" },
      },
      icon("play"),
      "Watch",
    );
    this.#body.append(
      this.#hints,
      h(
        "div",
        { class: "stream-top" },
        this.#picture.element,
        section("Publisher", this.#publisher),
        this.#graph.element,
      ),
      section("Tracks", h("div", { class: "scroller" }, tracksTable(this.#tracks))),
      h(
        "section",
        { class: "stream-viewers", "aria-label": "Viewers" },
        h("div", { class: "section-head" }, this.#count, this.#bar.element),
        this.#table.element,
      ),
    );
    this.#root.replaceChildren(
      h("a", { class: "back", href: "#/streams" }, "All streams"),
      h(
        "header",
        { class: "stream-head" },
        h("div", {}, heading, this.#media),
        h("div", { class: "stream-actions" }, this.#state, watch, this.#kick),
      ),
      this.#gone,
      this.#body,
      h("section", { class: "stream-copies", "aria-label": "To copy" }, this.#copies),
    );
  }

  #showGraph(stream: StreamEntry, { next, viewers }: ViewerPage, nowMs: number): void {
    const rates = viewers.map(({ bitrateBps }) => bitrateBps ?? 0);
    const outBps = next === undefined ? rates.reduce((sum, rate) => sum + rate, 0) : undefined;
    const inBps = bitrateOf(stream) ?? 0;
    this.#rates.take(nowMs, inBps, outBps ?? 0);
    const { inRates, outRates, times } = this.#rates;
    const isKnown = viewers.some(({ bitrateBps }) => bitrateBps !== undefined);
    this.#graph.show(
      times,
      [
        { id: "stream-in", label: "From the publisher", colour: "--wood", values: inRates },
        ...(isKnown
          ? [{ id: "stream-out", label: "To viewers", colour: "--water", values: outRates }]
          : []),
      ],
      formatBitrate(inBps),
    );
  }

  #showHints({ hints }: StreamEntry): void {
    const shown = JSON.stringify(hints);
    if (shown === this.#shownHints) return;
    this.#shownHints = shown;
    this.#hints.replaceChildren(
      ...hints.map((hint) => {
        const { code, detail, title } = hintText(hint);
        return h(
          "li",
          { class: "finding panel", "data-status": "warn", "data-testid": `hint-${code}` },
          h("p", { class: "finding-title" }, title),
          h("p", { class: "finding-fix" }, detail),
          h("p", { class: "finding-about" }, h("code", {}, code)),
        );
      }),
    );
  }

  #showCopies({ ffmpeg, obs, share, whip }: StreamSnippets): void {
    const shown = JSON.stringify([ffmpeg, obs, share, whip]);
    if (shown === this.#shownCopies) return;
    this.#shownCopies = shown;
    const publish = [
      ...copyGroup("OBS, RTMP", obs),
      ...copyGroup("OBS and others, WHIP", whip, "The bearer token is the stream's key."),
      ...copyGroup("ffmpeg", ffmpeg),
    ];
    this.#copies.replaceChildren(
      h("div", { class: "copy-column" }, copyTitle("Show it elsewhere"), ...copyGroup("", share)),
      h("div", { class: "copy-column" }, copyTitle("Publish to it"), ...publish),
    );
  }

  #askPublisher(): void {
    const publisher = this.#now?.publisher;
    if (publisher === undefined) return;
    const who = [transportName(publisher.transport), publisher.address, publisher.user];
    this.#ask.open({
      title: `End publishing of ${this.stream}?`,
      detail: `${who.filter(Boolean).join(", ")}. An encoder that reconnects by itself comes back; viewers wait meanwhile.`,
      yes: "End publishing",
      act: () => this.#end(publisher.id, "The publisher was sent away."),
    });
  }

  #askViewer(viewer: ViewerEntry): void {
    const { address, id, transport, user, userAgent } = viewer;
    const who = [transportName(transport), address, user, agentText(userAgent)];
    this.#ask.open({
      title: "End this viewer's session?",
      detail: `${who.filter(Boolean).join(", ")}. Its player is told that it was sent away.`,
      yes: "End session",
      act: () => this.#end(id, "The viewer was sent away."),
    });
  }

  async #end(id: string, done: string): Promise<string> {
    return (await this.#api.kick(id)) ? done : "That session was over already.";
  }
}

function copyTitle(words: string): HTMLElement {
  return h("h3", { class: "copy-title" }, words);
}

function section(title: string, ...children: readonly HTMLElement[]): HTMLElement {
  return h("section", { class: "panel part" }, h("h3", {}, title), ...children);
}

function tracksTable(body: HTMLElement): HTMLElement {
  return h(
    "table",
    { class: "tracks" },
    h("caption", { class: "unseen" }, "Tracks"),
    h("thead", {}, h("tr", {}, ...trackHeads.map((head) => h("th", { scope: "col" }, head)))),
    body,
  );
}

function copyGroup(title: string, snippets: readonly Snippet[], more = ""): readonly HTMLElement[] {
  if (snippets.length === 0) return [];
  const fields = h(
    "div",
    { class: "copies" },
    ...snippets.map((one) => new CopyField(one).element),
  );
  return [
    ...(title === "" ? [] : [h("h4", {}, title)]),
    fields,
    ...(more === "" ? [] : [h("p", { class: "quiet fine" }, more)]),
  ];
}
