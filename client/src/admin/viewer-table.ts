import { h, setText } from "../ui/dom.ts";
import { formatBitrate, formatDuration, formatShare, unknownFigure } from "../ui/figures.ts";
import { pageOf, pageText } from "./stream-list.ts";
import { pagerButton } from "./streams-view.ts";
import { agentText, codecText, countText, sizeText, spanText } from "./text.ts";
import { presentTransports, transportColour, transportName } from "./transports.ts";
import type { ViewerEntry } from "./viewer-entry.ts";
import { listViewers, transportsOf, type ViewerColumn, viewersPerPage } from "./viewer-list.ts";

interface Column {
  readonly id: ViewerColumn | "media" | "kick";
  readonly name: string;
  readonly sorts: boolean;
  text(viewer: ViewerEntry, nowMs: number): string;
  /** In full, where the text is short. */
  title?(viewer: ViewerEntry): string;
}

const columns: readonly Column[] = [
  { id: "transport", name: "Transport", sorts: true, text: transportText },
  {
    ...{ id: "address", name: "Address", sorts: true },
    text: ({ address, user }) => [address ?? unknownFigure, ...(user ? [user] : [])].join(" · "),
  },
  {
    ...{ id: "agent", name: "Program", sorts: true },
    text: ({ userAgent }) => agentText(userAgent),
    title: ({ userAgent }) => userAgent ?? "",
  },
  { id: "media", name: "Codecs, layer", sorts: false, text: mediaText },
  {
    ...{ id: "roundTripMs", name: "Round trip", sorts: true },
    text: ({ roundTripMs }) => formatDuration(roundTripMs),
  },
  {
    ...{ id: "lossRatio", name: "Loss", sorts: true },
    text: ({ lossRatio }) => formatShare(lossRatio),
  },
  {
    ...{ id: "latencyMs", name: "Latency", sorts: true },
    text: ({ latencyMs }) => formatDuration(latencyMs),
  },
  { id: "freezes", name: "Freezes", sorts: true, text: freezesText },
  {
    ...{ id: "bytesSent", name: "Sent", sorts: true },
    text: ({ bitrateBps, bytesSent }) =>
      bytesSent === undefined && bitrateBps === undefined
        ? unknownFigure
        : `${sizeText(bytesSent)}, ${formatBitrate(bitrateBps)}`,
  },
  {
    ...{ id: "joinedMs", name: "Since", sorts: true },
    text: ({ joinedMs }, nowMs) => spanText(joinedMs === undefined ? undefined : nowMs - joinedMs),
  },
];

/** Viewers of a stream: filter, order, pages, and a button that ends a session. */
export class ViewerTable {
  readonly element: HTMLElement;
  readonly #body = h("tbody");
  readonly #filter = h("select", { "data-testid": "viewer-transport" });
  readonly #listed = h("p", { class: "quiet listed", "aria-live": "polite" });
  readonly #heads = new Map<ViewerColumn, HTMLElement>();
  readonly #rows = new Map<string, HTMLTableRowElement>();
  readonly #pager: HTMLElement;
  readonly #back = pagerButton("Previous", "viewers-back");
  readonly #forth = pagerButton("Next", "viewers-forth");
  readonly #none = h("p", { class: "quiet none-viewers" }, "Nobody watches now.");
  readonly #onKick: (viewer: ViewerEntry) => void;
  #viewers: readonly ViewerEntry[] = [];
  #isAll = true;
  #column: ViewerColumn = "joinedMs";
  #descending = false;
  #page = 0;
  #nowMs = 0;

  constructor(onKick: (viewer: ViewerEntry) => void) {
    this.#onKick = onKick;
    const head = h("tr", {}, ...columns.map((column) => this.#head(column)));
    head.append(h("th", { scope: "col" }, h("span", { class: "unseen" }, "End the session")));
    const table = h(
      "table",
      { class: "viewers", "data-testid": "viewers" },
      h("caption", { class: "unseen" }, "Viewers"),
      h("thead", {}, head),
      this.#body,
    );
    this.#pager = h("nav", { class: "pager", "aria-label": "Pages of viewers" });
    this.#pager.append(this.#back, this.#forth);
    this.#filter.addEventListener("change", () => this.#turn(-this.#page));
    this.#back.addEventListener("click", () => this.#turn(-1));
    this.#forth.addEventListener("click", () => this.#turn(1));
    this.element = h(
      "div",
      { class: "viewer-list" },
      h(
        "div",
        { class: "toolbar" },
        h("label", { class: "text-field" }, h("span", {}, "Transport"), this.#filter),
        this.#listed,
      ),
      h("div", { class: "scroller panel" }, table, this.#none),
      this.#pager,
    );
  }

  /** `isAll`: there are no more than these. */
  show(viewers: readonly ViewerEntry[], isAll: boolean, nowMs: number): void {
    this.#viewers = viewers;
    this.#isAll = isAll;
    this.#nowMs = nowMs;
    this.#showFilter();
    const query = {
      ...{ transport: this.#filter.value, column: this.#column, descending: this.#descending },
    };
    const page = pageOf(listViewers(viewers, query), this.#page, viewersPerPage);
    this.#page = page.page;
    this.#arrange(page.entries);
    setText(this.#listed, `${pageText(page)}${this.#isAll ? "" : " that came first"}`);
    this.#none.hidden = page.total > 0;
    this.#pager.hidden = page.pages < 2;
    this.#back.disabled = page.page === 0;
    this.#forth.disabled = page.page === page.pages - 1;
  }

  #turn(by: number): void {
    this.#page += by;
    this.show(this.#viewers, this.#isAll, this.#nowMs);
  }

  #head({ id, name, sorts }: Column): HTMLElement {
    if (!sorts) return h("th", { scope: "col" }, name);
    const column = id as ViewerColumn;
    const button = h("button", { type: "button", class: "sort" }, name);
    const cell = h("th", { scope: "col" }, button);
    if (column === this.#column) cell.setAttribute("aria-sort", "ascending");
    button.addEventListener("click", () => {
      this.#descending = column === this.#column ? !this.#descending : isWorseWhenMore(column);
      this.#column = column;
      for (const other of this.#heads.values()) other.removeAttribute("aria-sort");
      cell.setAttribute("aria-sort", this.#descending ? "descending" : "ascending");
      this.#turn(-this.#page);
    });
    this.#heads.set(column, cell);
    return cell;
  }

  #showFilter(): void {
    const present = presentTransports(transportsOf(this.#viewers));
    const chosen = this.#filter.value;
    // The chosen one stays even when its last viewer has gone.
    const names = present.map(([transport]) => transport);
    if (chosen !== "" && !names.includes(chosen)) names.push(chosen);
    const counts = Object.fromEntries(present);
    const wanted = [
      ["", `All (${countText(this.#viewers.length)})`] as const,
      ...names.map(
        (name) => [name, `${transportName(name)} (${countText(counts[name] ?? 0)})`] as const,
      ),
    ];
    const shown = JSON.stringify(wanted);
    if (this.#filter.dataset["shown"] === shown) return;
    this.#filter.dataset["shown"] = shown;
    this.#filter.replaceChildren(...wanted.map(([value, words]) => h("option", { value }, words)));
    this.#filter.value = chosen;
  }

  #arrange(entries: readonly ViewerEntry[]): void {
    const wanted = new Set(entries.map(({ id }) => id));
    for (const [id, row] of [...this.#rows]) {
      if (wanted.has(id)) continue;
      this.#rows.delete(id);
      row.remove();
    }
    entries.forEach((viewer, place) => {
      const row = this.#rows.get(viewer.id) ?? this.#row(viewer);
      const there = this.#body.children[place];
      if (there !== row) this.#body.insertBefore(row, there ?? null);
      columns.forEach((column, at) => {
        const cell = row.children[at];
        if (cell === undefined) return;
        const text = column.text(viewer, this.#nowMs);
        setText(cell.firstElementChild ?? cell, text);
        cell.toggleAttribute("data-unknown", text === unknownFigure);
        const title = column.title?.(viewer);
        if (title) cell.setAttribute("title", title);
      });
    });
  }

  #row(viewer: ViewerEntry): HTMLTableRowElement {
    const { address, id, transport } = viewer;
    const kick = h(
      "button",
      {
        ...{ type: "button", class: "plain small", "data-testid": `kick-${id}` },
        "aria-label": `End the session of ${address ?? "a viewer"}, ${transportName(transport)}`,
      },
      "Kick",
    );
    kick.addEventListener("click", () => this.#onKick(viewer));
    const row = h(
      "tr",
      { "data-testid": `viewer-${id}`, "data-transport": transport },
      ...columns.map(({ id: column, name }) =>
        h("td", { "data-label": name, "data-column": column }, h("span")),
      ),
      h("td", { "data-column": "kick" }, kick),
    );
    const mark = row.querySelector<HTMLElement>('[data-column="transport"] span');
    mark?.style.setProperty("--mark", `var(--t${transportColour(transport)})`);
    this.#rows.set(id, row);
    return row;
  }
}

/** Whoever sorts by these looks for those who suffer, or who take most. */
function isWorseWhenMore(column: ViewerColumn): boolean {
  return !["transport", "address", "agent", "joinedMs"].includes(column);
}

function transportText({ path, transport }: ViewerEntry): string {
  return path === undefined ? transportName(transport) : `${transportName(transport)}, ${path}`;
}

function mediaText({ codecs, layer }: ViewerEntry): string {
  const parts = [...codecs.map(codecText), ...(layer === undefined ? [] : [`layer ${layer}`])];
  return parts.join(" · ") || unknownFigure;
}

function freezesText({ freezes, frozenSeconds }: ViewerEntry): string {
  if (freezes === undefined) return unknownFigure;
  if (freezes === 0 || frozenSeconds === undefined) return countText(freezes);
  return `${countText(freezes)}, ${formatDuration(frozenSeconds * 1000)}`;
}
