import type { LayerPreference, StreamStatus } from "@millrace/signaling/session";
import type { StreamAddress } from "../address.ts";
import type { LatencySample } from "../latency.ts";
import type { StatsSample } from "../stats.ts";

/** The ways by which media reaches the player, as named in events and metrics. */
export type TransportName = "webrtc" | "webrtc-relay";

/** What a transport tells its owner. Never called from inside a call into the transport. */
export interface TransportEvents {
  /** The way to the server came up or went down. Media may flow without it. */
  link(up: boolean): void;
  /** What the stream is and has; at once after a join and at every change. */
  stream(status: StreamStatus): void;
  /** The layer of a simulcast stream that is shown from now on; null: none, or there are no layers. */
  layer(rid: string | null): void;
  /** Media to show from now on; replaces what was shown. */
  media(source: MediaProvider): void;
  /** The session could not be made, broke, or was ended by the server. `code` is stable, `message` is the server's sentence or empty. */
  failed(code: string, message: string): void;
  /** The server does not know the session any more; media may still flow. */
  lost(): void;
}

/** A frame that the browser shows. */
export interface ShownFrame {
  /** RTP time of the frame, where the browser tells it. */
  readonly rtpTime: number | undefined;
  /** When it is on the screen, monotonic milliseconds. */
  readonly shownAtMs: number;
}

/** One way to play one stream. Tries each join once: when and whether to try again is the owner's decision. */
export interface Transport {
  /** How media comes now; may change while playing. */
  readonly name: TransportName;
  /** Makes the way to the server and keeps it up; `link` tells. */
  open(): void;
  /** Asks for media. A session that plays is replaced only when the new one has media. */
  join(): void;
  /** Ends the session; the way stays. */
  leave(): void;
  /** Ends everything; nothing is told afterwards. May be called twice. */
  close(): void;
  /** Says which layer suits, for this session and the next ones; what is absent stays as it was. May be called often. */
  prefer(preference: LayerPreference): void;
  /** Takes each shown frame; gives its age where that can be known. */
  frame(frame: ShownFrame): LatencySample | undefined;
  /** Counters of the session that is shown; undefined without one. */
  sample(): Promise<StatsSample | undefined>;
}

/** Makes a transport for one stream; it does nothing until `open`. */
export type TransportFactory = (address: StreamAddress, events: TransportEvents) => Transport;
