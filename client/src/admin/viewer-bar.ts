import { h, setText } from "../ui/dom.ts";
import { countText } from "./text.ts";
import { presentTransports, transportColour, transportName } from "./transports.ts";

/** Viewers by transport as one bar, with its words for those who do not see colours. */
export class ViewerBar {
  readonly element: HTMLElement;
  readonly #bar = h("span", { class: "viewer-bar", "aria-hidden": "true" });
  readonly #words = h("span", { class: "viewer-words" });

  constructor() {
    this.element = h("span", { class: "by-transport" }, this.#bar, this.#words);
  }

  show(byTransport: Readonly<Record<string, number>>): void {
    const present = presentTransports(byTransport);
    while (this.#bar.children.length > present.length) this.#bar.lastChild?.remove();
    present.forEach(([transport, count], place) => {
      const part = (this.#bar.children[place] ?? this.#bar.appendChild(h("span"))) as HTMLElement;
      part.style.setProperty("flex-grow", String(count));
      part.style.setProperty("background", `var(--t${transportColour(transport)})`);
    });
    const words = present.map(([name, count]) => `${countText(count)} ${transportName(name)}`);
    this.#bar.hidden = present.length === 0;
    setText(this.#words, words.join(" · ") || "nobody watches");
  }
}
