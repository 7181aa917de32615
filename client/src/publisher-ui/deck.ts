import { h, setText } from "../ui/dom.ts";
import { outline, setOutline } from "../ui/icons.ts";
import { type PublishIcon, publishIcons } from "./publish-icons.ts";

/** What the person asks by the bar under the preview. */
export interface DeckActions {
  toggleMute(): void;
  togglePause(): void;
  flip(): void;
  /** Screen instead of camera, or back. */
  toggleScreen(): void;
  /** Goes live, or stops. */
  toggleLive(): void;
}

export interface DeckPicture {
  readonly hasMicrophone: boolean;
  readonly muted: boolean;
  readonly hasPicture: boolean;
  readonly paused: boolean;
  readonly canFlip: boolean;
  readonly sharesScreens: boolean;
  readonly screen: boolean;
  /** Sending, or trying to by itself. */
  readonly active: boolean;
  /** Going live makes sense: there is something to send, or it can be had. */
  readonly possible: boolean;
}

/** The bar under the preview. */
export class Deck {
  readonly element: HTMLElement;
  readonly #mute: DeckButton;
  readonly #pause: DeckButton;
  readonly #flip: DeckButton;
  readonly #screen: DeckButton;
  readonly #live: HTMLButtonElement;
  readonly #liveText: HTMLElement;

  /** `meter` shows the level of the microphone. */
  constructor(actions: DeckActions, meter: HTMLElement) {
    this.#mute = new DeckButton("mute", () => actions.toggleMute());
    this.#pause = new DeckButton("pause", () => actions.togglePause());
    this.#flip = new DeckButton("flip", () => actions.flip());
    this.#screen = new DeckButton("screen", () => actions.toggleScreen());
    this.#mute.element.setAttribute("aria-keyshortcuts", "m");
    this.#pause.element.setAttribute("aria-keyshortcuts", "p");
    this.#liveText = h("span", {});
    this.#live = h(
      "button",
      { class: "live", type: "button", part: "button", "data-testid": "live" },
      h("span", { class: "dot", "aria-hidden": "true" }),
      this.#liveText,
    );
    this.#live.addEventListener("click", () => actions.toggleLive());
    this.element = h(
      "div",
      {
        class: "deck",
        part: "controls",
        role: "group",
        "aria-label": "Publisher controls",
        "data-testid": "controls",
      },
      h(
        "div",
        { class: "deck-tools" },
        h("div", { class: "deck-sound" }, this.#mute.element, meter),
        this.#pause.element,
        this.#flip.element,
        this.#screen.element,
      ),
      this.#live,
    );
  }

  show(picture: DeckPicture): void {
    const { muted, paused, screen, active } = picture;
    this.#mute.show(
      muted ? "microphoneOff" : "microphone",
      muted ? "Unmute" : "Mute",
      muted ? "Unmute microphone" : "Mute microphone",
      { off: muted, disabled: !picture.hasMicrophone },
    );
    const what = screen ? "screen" : "camera";
    this.#pause.show(
      paused ? "play" : "pause",
      paused ? "Resume" : "Pause",
      paused ? `Resume ${what}` : `Pause ${what}`,
      { off: paused, disabled: !picture.hasPicture },
    );
    this.#flip.show("flip", "Flip", "Flip camera", { disabled: !picture.canFlip });
    this.#flip.element.hidden = !picture.canFlip;
    this.#screen.show(
      screen ? "camera" : "screen",
      screen ? "Camera" : "Screen",
      screen ? "Camera instead of the screen" : "Screen instead of the camera",
      {},
    );
    this.#screen.element.hidden = !picture.sharesScreens;
    setText(this.#liveText, active ? "Stop" : "Go live");
    this.#live.classList.toggle("stop", active);
    this.#live.disabled = !active && !picture.possible;
  }
}

class DeckButton {
  readonly element: HTMLButtonElement;
  readonly #icon: SVGSVGElement;
  readonly #text: HTMLElement;

  constructor(testId: string, act: () => void) {
    this.#icon = outline("");
    this.#text = h("span", { class: "tool-text" });
    this.element = h(
      "button",
      { class: "tool", type: "button", part: "control", "data-testid": testId },
      this.#icon,
      this.#text,
    );
    this.element.addEventListener("click", act);
  }

  /** `name` begins with `text`, so that people who speak to their computer can say what they see. */
  show(
    icon: PublishIcon,
    text: string,
    name: string,
    { off = false, disabled = false }: { readonly off?: boolean; readonly disabled?: boolean },
  ): void {
    setOutline(this.#icon, publishIcons[icon]);
    setText(this.#text, text);
    if (this.element.ariaLabel !== name) {
      this.element.ariaLabel = name;
      this.element.title = name;
    }
    this.element.classList.toggle("off", off);
    this.element.disabled = disabled;
  }
}
