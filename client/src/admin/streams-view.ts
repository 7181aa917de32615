import { need } from "../pages/decorate.ts";
import { browserScheduler } from "../player/scheduler.ts";
import { h, setText } from "../ui/dom.ts";
import type { FrameRates } from "./frame-rates.ts";
import type { StreamEntry } from "./stream-entry.ts";
import { type ListQuery, listStreams, pageOf, pageText, streamsPerPage } from "./stream-list.ts";
import { StreamRow } from "./stream-row.ts";
import { Thumbnails } from "./thumbnails.ts";

/** The list of streams: search, order, pages, pictures of those that are on the screen. */
export class StreamsView {
  readonly #base: string;
  readonly #form = need<HTMLFormElement>('[data-testid="toolbar"]');
  readonly #search = need<HTMLInputElement>('[data-testid="search"]');
  readonly #listed = need<HTMLElement>('[data-testid="listed"]');
  readonly #list = need<HTMLElement>('[data-testid="rows"]');
  readonly #none = need<HTMLElement>('[data-testid="no-streams"]');
  readonly #pager = need<HTMLElement>('[data-testid="pager"]');
  readonly #back = pagerButton("Previous", "page-back");
  readonly #forth = pagerButton("Next", "page-forth");
  readonly #place = h("span", { class: "pager-place", "aria-live": "polite" });
  readonly #rows = new Map<string, StreamRow>();
  readonly #thumbnails: Thumbnails;
  readonly #onScreen: IntersectionObserver;
  #streams: readonly StreamEntry[] = [];
  #page = 0;

  /** `onPage` is called when other streams are shown than before. */
  constructor(base: string, onPage: () => void) {
    this.#base = base;
    this.#thumbnails = new Thumbnails({
      scheduler: browserScheduler,
      load: async (stream, signal) =>
        (await this.#rows.get(stream)?.picture.load(`${this.#base}${stream}.jpg`, signal)) ?? false,
    });
    this.#onScreen = new IntersectionObserver((changes) => {
      for (const { isIntersecting, target } of changes) {
        const stream = (target as HTMLElement).dataset["stream"];
        if (stream !== undefined) this.#thumbnails.setSeen(stream, isIntersecting);
      }
    });
    this.#pager.append(this.#back, this.#place, this.#forth);
    const turn = (by: number): void => {
      this.#page += by;
      onPage();
      this.#list.scrollIntoView({ block: "nearest" });
    };
    this.#back.addEventListener("click", () => turn(-1));
    this.#forth.addEventListener("click", () => turn(1));
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    this.#form.addEventListener("input", () => {
      this.#page = 0;
      onPage();
    });
  }

  /** Streams on this page. */
  get shown(): readonly string[] {
    return [...this.#rows.keys()];
  }

  focusSearch(): void {
    this.#search.focus();
    this.#search.select();
  }

  /** Whether somebody looks; pictures are fetched only then. */
  setVisible(visible: boolean): void {
    this.#thumbnails.setVisible(visible);
  }

  show(
    streams: readonly StreamEntry[],
    figures: ReadonlyMap<string, StreamEntry>,
    rates: FrameRates,
    nowMs: number,
  ): void {
    this.#streams = streams;
    const page = pageOf(listStreams(streams, this.#query()), this.#page, streamsPerPage);
    this.#page = page.page;
    this.#arrange(page.entries);
    for (const stream of page.entries) {
      const known = figures.get(stream.name);
      this.#rows.get(stream.name)?.show(stream, known, rates.of(known ?? stream), nowMs);
    }
    setText(this.#listed, pageText(page));
    this.#pager.hidden = page.pages < 2;
    this.#back.disabled = page.page === 0;
    this.#forth.disabled = page.page === page.pages - 1;
    setText(this.#place, `Page ${page.page + 1} of ${page.pages.toLocaleString("en")}`);
    this.#showNone(page.total === 0);
  }

  #query(): ListQuery {
    const form = new FormData(this.#form);
    const text = (name: string): string => String(form.get(name) ?? "");
    return {
      search: text("search"),
      show: text("show") as ListQuery["show"],
      order: text("order") as ListQuery["order"],
    };
  }

  /** Rows that stay are moved only when their order changed, so that the focus stays where it is. */
  #arrange(entries: readonly StreamEntry[]): void {
    const wanted = new Set(entries.map(({ name }) => name));
    for (const [name, row] of [...this.#rows]) {
      if (wanted.has(name)) continue;
      this.#rows.delete(name);
      this.#onScreen.unobserve(row.picture.element);
      this.#thumbnails.setSeen(name, false);
      row.picture.clear();
      row.element.remove();
    }
    entries.forEach(({ name }, place) => {
      let row = this.#rows.get(name);
      if (row === undefined) {
        row = new StreamRow(name);
        row.picture.element.dataset["stream"] = name;
        this.#rows.set(name, row);
        this.#onScreen.observe(row.picture.element);
      }
      const there = this.#list.children[place];
      if (there !== row.element) this.#list.insertBefore(row.element, there ?? null);
    });
  }

  #showNone(none: boolean): void {
    this.#none.hidden = !none;
    if (!none) return;
    const empty = this.#streams.length === 0;
    const [title, detail] = [...this.#none.children];
    if (title !== undefined) setText(title, empty ? "Nothing is on air." : "Nothing matches.");
    const words = empty
      ? "Publish a stream and it shows up here by itself."
      : `None of ${this.#streams.length.toLocaleString("en")} streams is like that.`;
    if (detail !== undefined) setText(detail, words);
  }
}

/** A button of a pager. */
export function pagerButton(words: string, id: string): HTMLButtonElement {
  return h("button", { type: "button", class: "plain", "data-testid": id }, words);
}
