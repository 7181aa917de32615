import type { MediaKind } from "@millrace/media/frame";
import type { ConnectRequest } from "./connect.ts";
import type { StreamKey } from "./stream-key.ts";

/** What a peer wants to publish or play. */
export interface RoleRequest extends StreamKey {
  /** Message stream on which it asked. */
  readonly streamId: number;
  readonly connect: ConnectRequest;
}

/** What stops a session until it is told `accept` or `refuse`. */
export type Question =
  | { readonly type: "connect"; readonly request: ConnectRequest }
  | { readonly type: "publish" | "play"; readonly request: RoleRequest };

/** What happened in a session. */
export type SessionEvent =
  | Question
  | {
      /** From a publisher: an FLV tag, in the order in which it came. */
      readonly type: "tag";
      /** 8 audio, 9 video, 18 script data. */
      readonly tagType: number;
      /** Milliseconds, wraps at 2^32. */
      readonly timestampMs: number;
      readonly body: Uint8Array;
    }
  | { readonly type: "pause"; readonly paused: boolean }
  /** `receiveAudio` and `receiveVideo`. */
  | { readonly type: "select"; readonly kind: MediaKind; readonly wanted: boolean }
  /** The peer ended its role; it may begin another. */
  | { readonly type: "stopped" };
