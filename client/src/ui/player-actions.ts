import { type CommandTarget, runCommand } from "./keyboard.ts";
import type { Screens } from "./screens.ts";
import type { StatsRow } from "./stats-rows.ts";
import type { ViewActions } from "./view.ts";

/** The player as its buttons need it. */
export interface PlayerActionTarget extends CommandTarget {
  layer: string | null;
}

/** What each button does. */
export function playerActions(
  target: PlayerActionTarget,
  screens: () => Screens,
  readStats: () => Promise<readonly StatsRow[]>,
): ViewActions {
  return {
    act: () => target.play(),
    togglePlay: () => runCommand({ type: "toggle-play" }, target),
    toggleMute: () => runCommand({ type: "toggle-mute" }, target),
    toggleStats: () => target.toggleStats(),
    chooseLayer: (rid) => {
      target.layer = rid;
    },
    setVolume: (volume) => {
      target.volume = volume;
    },
    togglePictureInPicture: () => void screens().togglePictureInPicture(),
    toggleFullscreen: () => target.toggleFullscreen(),
    unmute: () => {
      target.muted = false;
    },
    readStats,
  };
}
