import type { Hint } from "@millrace/signaling/session";
import { failureText } from "../player/failure.ts";
import type { PlayerState } from "../player/state.ts";

/** What stands over the picture. */
export interface OverlayText {
  readonly title: string;
  readonly detail: string;
  /** The label of its button, where there is something to press. */
  readonly action: string | undefined;
  /** A code that support can be told; empty for none. */
  readonly code: string;
  /** The wheel turns: the player is at work. */
  readonly busy: boolean;
}

const none = { action: undefined, code: "", busy: false };

/** What to tell in `state`; undefined when the picture speaks for itself. `hints` explain what keeps a picture away. */
export function overlayText(
  state: PlayerState,
  stream: string,
  hints: readonly Hint[] = [],
): OverlayText | undefined {
  switch (state.type) {
    case "playing":
      return undefined;
    case "idle":
      return { ...none, ...idleText(state.reason), action: "Play" };
    case "connecting":
      return { ...none, title: "Connecting", detail: stream, busy: true };
    case "waiting":
      return {
        ...none,
        title: "The publisher is away",
        detail: "The stream goes on here as soon as it comes back.",
        busy: true,
      };
    case "offline":
      return {
        ...none,
        title: stream === "" ? "Offline" : `${stream} is offline`,
        detail: "It starts here by itself as soon as it goes live.",
      };
    case "error": {
      const hint = hints.find(({ code }) => code === state.code);
      const text = failureText(state.code, state.message);
      return {
        title: text.title,
        detail: hint?.message ?? text.detail,
        action: state.retrying ? undefined : "Try again",
        code: state.code,
        busy: state.retrying,
      };
    }
  }
}

/** The sentence that a screen reader hears when the player enters `state`. */
export function announcement(state: PlayerState, stream: string): string {
  switch (state.type) {
    case "playing":
      return `Playing ${stream}`;
    case "idle":
      return state.reason === "start" ? "" : "Paused";
    case "error": {
      const { title, detail } = failureText(state.code, state.message);
      return `${title}. ${detail}${state.retrying ? " Trying again." : ""}`;
    }
    default: {
      const text = overlayText(state, stream);
      return text === undefined ? "" : `${text.title}. ${text.detail}`;
    }
  }
}

function idleText(reason: "start" | "paused" | "hidden" | "blocked"): {
  readonly title: string;
  readonly detail: string;
} {
  switch (reason) {
    case "start":
      return { title: "", detail: "" };
    case "paused":
      return { title: "Paused", detail: "Play goes on at the live edge." };
    case "hidden":
      return { title: "Paused", detail: "The page was in the background." };
    case "blocked":
      return { title: "Tap to play", detail: "The browser waits for you before it plays." };
  }
}
