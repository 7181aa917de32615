import type { StreamHealth } from "./stream-health.ts";

/** Advice to the publisher, also the reason that a viewer is shown: a stable code and one sentence. */
export interface Hint {
  readonly code: string;
  readonly message: string;
}

export type StreamState = "live" | "waiting" | "ended";

/** What changed about a stream. `offline`: it ended; one of the same name may begin later. */
export type StreamChange =
  | {
      readonly type: "state";
      readonly state: "live" | "waiting" | "offline";
      /** Why, as a stable code such as `PUBLISHER_CLOSED`. */
      readonly reason: string;
    }
  | { readonly type: "tracks" }
  | { readonly type: "hint"; readonly hint: Hint }
  /** What was advised is not so any more. */
  | { readonly type: "hint-cleared"; readonly code: string }
  | { readonly type: "buffer"; readonly health: StreamHealth };

export type StreamObserver = (change: StreamChange) => void;
