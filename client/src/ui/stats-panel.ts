import { h, setText } from "./dom.ts";
import { icon } from "./icons.ts";
import type { StatsRow } from "./stats-rows.ts";

/** How often the figures are read while the panel is open. */
const everyMs = 1000;

/** The statistics over the picture; reads them anew every second while it is open. */
export class StatsPanel {
  readonly element: HTMLElement;
  readonly #list: HTMLElement;
  readonly #read: () => Promise<readonly StatsRow[]>;
  readonly #values = new Map<string, HTMLElement>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `read` gives the figures of now; `close` is called when the viewer closes the panel. */
  constructor(read: () => Promise<readonly StatsRow[]>, close: () => void) {
    this.#read = read;
    const button = h(
      "button",
      {
        class: "control",
        type: "button",
        "aria-label": "Close statistics",
        title: "Close (Escape)",
        "data-testid": "stats-close",
      },
      icon("close"),
    );
    button.addEventListener("click", close);
    this.#list = h("dl", { class: "stats-rows" });
    this.element = h(
      "section",
      {
        class: "stats",
        part: "stats",
        "aria-label": "Statistics",
        "data-testid": "stats",
        hidden: true,
      },
      h("header", { class: "stats-head" }, h("h2", {}, "Statistics"), button),
      this.#list,
    );
  }

  get open(): boolean {
    return !this.element.hidden;
  }

  setOpen(open: boolean): void {
    clearTimeout(this.#timer);
    this.element.hidden = !open;
    if (open) void this.#refresh();
  }

  async #refresh(): Promise<void> {
    const rows = await this.#read();
    if (!this.open) return;
    for (const row of rows) this.#show(row);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#refresh(), everyMs);
  }

  #show(row: StatsRow): void {
    let value = this.#values.get(row.id);
    if (value === undefined) {
      value = h("dd", { "data-testid": `stats-${row.id}` });
      this.#values.set(row.id, value);
      this.#list.append(h("div", { class: "stats-row" }, h("dt", {}, row.label), value));
    }
    setText(value, row.value);
  }
}
