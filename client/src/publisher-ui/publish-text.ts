import { type CaptureCode, captureText } from "../publisher/capture/capture-failure.ts";
import { publishFailureText } from "../publisher/failure.ts";
import type { PictureSource } from "../publisher/settings.ts";
import type { PublisherState } from "../publisher/state.ts";

/** What decides the words over the preview. */
export interface StageSituation {
  readonly picture: PictureSource;
  readonly hasPicture: boolean;
  readonly paused: boolean;
  /** The browser is asking the person, or a device starts. */
  readonly opening: boolean;
  /** Why the wanted picture is not there. */
  readonly failure: CaptureCode | undefined;
  /** The same keeps the microphone away. */
  readonly both: boolean;
  /** Why this page can capture nothing. */
  readonly obstacle: CaptureCode | undefined;
  readonly hasSound: boolean;
  readonly sharesScreens: boolean;
}

/** What a button over the preview does. */
export type StageAction = "open" | "camera" | "screen" | "resume";

/** What stands over the preview. */
export interface StageText {
  readonly title: string;
  readonly detail: string;
  readonly actions: readonly { readonly action: StageAction; readonly label: string }[];
  /** A code that support can be told; empty for none. */
  readonly code: string;
  readonly busy: boolean;
}

const quiet = { actions: [], code: "", busy: false } as const;
const camera = { action: "camera", label: "Use the camera" } as const;
const screen = { action: "screen", label: "Share a screen" } as const;

/** What to tell over the preview; undefined when the picture speaks for itself. */
export function stageText(situation: StageSituation): StageText | undefined {
  const { picture, hasPicture, failure, obstacle, sharesScreens } = situation;
  if (obstacle !== undefined) return { ...quiet, ...captureText(obstacle), code: obstacle };
  if (situation.opening) return openingText(picture);
  if (hasPicture) {
    if (!situation.paused) return undefined;
    return {
      ...quiet,
      title: "The picture is paused",
      detail: "Viewers see black. Sound goes on.",
      actions: [{ action: "resume", label: "Show it again" }],
    };
  }
  if (picture === "none") {
    return {
      ...quiet,
      title: "Sound only",
      detail: situation.hasSound ? "Viewers hear you and see no picture." : "",
      actions: situation.hasSound ? [] : [{ action: "open", label: "Turn on the microphone" }],
    };
  }
  const screens = sharesScreens ? [screen] : [];
  if (failure !== undefined) {
    const actions =
      picture === "screen"
        ? [{ action: "screen", label: "Share again" } as const, camera]
        : [{ action: situation.both ? "open" : "camera", label: "Try again" } as const, ...screens];
    return { ...quiet, ...captureText(failure, situation.both), code: failure, actions };
  }
  if (picture === "screen") {
    return { ...quiet, title: "No screen is shared", detail: "", actions: [screen, camera] };
  }
  return {
    ...quiet,
    title: "See and hear yourself first",
    detail: "Nobody else does before you go live.",
    actions: [{ action: "open", label: "Turn on camera and microphone" }, ...screens],
  };
}

/** The mark in the preview's corner. */
export interface Badge {
  readonly kind: "preview" | "connecting" | "live" | "reconnecting" | "error";
  readonly text: string;
}

/** `elapsedMs`: since the stream went live. */
export function badgeOf(
  state: PublisherState,
  hasPicture: boolean,
  elapsedMs: number,
): Badge | undefined {
  switch (state.type) {
    case "idle":
      return hasPicture ? { kind: "preview", text: "Preview, not live" } : undefined;
    case "connecting":
      return { kind: "connecting", text: "Connecting" };
    case "live":
      return { kind: "live", text: `Live ${clockText(elapsedMs)}` };
    case "reconnecting":
      return { kind: "reconnecting", text: "Reconnecting" };
    case "error":
      return { kind: "error", text: "Not live" };
  }
}

/** `0:07`, `12:30`, `1:02:03`. */
export function clockText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => String(value).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  return hours > 0
    ? `${hours}:${two(minutes % 60)}:${two(seconds % 60)}`
    : `${minutes}:${two(seconds % 60)}`;
}

/** `nobody watches yet`, `1 viewer`, `12 viewers`; empty when it is not known. */
export function viewersText(viewers: number | undefined): string {
  if (viewers === undefined) return "";
  if (viewers === 0) return "nobody watches yet";
  return viewers === 1 ? "1 viewer" : `${viewers} viewers`;
}

/** The sentence that a screen reader hears when the publisher enters `state`. */
export function announcement(state: PublisherState, from: PublisherState, stream: string): string {
  switch (state.type) {
    case "idle":
      return from.type === "idle" ? "" : "Stopped. Nothing is sent any more.";
    case "connecting":
      return "Connecting.";
    case "live":
      return from.type === "reconnecting" ? "Live again." : `You are live as ${stream}.`;
    case "reconnecting":
    case "error": {
      const { title, detail } = publishFailureText(state.code, state.message);
      return `${title}. ${detail}`;
    }
  }
}

function openingText(picture: PictureSource): StageText {
  const what =
    picture === "screen"
      ? "Choose a screen, a window or a tab."
      : "If the browser asks, let this page use them.";
  return { ...quiet, title: "One moment", detail: what, busy: true };
}
