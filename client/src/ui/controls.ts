import { h, setText } from "./dom.ts";
import { formatDuration } from "./figures.ts";
import { type IconName, icon, setIcon } from "./icons.ts";
import { LayerMenu } from "./layer-menu.ts";
import type { LayerOption } from "./layer-options.ts";

/** What the viewer asks by the control bar. */
export interface ControlActions {
  togglePlay(): void;
  toggleMute(): void;
  /** 0 to 1. */
  setVolume(volume: number): void;
  toggleStats(): void;
  /** Null: automatic. */
  chooseLayer(rid: string | null): void;
  togglePictureInPicture(): void;
  toggleFullscreen(): void;
}

/** What the control bar shows. */
export interface ControlPicture {
  readonly wanted: boolean;
  readonly badge: "live" | "waiting" | "offline" | "none";
  readonly latencyMs: number | undefined;
  readonly muted: boolean;
  /** 0 to 1. */
  readonly volume: number;
  readonly hasSound: boolean;
  readonly statsOpen: boolean;
  /** Empty: there is nothing to choose. */
  readonly layers: readonly LayerOption[];
  /** By which way media comes and why, where that is worth a word; undefined else. */
  readonly way: string | undefined;
  readonly pictureInPicture: "on" | "off" | "missing";
  readonly fullscreen: "on" | "off" | "missing";
}

const badgeTexts = { live: "Live", waiting: "Away", offline: "Offline", none: "" } as const;

/** The bar at the bottom of the player. */
export class Controls {
  readonly element: HTMLElement;
  readonly #play: ControlButton;
  readonly #mute: ControlButton;
  readonly #stats: ControlButton;
  readonly #layers: LayerMenu;
  readonly #pip: ControlButton;
  readonly #fullscreen: ControlButton;
  readonly #volume: HTMLInputElement;
  readonly #sound: HTMLElement;
  readonly #badge: HTMLElement;
  readonly #badgeText: HTMLElement;
  readonly #latency: HTMLElement;

  constructor(actions: ControlActions) {
    this.#play = new ControlButton("play", "play", () => actions.togglePlay());
    this.#mute = new ControlButton("mute", "sound", () => actions.toggleMute());
    this.#stats = new ControlButton("stats-button", "stats", () => actions.toggleStats());
    this.#layers = new LayerMenu((rid) => actions.chooseLayer(rid));
    this.#pip = new ControlButton("pip", "pip", () => actions.togglePictureInPicture());
    this.#fullscreen = new ControlButton("fullscreen", "fullscreen", () =>
      actions.toggleFullscreen(),
    );
    this.#volume = h("input", {
      class: "volume",
      type: "range",
      min: "0",
      max: "100",
      step: "1",
      "aria-label": "Volume",
      "data-testid": "volume",
    });
    this.#volume.addEventListener("input", () =>
      actions.setVolume(this.#volume.valueAsNumber / 100),
    );
    this.#badgeText = h("span", { class: "badge-text", "data-testid": "badge" });
    this.#latency = h("span", {
      class: "latency",
      part: "latency",
      "data-testid": "latency",
      title: "Time from the gateway to this screen",
    });
    this.#badge = h(
      "div",
      { class: "badge", part: "badge" },
      h("span", { class: "dot", "aria-hidden": "true" }),
      this.#badgeText,
      this.#latency,
    );
    this.#sound = h("div", { class: "sound" }, this.#mute.element, this.#volume);
    this.element = h(
      "div",
      {
        class: "controls",
        part: "controls",
        role: "group",
        "aria-label": "Player controls",
        "data-testid": "controls",
      },
      this.#play.element,
      this.#sound,
      this.#badge,
      h("div", { class: "spacer" }),
      this.#layers.element,
      this.#stats.element,
      this.#pip.element,
      this.#fullscreen.element,
    );
  }

  show(picture: ControlPicture): void {
    this.#play.show(picture.wanted ? "pause" : "play", picture.wanted ? "Pause (k)" : "Play (k)");
    const silent = picture.muted || picture.volume === 0;
    this.#mute.show(silent ? "muted" : "sound", silent ? "Unmute (m)" : "Mute (m)", silent);
    this.#sound.hidden = !picture.hasSound;
    const level = picture.muted ? 0 : Math.round(picture.volume * 100);
    if (this.#volume.valueAsNumber !== level) this.#volume.value = String(level);
    this.#volume.style.setProperty("--level", `${level}%`);
    this.#volume.setAttribute("aria-valuetext", picture.muted ? "muted" : `${level} percent`);
    this.#badge.dataset["badge"] = picture.badge;
    this.#badge.hidden = picture.badge === "none";
    setText(this.#badgeText, badgeTexts[picture.badge]);
    const latency = picture.badge === "live" ? picture.latencyMs : undefined;
    setText(this.#latency, latency === undefined ? "" : formatDuration(latency));
    this.#stats.show("stats", "Statistics (i)", picture.statsOpen);
    this.#layers.show(picture.layers, picture.way);
    const inPicture = picture.pictureInPicture === "on";
    this.#pip.show("pip", "Picture in picture", inPicture);
    this.#pip.element.hidden = picture.pictureInPicture === "missing";
    const full = picture.fullscreen === "on";
    this.#fullscreen.show(
      full ? "shrink" : "fullscreen",
      full ? "Leave full screen (f)" : "Full screen (f)",
    );
    this.#fullscreen.element.hidden = picture.fullscreen === "missing";
  }
}

class ControlButton {
  readonly element: HTMLButtonElement;
  readonly #icon: SVGSVGElement;

  constructor(testId: string, name: IconName, act: () => void) {
    this.#icon = icon(name);
    this.element = h(
      "button",
      { class: "control", type: "button", part: "control", "data-testid": testId },
      this.#icon,
    );
    this.element.addEventListener("click", act);
  }

  show(name: IconName, label: string, pressed?: boolean): void {
    setIcon(this.#icon, name);
    if (this.element.ariaLabel !== label) {
      this.element.ariaLabel = label;
      this.element.title = label;
    }
    if (pressed !== undefined) this.element.setAttribute("aria-pressed", String(pressed));
  }
}
