import type { TransportName } from "../transports/transport.ts";

/** Something that happened to the ladder. A rung is a transport that may be used, named by its transport. */
export type LadderInput =
  /** A picture is wanted from now on. */
  | { readonly type: "open" }
  /** The owner wants a session: the first one, or anew because it saw no frames. */
  | { readonly type: "join" }
  /** The owner gives up what was tried; it joins again later. */
  | { readonly type: "leave"; readonly reason: string }
  | { readonly type: "close"; readonly reason: string }
  /** What was learned of the rungs holds no more: another stream or server. */
  | { readonly type: "forget" }
  /** The rungs that this browser can play this stream by, best first. */
  | { readonly type: "rungs"; readonly rungs: readonly TransportName[] }
  /** The server answers by this rung, or does not. */
  | { readonly type: "link"; readonly rung: TransportName; readonly up: boolean }
  | { readonly type: "stream"; readonly state: "live" | "waiting" | "offline" }
  /** A frame of this rung was decoded (or sound played). `fine`: frames are told one by one, not once a second. */
  | { readonly type: "progress"; readonly rung: TransportName; readonly fine: boolean }
  | {
      readonly type: "failed";
      readonly rung: TransportName;
      readonly code: string;
      readonly message: string;
    }
  /** Share of packets that the shown rung lost in the last second, 0 to 1. */
  | { readonly type: "loss"; readonly rung: TransportName; readonly ratio: number }
  /** The browser has a network, or none. `online` also when it has another one than before. */
  | { readonly type: "network"; readonly online: boolean }
  | { readonly type: "visible"; readonly visible: boolean }
  /** Time passed. */
  | { readonly type: "time" };

/** What the owner of the ladder has to do, in order. */
export type LadderCommand =
  /** Join by this rung, out of sight unless nothing is shown. `waits`: the viewer sees no moving picture meanwhile. */
  | { readonly type: "start"; readonly rung: TransportName; readonly waits: boolean }
  /** Join anew by the rung that is shown, without a gap where possible. */
  | { readonly type: "rejoin"; readonly rung: TransportName }
  /** Put this rung on the screen: it has a frame. */
  | {
      readonly type: "show";
      readonly rung: TransportName;
      readonly from: TransportName | undefined;
      readonly reason: string;
    }
  /** End this rung's session. */
  | { readonly type: "stop"; readonly rung: TransportName; readonly reason: string }
  /** No rung is left, or none would help. The owner answers with `leave`. */
  | { readonly type: "failed"; readonly code: string; readonly message: string };

export interface LadderLimits {
  /** How long a rung is alone before the next one is started beside it; 0 for a rung that failed lately. */
  readonly headStartMs: number;
  /** Longest wait for a rung's first frame while there is another one; grows with its failures up to four times. */
  readonly firstFrameMs: number;
  /** A standing picture of this age warms up the next rung. */
  readonly warmMs: number;
  /** The same where frames are told once a second, or are that rare. */
  readonly warmSlowMs: number;
  /** From the start of warming up until a rung that is ready is shown instead. */
  readonly patienceMs: number;
  /** A standing picture of this age is no picture: refusals by other rungs count from here on. */
  readonly frozenMs: number;
  /** Added to all of them after a fall by freeze until the new rung has played `settledMs`: the stream itself may stand. */
  readonly holdMs: number;
  readonly settledMs: number;
  /** A picture that moves again for this long stops what was warmed up. */
  readonly smoothMs: number;
  /** Playing this long makes a rung's earlier failures forgotten. */
  readonly stableMs: number;
  /** Share of lost packets, 0 to 1, … */
  readonly lossRatio: number;
  /** … that may last this long. */
  readonly lossMs: number;
  /** A timer this late means that the device slept or the page was throttled: nothing is concluded from the time passed. */
  readonly sleptMs: number;
}

export const defaultLadderLimits: LadderLimits = {
  headStartMs: 1000,
  firstFrameMs: 3000,
  warmMs: 1000,
  warmSlowMs: 2000,
  patienceMs: 1000,
  frozenMs: 3000,
  holdMs: 8000,
  settledMs: 5000,
  smoothMs: 1000,
  stableMs: 30_000,
  lossRatio: 0.2,
  lossMs: 5000,
  sleptMs: 2000,
};
