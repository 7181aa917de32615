import type { StreamStatus } from "@millrace/signaling/session";
import type { DataMessage } from "./player/data-port.ts";
import type { PlayerStateType } from "./player/state.ts";
import type { MediaStats } from "./player/stats-delta.ts";
import type { TransportName } from "./player/transports/transport.ts";

/** `statechange`: the player does something else now. */
export interface StateChangeDetail {
  readonly state: PlayerStateType;
  readonly previous: PlayerStateType;
}

/** `transport`: media comes another way; null is none. */
export interface TransportDetail {
  readonly from: TransportName | null;
  readonly to: TransportName | null;
  /** `first-frame`, `climb`, `path`, or the code of what ended the way before; the table is in `player/ladder/README.md`. */
  readonly reason: string;
}

/** `latency`: at most four times a second while it is known. */
export interface LatencyDetail {
  /** From the gateway to the screen, of the newest frame, milliseconds. */
  readonly latencyMs: number;
  /** Median of the last second, milliseconds. */
  readonly medianMs: number;
}

/** `error`: something keeps the stream away. */
export interface ErrorDetail {
  readonly code: string;
  readonly message: string;
  /** False: the player waits for `play()`. */
  readonly retrying: boolean;
}

/** `stream`: the server tells what the stream is. */
export interface StreamDetail {
  readonly status: StreamStatus;
}

/** `layer`: another layer of a simulcast stream is shown, or none. */
export interface LayerDetail {
  /** Null: none, or the stream has no layers. */
  readonly rid: string | null;
  /** The layer that the viewer chose; null: automatic. */
  readonly pinned: string | null;
}

/** The events of `<millrace-player>`, by name. None of them bubbles. */
export interface PlayerEventMap {
  readonly statechange: CustomEvent<StateChangeDetail>;
  readonly transport: CustomEvent<TransportDetail>;
  readonly latency: CustomEvent<LatencyDetail>;
  readonly error: CustomEvent<ErrorDetail>;
  readonly layer: CustomEvent<LayerDetail>;
  readonly stream: CustomEvent<StreamDetail>;
  /** The publisher sent a message on one of the stream's data channels; with the attribute `data` only. */
  readonly data: CustomEvent<DataMessage>;
}

/** Figures of `stats()`; rates are over about the last second. */
export interface PlayerStats extends MediaStats {
  readonly state: PlayerStateType;
  readonly transport: TransportName | undefined;
  /** Of the newest frame, milliseconds. */
  readonly latencyMs: number | undefined;
}
