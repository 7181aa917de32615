import { h, setText } from "./dom.ts";
import { icon } from "./icons.ts";
import type { OverlayText } from "./overlay-text.ts";
import { raceLines } from "./race.ts";
import { millWheel } from "./wheel.ts";

/** What stands over the picture: the state in words, the turning wheel, and a button where there is a choice. */
export class Overlay {
  readonly element: HTMLElement;
  readonly #title: HTMLElement;
  readonly #detail: HTMLElement;
  readonly #code: HTMLElement;
  readonly #action: HTMLButtonElement;
  readonly #play: HTMLButtonElement;

  /** `act` is called when the viewer presses the button. */
  constructor(act: () => void) {
    this.#title = h("p", { class: "overlay-title", part: "title", "data-testid": "overlay-title" });
    this.#detail = h("p", { class: "overlay-detail", "data-testid": "overlay-detail" });
    this.#code = h("code", { class: "overlay-code", "data-testid": "error-code" });
    this.#action = h("button", {
      class: "action",
      type: "button",
      part: "button",
      "data-testid": "retry",
    });
    this.#play = h(
      "button",
      { class: "big-play", type: "button", "aria-label": "Play", "data-testid": "big-play" },
      icon("play"),
    );
    this.#action.addEventListener("click", act);
    this.#play.addEventListener("click", act);
    this.element = h(
      "div",
      { class: "overlay", part: "overlay", "data-testid": "overlay", hidden: true },
      raceLines(),
      h(
        "div",
        { class: "overlay-card" },
        this.#play,
        millWheel(),
        this.#title,
        this.#detail,
        this.#action,
        this.#code,
      ),
    );
  }

  /** Shows `text`; undefined hides the overlay. */
  show(text: OverlayText | undefined): void {
    this.element.hidden = text === undefined;
    if (text === undefined) return;
    const play = text.action === "Play";
    this.element.classList.toggle("busy", text.busy);
    this.element.classList.toggle("playable", play);
    this.element.classList.toggle("actionable", text.action !== undefined);
    setText(this.#title, text.title);
    setText(this.#detail, text.detail);
    setText(this.#code, text.code);
    setText(this.#action, text.action ?? "");
    this.#play.hidden = !play;
    this.#action.hidden = text.action === undefined || play;
    this.#title.hidden = text.title === "";
    this.#detail.hidden = text.detail === "";
    this.#code.hidden = text.code === "";
  }
}
