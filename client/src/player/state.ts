/** Why nothing is played although the element is there. */
export type IdleReason = "start" | "paused" | "hidden" | "blocked";

/** What the player does, as shown to the viewer. */
export type PlayerState =
  | { readonly type: "idle"; readonly reason: IdleReason }
  | { readonly type: "connecting" }
  | { readonly type: "playing" }
  /** The publisher is gone and may come back within the server's grace time; the session stays. */
  | { readonly type: "waiting" }
  /** Nobody publishes. Playback starts by itself when somebody does. */
  | { readonly type: "offline" }
  /** `retrying` false: nothing happens until `play()` is called again. */
  | {
      readonly type: "error";
      readonly code: string;
      readonly message: string;
      readonly retrying: boolean;
    };

export type PlayerStateType = PlayerState["type"];

/** Something that happened to the player. */
export type PlayerInput =
  | { readonly type: "play" }
  | { readonly type: "pause"; readonly reason: IdleReason }
  /** The way to the server came up or went down. */
  | { readonly type: "link"; readonly up: boolean }
  /** The stream's state, as the server tells it. */
  | { readonly type: "stream"; readonly state: "live" | "waiting" | "offline" }
  /** The media of the last join is attached; frames from now on are its own. */
  | { readonly type: "attached" }
  /** Another way is tried while nothing moves: its first frame has the time of a join. */
  | { readonly type: "attempt" }
  /** A frame was shown (or, without video, sound arrived). */
  | { readonly type: "progress" }
  /** The session could not be made, broke, or was ended by the server. */
  | { readonly type: "failed"; readonly code: string; readonly message: string }
  /** The server forgot the session, for instance because it restarted; media may still flow. */
  | { readonly type: "lost" }
  /** Time passed. */
  | { readonly type: "time" };

/** What the owner of the machine has to do, in order. */
export type PlayerCommand =
  /** Make the way to the server. */
  | { readonly type: "open" }
  /** Ask for a session; replaces the one that is there, without a gap where possible. */
  | { readonly type: "join" }
  /** End the session, keep the way to the server. */
  | { readonly type: "leave"; readonly reason: string }
  /** End everything. */
  | { readonly type: "close"; readonly reason: string }
  | { readonly type: "state"; readonly from: PlayerState; readonly to: PlayerState };

export interface PlayerLimits {
  /** Longest wait for the first frame of a join, and for the server's first answer; grows with failures up to four times. */
  readonly joinMs: number;
  /** Longest time without a frame while the stream is live. */
  readonly frozenMs: number;
  /** Playing this long makes earlier failures forgotten. */
  readonly stableMs: number;
}

export const defaultPlayerLimits: PlayerLimits = {
  joinMs: 3000,
  frozenMs: 3000,
  stableMs: 5000,
};
