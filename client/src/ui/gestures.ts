import type { KeyPress } from "./keyboard.ts";
import type { PlayerView } from "./view.ts";

/** What a tap or click on the picture asks. */
export interface GestureActions {
  /** True when a tap anywhere on the picture gives sound. */
  offersUnmute(): boolean;
  unmute(): void;
  togglePlay(): void;
  toggleFullscreen(): void;
}

/** Mouse: click pauses, double click fills the screen. Touch: a tap shows or hides the controls. A tap that can give sound does that first. */
export function listenForGestures(
  view: PlayerView,
  actions: GestureActions,
  signal: AbortSignal,
): void {
  const { element: picture } = view.picture;
  let wasQuiet = true;
  picture.addEventListener(
    "pointerdown",
    () => {
      wasQuiet = view.isQuiet;
    },
    { signal },
  );
  picture.addEventListener(
    "click",
    (event) => {
      if (actions.offersUnmute()) actions.unmute();
      else if (event.pointerType === "mouse") actions.togglePlay();
      else if (wasQuiet) view.wake();
      else view.quiet();
    },
    { signal },
  );
  picture.addEventListener("dblclick", () => actions.toggleFullscreen(), { signal });
}

/** Gives `host` the keys that nobody inside it took; `handle` says whether one meant something. */
export function listenForKeys(
  host: HTMLElement,
  handle: (event: KeyboardEvent) => boolean,
  signal: AbortSignal,
): void {
  host.addEventListener(
    "keydown",
    (event) => {
      if (!event.defaultPrevented && handle(event)) event.preventDefault();
    },
    { signal },
  );
}

/** The part of a keyboard event that decides what it means. */
export function keyPress(event: KeyboardEvent): KeyPress {
  const modified = event.ctrlKey || event.altKey || event.metaKey;
  return { key: event.key, modified, target: keyTarget(event) };
}

function keyTarget(event: KeyboardEvent): KeyPress["target"] {
  const element = event.composedPath()[0];
  if (element instanceof HTMLInputElement && element.type === "range") return "slider";
  if (
    element instanceof HTMLInputElement ||
    element instanceof HTMLTextAreaElement ||
    element instanceof HTMLSelectElement ||
    (element instanceof HTMLElement && element.isContentEditable)
  ) {
    return "text";
  }
  const pressable = element instanceof HTMLButtonElement || element instanceof HTMLAnchorElement;
  return pressable ? "button" : "other";
}
