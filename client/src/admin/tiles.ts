import { h, setText } from "../ui/dom.ts";

/** One large figure with its name and a line about it. */
export interface Tile {
  /** Stable. */
  readonly id: string;
  readonly name: string;
  readonly value: string;
  readonly more: string;
}

/** Shows figures in their places: what is there already changes its text only. */
export function showTiles(list: HTMLElement, tiles: readonly Tile[]): void {
  tiles.forEach(({ id, more, name, value }, place) => {
    let tile = list.children[place];
    if (tile === undefined) {
      tile = h(
        "div",
        { class: "tile panel", "data-testid": `tile-${id}` },
        h("dt", {}),
        h("dd", { class: "tile-value" }, h("span"), h("span", { class: "unit" })),
        h("dd", { class: "tile-more" }),
      );
      list.append(tile);
    }
    const [number = value, unit = ""] = /^(.*\d) ([^\d ]+)$/.exec(value)?.slice(1) ?? [];
    const [term, told, about] = [...tile.children];
    const parts = [term, ...(told?.children ?? []), about];
    [name, number, unit === "" ? "" : ` ${unit}`, more].forEach((text, at) => {
      const part = parts[at];
      if (part !== undefined) setText(part, text);
    });
  });
  while (list.children.length > tiles.length) list.lastChild?.remove();
}

/** Shows names and values of a `<dl>`; what is there already changes its text only. */
export function showFacts(
  list: HTMLElement,
  facts: readonly (readonly [name: string, value: string])[],
): void {
  facts.forEach(([name, value], place) => {
    let row = list.children[place];
    if (row === undefined) {
      row = h("div", {}, h("dt", {}), h("dd", {}));
      list.append(row);
    }
    const [term, told] = [...row.children];
    if (term !== undefined) setText(term, name);
    if (told !== undefined) setText(told, value);
  });
  while (list.children.length > facts.length) list.lastChild?.remove();
}
