import { hintText } from "../pages/hint-text.ts";
import type { StreamEntry } from "./stream-entry.ts";

/** A stream's state for a pill: its colour and its words. */
export interface StateText {
  /** As `data-state` of a pill. */
  readonly state: "playing" | "waiting" | "error" | "connecting";
  readonly words: string;
}

/** What a stream is at the moment. */
export function stateOf({ health, publisher, state }: StreamEntry): StateText {
  if (state === "waiting" || (publisher === undefined && state !== "live")) {
    return { state: "waiting", words: "Publisher away" };
  }
  switch (health?.buffer) {
    case "DRY":
      return { state: "error", words: "Runs dry" };
    case "RECOVER":
      return { state: "connecting", words: "Recovers" };
    case "EMPTY":
      return { state: "connecting", words: "Begins" };
    default:
      return { state: "playing", words: "Live" };
  }
}

/** What the buffer's state means. */
export function healthText({ health }: StreamEntry): string {
  switch (health?.buffer) {
    case "FULL":
      return "Full: media comes as fast as it is watched";
    case "DRY":
      return "Dry: media comes slower than it is watched";
    case "RECOVER":
      return "Recovers: media comes as it should again";
    case "EMPTY":
      return "Empty: no whole group of pictures yet";
    default:
      return health?.buffer ?? "–";
  }
}

/** The title of a hint by its code. */
export function hintTitle(code: string): string {
  return hintText({ code, message: "" }).title;
}
