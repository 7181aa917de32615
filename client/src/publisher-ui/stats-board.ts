import { h, setText } from "../ui/dom.ts";
import type { Figure, LayerRow } from "./board-figures.ts";

interface Tile {
  readonly element: HTMLElement;
  readonly value: HTMLElement;
  readonly note: HTMLElement;
}

/** The figures of the last second, and a table of layers where there are several. */
export class StatsBoard {
  readonly element: HTMLElement;
  readonly #figures: HTMLElement;
  readonly #layers: HTMLElement;
  readonly #rows: HTMLElement;
  readonly #tiles = new Map<string, Tile>();

  constructor() {
    this.#figures = h("dl", { class: "figures" });
    this.#rows = h("tbody", {});
    const heads = ["Size", "Picture", "Frames", "Bit rate", ""].map((text) =>
      text === "" ? h("td", {}) : h("th", { scope: "col" }, text),
    );
    this.#layers = h(
      "table",
      { class: "layers", "data-testid": "layers", hidden: true },
      h("caption", {}, "Sizes that are sent"),
      h("thead", {}, h("tr", {}, ...heads)),
      this.#rows,
    );
    this.element = h(
      "section",
      { class: "board", part: "stats", "aria-label": "Statistics", "data-testid": "stats" },
      this.#figures,
      this.#layers,
    );
  }

  show(figures: readonly Figure[], layers: readonly LayerRow[]): void {
    for (const figure of figures) this.#showFigure(figure);
    this.#layers.hidden = layers.length === 0;
    while (this.#rows.children.length > layers.length) this.#rows.lastElementChild?.remove();
    layers.forEach((layer, index) => {
      this.#showLayer(layer, index);
    });
  }

  #showFigure(figure: Figure): void {
    const tile = this.#tiles.get(figure.id) ?? this.#makeTile(figure);
    setText(tile.value, figure.value);
    setText(tile.note, figure.note);
    tile.element.classList.toggle("bad", figure.bad);
  }

  #makeTile({ id, label }: Figure): Tile {
    const value = h("dd", { class: "figure-value", "data-testid": `stats-${id}` });
    const note = h("dd", { class: "figure-note" });
    const element = h("div", { class: "figure" }, h("dt", {}, label), value, note);
    this.#figures.append(element);
    const tile = { element, value, note };
    this.#tiles.set(id, tile);
    return tile;
  }

  #showLayer(layer: LayerRow, index: number): void {
    const texts = [layer.name, layer.picture, layer.frames, layer.bitrate, layer.state];
    let row = this.#rows.children[index];
    if (row === undefined) {
      row = h(
        "tr",
        {},
        ...texts.map((_, column) => (column === 0 ? h("th", { scope: "row" }) : h("td", {}))),
      );
      this.#rows.append(row);
    }
    row.setAttribute("data-testid", `layer-${layer.id}`);
    row.classList.toggle("rests", !layer.sending);
    texts.forEach((text, column) => {
      const cell = row.children[column];
      if (cell !== undefined) setText(cell, text);
    });
  }
}
