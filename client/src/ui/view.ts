import type { StreamStatus } from "@millrace/signaling/session";
import type { PlayerState } from "../player/state.ts";
import { type ControlActions, type ControlPicture, Controls } from "./controls.ts";
import { h, setText } from "./dom.ts";
import { icon } from "./icons.ts";
import { Overlay } from "./overlay.ts";
import { announcement, overlayText } from "./overlay-text.ts";
import { Picture } from "./picture.ts";
import styles from "./player.css?inline";
import { StatsPanel } from "./stats-panel.ts";
import type { StatsRow } from "./stats-rows.ts";

/** What the viewer asks of the player. */
export interface ViewActions extends ControlActions {
  /** The button over the picture. */
  act(): void;
  unmute(): void;
  readStats(): Promise<readonly StatsRow[]>;
}

/** Everything that is shown, but the picture and the statistics. */
export interface ViewPicture extends Omit<ControlPicture, "badge" | "statsOpen"> {
  readonly state: PlayerState;
  readonly stream: string;
  readonly status: StreamStatus | undefined;
  readonly controls: boolean;
  /** The last picture stays under the overlay. */
  readonly hasPicture: boolean;
  readonly hasPoster: boolean;
  readonly offerUnmute: boolean;
}

/** How long the controls stay after the last movement. */
const quietMs = 2800;

let sheet: CSSStyleSheet | undefined;

/** The player's elements inside its shadow root. */
export class PlayerView {
  readonly picture: Picture = new Picture();
  readonly #root: ShadowRoot;
  readonly #frame: HTMLElement;
  readonly #overlay: Overlay;
  readonly #controls: Controls;
  readonly #shade: HTMLElement;
  readonly #unmute: HTMLButtonElement;
  readonly #stats: StatsPanel;
  readonly #live: HTMLElement;
  #state: PlayerState | undefined;
  #quietTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(root: ShadowRoot, actions: ViewActions) {
    this.#root = root;
    sheet ??= makeSheet();
    root.adoptedStyleSheets = [sheet];
    this.#overlay = new Overlay(() => actions.act());
    this.#controls = new Controls(actions);
    this.#shade = h("div", { class: "shade" });
    this.#unmute = h(
      "button",
      { class: "unmute", type: "button", part: "unmute", "data-testid": "unmute", hidden: true },
      icon("muted"),
      "Tap to unmute",
    );
    this.#unmute.addEventListener("click", () => actions.unmute());
    this.#stats = new StatsPanel(
      () => actions.readStats(),
      () => actions.toggleStats(),
    );
    this.#live = h("div", {
      class: "sr",
      role: "status",
      "aria-live": "polite",
      "data-testid": "announcement",
    });
    this.#frame = h(
      "div",
      { class: "frame quiet", part: "frame", "data-testid": "frame" },
      this.picture.element,
      this.#overlay.element,
      this.#shade,
      this.#unmute,
      this.#controls.element,
      this.#stats.element,
      this.#live,
    );
    this.#frame.addEventListener("pointermove", () => this.wake());
    this.#frame.addEventListener("focusin", () => this.wake());
    this.#frame.addEventListener("pointerleave", (event) => {
      if (event.pointerType === "mouse") this.quiet();
    });
    root.append(this.#frame);
  }

  /** Whether the controls are out of sight. */
  get isQuiet(): boolean {
    return this.#frame.classList.contains("quiet");
  }

  get statsOpen(): boolean {
    return this.#stats.open;
  }

  setStatsOpen(open: boolean): void {
    this.#keepFocus(() => this.#stats.setOpen(open));
  }

  show(picture: ViewPicture): void {
    this.#keepFocus(() => this.#show(picture));
  }

  #show(picture: ViewPicture): void {
    const { state } = picture;
    const plays = state.type === "playing";
    this.#frame.dataset["state"] = state.type;
    this.#frame.classList.toggle("plays", plays);
    this.#frame.classList.toggle("plain", !picture.hasPicture && !picture.hasPoster);
    this.#overlay.show(overlayText(state, picture.stream, picture.status?.hints));
    this.#controls.show({ ...picture, badge: badgeOf(state), statsOpen: this.statsOpen });
    // Without a picture the words in the middle say all there is; there is nothing to control.
    const bar = picture.controls && picture.hasPicture;
    this.#controls.element.hidden = !bar;
    this.#shade.hidden = !bar;
    this.#unmute.hidden = !picture.offerUnmute;
    if (state !== this.#state) {
      this.#state = state;
      setText(this.#live, announcement(state, picture.stream));
      if (plays) this.wake();
    }
  }

  /** Brings the controls to sight for a while. */
  wake(): void {
    this.#frame.classList.remove("quiet");
    clearTimeout(this.#quietTimer);
    this.#quietTimer = setTimeout(() => this.quiet(), quietMs);
  }

  quiet(): void {
    clearTimeout(this.#quietTimer);
    this.#frame.classList.add("quiet");
  }

  /** A button that goes away under the viewer's keys hands the focus to the player, not to the page. */
  #keepFocus(change: () => void): void {
    const focused = this.#root.activeElement;
    change();
    if (focused === null || focused.getClientRects().length > 0) return;
    const { host } = this.#root;
    if (host instanceof HTMLElement && host.isConnected) host.focus({ preventScroll: true });
  }

  /** Stops timers; the elements stay. */
  close(): void {
    this.setStatsOpen(false);
    this.quiet();
  }
}

function badgeOf(state: PlayerState): ControlPicture["badge"] {
  switch (state.type) {
    case "playing":
      return "live";
    case "waiting":
    case "offline":
      return state.type;
    default:
      return "none";
  }
}

function makeSheet(): CSSStyleSheet {
  const made = new CSSStyleSheet();
  made.replaceSync(styles);
  return made;
}
