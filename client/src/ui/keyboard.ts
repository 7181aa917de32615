/** What a key asks the player to do. */
export type KeyCommand =
  | { readonly type: "toggle-play" }
  | { readonly type: "toggle-mute" }
  | { readonly type: "toggle-fullscreen" }
  | { readonly type: "toggle-stats" }
  | { readonly type: "close-stats" }
  /** Change of volume, -1 to 1. */
  | { readonly type: "volume"; readonly by: number };

export interface KeyPress {
  /** `KeyboardEvent.key`. */
  readonly key: string;
  /** Ctrl, Alt or Meta is held. */
  readonly modified: boolean;
  /** What has the focus and uses some keys itself. */
  readonly target: "button" | "slider" | "text" | "other";
}

/** One step of the volume keys. */
export const volumeStep = 0.05;

/** What `press` means, or undefined when it is not the player's. */
export function keyCommand(press: KeyPress): KeyCommand | undefined {
  if (press.modified || press.target === "text") return undefined;
  switch (press.key.length === 1 ? press.key.toLowerCase() : press.key) {
    case " ":
      return press.target === "button" ? undefined : { type: "toggle-play" };
    case "k":
      return { type: "toggle-play" };
    case "m":
      return { type: "toggle-mute" };
    case "f":
      return { type: "toggle-fullscreen" };
    case "i":
      return { type: "toggle-stats" };
    case "Escape":
      return { type: "close-stats" };
    case "ArrowUp":
      return press.target === "slider" ? undefined : { type: "volume", by: volumeStep };
    case "ArrowDown":
      return press.target === "slider" ? undefined : { type: "volume", by: -volumeStep };
    case "ArrowRight":
      return press.target === "slider" ? undefined : { type: "volume", by: volumeStep };
    case "ArrowLeft":
      return press.target === "slider" ? undefined : { type: "volume", by: -volumeStep };
    default:
      return undefined;
  }
}

/** What keys and buttons act on. */
export interface CommandTarget {
  /** Playing, or trying to. */
  readonly active: boolean;
  muted: boolean;
  /** 0 to 1; values outside are cut off. */
  volume: number;
  play(): void;
  pause(): void;
  toggleFullscreen(): void;
  toggleStats(open?: boolean): void;
}

/** Does what a key asks for. */
export function runCommand(command: KeyCommand, target: CommandTarget): void {
  switch (command.type) {
    case "toggle-play":
      if (target.active) target.pause();
      else target.play();
      break;
    case "toggle-mute":
      target.muted = !target.muted;
      break;
    case "toggle-fullscreen":
      target.toggleFullscreen();
      break;
    case "toggle-stats":
      target.toggleStats();
      break;
    case "close-stats":
      target.toggleStats(false);
      break;
    case "volume":
      target.volume = (target.muted ? 0 : target.volume) + command.by;
      break;
  }
}
