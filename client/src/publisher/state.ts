/** What the publisher does, as shown to the person. */
export type PublisherState =
  /** Nothing is sent. */
  | { readonly type: "idle" }
  | { readonly type: "connecting" }
  /** Media reaches the server. */
  | { readonly type: "live" }
  /** The way is broken; it is made anew without help. `code` says what broke it. */
  | { readonly type: "reconnecting"; readonly code: string; readonly message: string }
  /** Nothing happens until `publish` is called again. */
  | { readonly type: "error"; readonly code: string; readonly message: string };

export type PublisherStateType = PublisherState["type"];

/** Something that happened to the publisher. */
export type PublisherInput =
  /** `takeOver`: whoever publishes the stream now gives way. */
  | { readonly type: "publish"; readonly takeOver: boolean }
  | { readonly type: "stop" }
  /** The signaling connection came up or went down. Media may flow without it. */
  | { readonly type: "link"; readonly up: boolean }
  /** The media connection of the present session stands. */
  | { readonly type: "connected" }
  /** The media connection is broken; the session looks for another way by itself. */
  | { readonly type: "interrupted" }
  /** The session could not be made, broke for good, or was ended by the server. */
  | { readonly type: "failed"; readonly code: string; readonly message: string }
  /** The server forgot the session, for instance because it restarted. */
  | { readonly type: "lost" }
  /** Time passed. */
  | { readonly type: "time" };

/** What the owner of the machine has to do, in order. */
export type PublisherCommand =
  /** Make the way to the server. */
  | { readonly type: "open" }
  /** Ask for a session; the one that is there ends. */
  | { readonly type: "begin"; readonly takeOver: boolean }
  /** End the session, keep the way to the server. */
  | { readonly type: "leave" }
  /** End everything. */
  | { readonly type: "close" }
  | { readonly type: "state"; readonly from: PublisherState; readonly to: PublisherState };

export interface PublisherLimits {
  /** Longest wait from asking for a session to media flowing. */
  readonly connectMs: number;
  /** How long after it was live the publisher believes that a busy stream is busy with its own lost session. */
  readonly ghostMs: number;
  /** Being live this long makes earlier failures forgotten. */
  readonly stableMs: number;
  /** How long a first attempt may do without a server before the person is told. */
  readonly reachMs: number;
}

export const defaultPublisherLimits: PublisherLimits = {
  connectMs: 12_000,
  ghostMs: 40_000,
  stableMs: 5000,
  reachMs: 4000,
};
