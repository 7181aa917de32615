import type { DataMedia, ReceiveMedia, SendMedia } from "../peer.ts";
import { readDataLine } from "./data-channel.ts";
import type { AnsweredExtension } from "./extensions.ts";
import type { LineCodec } from "./line-codec.ts";
import type { Offer, OfferedMedia } from "./offer.ts";
import type { Layer } from "./simulcast.ts";

/** What the answer says about one m-line of the offer. */
export type PlannedMedia =
  /** Port 0. */
  | { readonly type: "rejected"; readonly offered: OfferedMedia }
  /** Kept for later, nothing flows. */
  | {
      readonly type: "inactive";
      readonly offered: OfferedMedia;
      readonly codecs: readonly LineCodec[];
    }
  | {
      readonly type: "send";
      readonly offered: OfferedMedia;
      readonly codecs: readonly LineCodec[];
      readonly extensions: readonly AnsweredExtension[];
      readonly media: SendMedia;
      /** RFC 8830: the stream and the track that the line belongs to. */
      readonly streamId: string;
      readonly trackId: string;
    }
  | {
      readonly type: "receive";
      readonly offered: OfferedMedia;
      readonly codecs: readonly LineCodec[];
      readonly extensions: readonly AnsweredExtension[];
      readonly layers: readonly Layer[];
      readonly media: ReceiveMedia;
    }
  | { readonly type: "data"; readonly offered: OfferedMedia; readonly media: DataMedia };

/** What the answer before has used; nothing before the first one. */
export interface UsedLines {
  readonly media: readonly { readonly kind: "video" | "audio"; readonly mid: string }[];
  readonly dataMid: string | undefined;
}

/** How one kind of peer answers the m-lines of an offer. */
export interface Planner {
  /**
   * One entry per m-line, in order. `before` is undefined for the first offer. Changes nothing.
   * @throws ProtocolError `SDP_UNSUPPORTED` when nothing could flow that the peer is there for.
   */
  plan(offer: Offer, before: UsedLines | undefined): readonly PlannedMedia[];
}

/** The answerer-tagged m-line, to which the shared transport belongs. RFC 9143 section 7.3.1. */
export function taggedMid(
  bundle: readonly string[],
  media: readonly PlannedMedia[],
): string | undefined {
  const accepted = media.flatMap(({ type, offered }) => (type === "rejected" ? [] : [offered.mid]));
  return bundle.find((mid) => accepted.includes(mid)) ?? accepted[0];
}

/** The line that had `mid` before, or else the first. */
export function stayOrFirst(
  lines: readonly OfferedMedia[],
  mid: string | undefined,
): OfferedMedia | undefined {
  return lines.find((line) => line.mid === mid) ?? lines[0];
}

/** Takes one m-line for data channels, as before if it is still there. */
export function planData(offer: Offer, before: UsedLines | undefined): PlannedMedia | undefined {
  const lines = offer.media.filter(({ usable, kind }) => usable && kind === "application");
  const offered = stayOrFirst(lines, before?.dataMid);
  if (offered === undefined) return undefined;
  return { type: "data", offered, media: readDataLine(offered.line, offered.mid) };
}
