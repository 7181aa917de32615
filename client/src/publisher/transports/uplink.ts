import type { StreamStatus } from "@millrace/signaling/session";
import type { StreamAddress } from "../../player/address.ts";
import type { DataPort } from "../../player/data-port.ts";
import type { CodecCapability } from "../codecs.ts";
import type { AudioPlan, VideoPlan } from "../encodings.ts";
import type { SendSample } from "../send-stats.ts";

/** What is sent, and how. */
export interface SentMedia {
  readonly video: { readonly track: MediaStreamTrack; readonly plan: VideoPlan } | undefined;
  readonly audio: { readonly track: MediaStreamTrack; readonly plan: AudioPlan } | undefined;
  /** What to offer for video; undefined: everything. Counts for a session as long as it lives. */
  readonly codecs: readonly CodecCapability[] | undefined;
}

/** What an uplink tells its owner. Never called from inside a call into the uplink. */
export interface UplinkEvents {
  /** The signaling connection came up or went down. Media may flow without it. */
  link(up: boolean): void;
  status(status: StreamStatus): void;
  /** The media connection stands, for the first time or again. */
  connected(): void;
  /** The media connection is broken; another way is looked for. */
  interrupted(): void;
  /** The session could not be made, broke for good, or was ended by the server. */
  failed(code: string, message: string): void;
  /** The server does not know the session any more. */
  lost(): void;
}

/** The way by which media reaches the server. Tries each session once: whether to try again is the owner's decision. */
export interface Uplink {
  /** Makes the way to the server and keeps it up; `link` tells. */
  open(): void;
  /** Asks for a session and sends what `setMedia` gave; the session before ends. */
  begin(takeOver: boolean): void;
  /** Ends the session; the way stays. */
  leave(): void;
  /** Sends this from now on. Tracks stay their owner's. */
  setMedia(media: SentMedia): void;
  /** Ends everything; nothing is told afterwards. May be called twice. */
  close(): void;
  /** Counters of the present session; undefined without one. */
  sample(): Promise<SendSample | undefined>;
}

/** Makes an uplink for one stream; it does nothing until `open`. Throws where the browser has no WebRTC. */
export type UplinkFactory = (
  address: StreamAddress,
  events: UplinkEvents,
  /** Takes each peer connection, for its data channels; absent: there are none. */
  data?: DataPort,
) => Uplink;

/** Nothing to send yet. */
export const noMedia: SentMedia = { video: undefined, audio: undefined, codecs: undefined };
