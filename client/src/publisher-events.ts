import type { StreamStatus } from "@millrace/signaling/session";
import type { DataMessage } from "./player/data-port.ts";
import type { SendStats } from "./publisher/send-stats-delta.ts";
import type { PublisherStateType } from "./publisher/state.ts";

/** `statechange`: the publisher does something else now. */
export interface PublisherStateDetail {
  readonly state: PublisherStateType;
  readonly previous: PublisherStateType;
}

/** `error`: something keeps the stream, or one of its sources, away. */
export interface PublisherErrorDetail {
  /** Of the server, of the connection, or of a device, such as `CAMERA_DENIED`. */
  readonly code: string;
  readonly message: string;
  /** True: it is made good without anybody's help. */
  readonly retrying: boolean;
}

/** `stats`: once a second while live. */
export interface PublisherStatsDetail {
  readonly stats: SendStats;
}

/** `stream`: the server tells what the stream is, and how many watch. */
export interface PublisherStreamDetail {
  readonly status: StreamStatus;
}

/** The events of `<millrace-publisher>`, by name. None of them bubbles. */
export interface PublisherEventMap {
  readonly statechange: CustomEvent<PublisherStateDetail>;
  readonly error: CustomEvent<PublisherErrorDetail>;
  readonly stats: CustomEvent<PublisherStatsDetail>;
  readonly stream: CustomEvent<PublisherStreamDetail>;
  /** A viewer sent a message on one of the stream's data channels. */
  readonly data: CustomEvent<DataMessage>;
}
