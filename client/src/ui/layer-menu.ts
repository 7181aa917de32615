import { h, setText } from "./dom.ts";
import { icon } from "./icons.ts";
import type { LayerOption } from "./layer-options.ts";

/**
 * The button for picture sizes and its menu (WAI-ARIA menu button), whose last line says by which way media comes and
 * why. Hidden while there is nothing to choose and nothing to say.
 */
export class LayerMenu {
  readonly element: HTMLElement;
  readonly #button: HTMLButtonElement;
  readonly #menu: HTMLElement;
  readonly #way: HTMLElement;
  readonly #choose: (rid: string | null) => void;
  #shown: string | undefined;

  /** `choose` is told what the viewer picks; null is automatic. */
  constructor(choose: (rid: string | null) => void) {
    this.#choose = choose;
    this.#button = h(
      "button",
      {
        class: "control",
        type: "button",
        part: "control",
        "aria-label": "Picture size",
        title: "Picture size",
        "aria-haspopup": "menu",
        "aria-expanded": "false",
        "data-testid": "layers-button",
      },
      icon("layers"),
    );
    this.#menu = h("div", {
      class: "menu",
      role: "menu",
      part: "menu",
      "aria-label": "Picture size",
      "data-testid": "layers",
      hidden: true,
    });
    this.#way = h("div", {
      class: "menu-way",
      role: "menuitem",
      "aria-disabled": "true",
      "data-testid": "menu-transport",
    });
    this.element = h("div", { class: "menu-place" }, this.#button, this.#menu);
    this.#button.addEventListener("click", () => this.setOpen(!this.#isOpen));
    this.element.addEventListener("keydown", (event) => this.#key(event));
    this.element.addEventListener("focusout", (event) => {
      const to = event.relatedTarget;
      if (!(to instanceof Node && this.element.contains(to))) this.setOpen(false);
    });
  }

  /** `way` is the last line of the menu; undefined: nothing to say. */
  show(options: readonly LayerOption[], way: string | undefined): void {
    const empty = options.length === 0 && way === undefined;
    this.element.hidden = empty;
    if (empty) this.setOpen(false);
    const label = options.length === 0 ? "Way of transport" : "Picture size";
    if (this.#button.ariaLabel !== label) {
      this.#button.ariaLabel = label;
      this.#button.title = label;
      this.#menu.ariaLabel = label;
    }
    this.#way.hidden = way === undefined;
    setText(this.#way, way ?? "");
    const shown = options.map(({ rid }) => rid).join();
    if (shown !== this.#shown) {
      this.#shown = shown;
      this.#menu.replaceChildren(...options.map(({ rid }) => this.#item(rid)), this.#way);
    }
    options.forEach((option, index) => {
      const item = this.#menu.children[index];
      if (item === undefined) return;
      item.setAttribute("aria-checked", String(option.checked));
      item.classList.toggle("resting", option.resting);
      const [label, note] = item.children;
      if (label !== undefined) setText(label, option.label);
      if (note !== undefined) setText(note, option.note);
    });
  }

  get #isOpen(): boolean {
    return this.#menu.hidden === false;
  }

  setOpen(open: boolean): void {
    if (open === this.#isOpen) return;
    const held = this.#menu.matches(":focus-within");
    this.#menu.hidden = !open;
    this.#button.setAttribute("aria-expanded", String(open));
    if (open) this.#menu.querySelector<HTMLElement>('[aria-checked="true"]')?.focus();
    else if (held) this.#button.focus();
  }

  #item(rid: string | null): HTMLElement {
    const item = h(
      "button",
      {
        class: "menu-item",
        type: "button",
        role: "menuitemradio",
        tabindex: "-1",
        "data-testid": `layer-${rid ?? "auto"}`,
      },
      h("span", {}),
      h("span", { class: "menu-note" }),
    );
    item.addEventListener("click", () => {
      this.#choose(rid);
      this.setOpen(false);
    });
    return item;
  }

  /** Keys of an open menu are its own: the player must not turn the volume by them. */
  #key(event: KeyboardEvent): void {
    if (!this.#isOpen) {
      if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
      this.setOpen(true);
    } else if (event.key === "Escape") this.setOpen(false);
    else if (!this.#move(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  #move(key: string): boolean {
    const items = [...this.#menu.querySelectorAll<HTMLElement>(".menu-item")];
    const at = items.findIndex((item) => item.matches(":focus"));
    const targets: Readonly<Record<string, number>> = {
      ArrowDown: (at + 1) % items.length,
      ArrowUp: (at - 1 + items.length) % items.length,
      Home: 0,
      End: items.length - 1,
    };
    const target = targets[key];
    if (target === undefined) return false;
    items[target]?.focus();
    return true;
  }
}
