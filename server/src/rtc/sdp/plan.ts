import type { AnswerPreferences, SendMedia } from "../peer.ts";
import { type AnsweredExtension, chooseExtensions } from "./extensions.ts";
import type { Offer, OfferedMedia } from "./offer.ts";
import { chooseH264, chooseOpus, type SendCodec } from "./send-codec.ts";

/** What a sender calls its streams; the same in every answer, so that a later one changes nothing. */
export interface SenderIdentity {
  readonly cname: string;
  readonly streamId: string;
  readonly video: { readonly ssrc: number; readonly rtxSsrc: number; readonly trackId: string };
  readonly audio: { readonly ssrc: number; readonly trackId: string };
}

/** What the answer says about one m-line of the offer. */
export type PlannedMedia =
  /** Port 0. */
  | { readonly type: "rejected"; readonly offered: OfferedMedia }
  /** Kept for later, nothing flows. */
  | { readonly type: "inactive"; readonly offered: OfferedMedia; readonly codec: SendCodec }
  | {
      readonly type: "send";
      readonly offered: OfferedMedia;
      readonly codec: SendCodec;
      readonly extensions: readonly AnsweredExtension[];
      readonly media: SendMedia;
      readonly trackId: string;
    };

/**
 * Decides on which m-lines a sender sends: one video and one audio, those it used before if they are
 * still there. `previous` are the mids of the answer before.
 */
export function planAnswer(
  offer: Offer,
  preferences: AnswerPreferences,
  identity: SenderIdentity,
  previous: readonly SendMedia[],
): readonly PlannedMedia[] {
  const codecs = new Map<OfferedMedia, SendCodec>();
  for (const offered of offer.media) {
    if (!offered.usable) continue;
    const codec =
      offered.kind === "video" ? chooseH264(offered.line, preferences) : chooseOpus(offered.line);
    if (codec !== undefined) codecs.set(offered, codec);
  }
  const video = chooseLine("video", codecs, previous);
  const audio = chooseLine("audio", codecs, previous);
  return offer.media.map((offered): PlannedMedia => {
    const codec = codecs.get(offered);
    if (codec === undefined) return { type: "rejected", offered };
    if (offered === video || offered === audio) return plannedSend(offered, codec, identity);
    return receives(offered) ? { type: "rejected", offered } : { type: "inactive", offered, codec };
  });
}

/** The mid it had before, or the first line that wants media. */
function chooseLine(
  kind: "video" | "audio",
  codecs: ReadonlyMap<OfferedMedia, SendCodec>,
  previous: readonly SendMedia[],
): OfferedMedia | undefined {
  const mid = previous.find((media) => media.kind === kind)?.mid;
  const lines = [...codecs.keys()].filter((line) => line.kind === kind && receives(line));
  return lines.find((line) => line.mid === mid) ?? lines[0];
}

function receives(line: OfferedMedia): boolean {
  return line.direction === "recvonly" || line.direction === "sendrecv";
}

function plannedSend(
  offered: OfferedMedia,
  codec: SendCodec,
  identity: SenderIdentity,
): PlannedMedia {
  const { ids, answered } = chooseExtensions(offered.extensions, offered.mid);
  const video = offered.kind === "video";
  const own = video ? identity.video : identity.audio;
  const { rtxPayloadType } = codec;
  const nack = codec.feedback.some((entry) => entry.type === "nack" && entry.subtype === undefined);
  const rtx =
    video && nack && rtxPayloadType !== undefined
      ? { payloadType: rtxPayloadType, ssrc: identity.video.rtxSsrc }
      : undefined;
  return {
    type: "send",
    offered,
    codec,
    extensions: answered,
    trackId: own.trackId,
    media: {
      kind: video ? "video" : "audio",
      mid: offered.mid,
      codec: codec.codec,
      payloadType: codec.payloadType,
      clockRate: codec.clockRate,
      formats: [
        {
          codec: codec.codec,
          payloadType: codec.payloadType,
          clockRate: codec.clockRate,
          profileLevelId: undefined,
          rtxPayloadType: rtx?.payloadType,
        },
      ],
      ssrc: own.ssrc,
      cname: identity.cname,
      rtx,
      nack,
      extensions: ids,
    },
  };
}
