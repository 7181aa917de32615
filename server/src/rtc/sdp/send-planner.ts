import { ProtocolError } from "@millrace/media/error";
import { randomText } from "../../core/random.ts";
import type { AnswerPreferences, PayloadFormat } from "../peer.ts";
import { chooseSent } from "./extensions.ts";
import { type LineCodec, sendAudio, sendVideo } from "./line-codec.ts";
import type { Offer, OfferedMedia } from "./offer.ts";
import { type PlannedMedia, type Planner, planData, stayOrFirst, type UsedLines } from "./plan.ts";
import { randomSsrcs } from "./ssrc.ts";

/** What a sender calls its streams; the same in every answer, so that a later one changes nothing. */
interface Identity {
  readonly cname: string;
  readonly streamId: string;
  readonly video: { readonly ssrc: number; readonly rtxSsrc: number; readonly trackId: string };
  readonly audio: { readonly ssrc: number; readonly trackId: string };
}

/** Answers viewers: sends one video and one audio line, those it used before if they are still there. */
export class SendPlanner implements Planner {
  readonly #preferences: AnswerPreferences;
  readonly #identity: Identity = createIdentity();

  constructor(preferences: AnswerPreferences) {
    this.#preferences = preferences;
  }

  /** @throws ProtocolError `SDP_UNSUPPORTED` when no line could carry media of ours. */
  plan(offer: Offer, before: UsedLines | undefined): readonly PlannedMedia[] {
    const codecs = new Map<OfferedMedia, readonly LineCodec[]>();
    for (const offered of offer.media) {
      const found = this.#codecsOf(offered);
      if (found.length > 0) codecs.set(offered, found);
    }
    const video = chooseLine("video", codecs, before);
    const audio = chooseLine("audio", codecs, before);
    const data = planData(offer, before);
    const planned = offer.media.map((offered): PlannedMedia => {
      if (offered === data?.offered) return data;
      const found = codecs.get(offered);
      if (found === undefined) return { type: "rejected", offered };
      if (offered === video || offered === audio) return this.#send(offered, found);
      return wantsMedia(offered)
        ? { type: "rejected", offered }
        : { type: "inactive", offered, codecs: found };
    });
    const useful = before === undefined ? ["send"] : ["send", "inactive", "data"];
    if (!planned.some(({ type }) => useful.includes(type))) {
      throw new ProtocolError(
        "SDP_UNSUPPORTED",
        "the offer can receive neither video (H.264 with packetization-mode 1, VP8, VP9, AV1, H.265) nor Opus",
      );
    }
    return planned;
  }

  #codecsOf({ usable, kind, line }: OfferedMedia): readonly LineCodec[] {
    if (!usable) return [];
    if (kind === "video") return sendVideo(line, this.#preferences);
    return kind === "audio" ? sendAudio(line) : [];
  }

  #send(offered: OfferedMedia, codecs: readonly LineCodec[]): PlannedMedia {
    const { cname, streamId, video, audio } = this.#identity;
    const kind = offered.kind === "video" ? "video" : "audio";
    const { ids, answered } = chooseSent(offered.extensions, offered.mid);
    const [first] = codecs;
    if (first === undefined) throw new Error("a line without codecs");
    const { codec, payloadType, clockRate, rtxPayloadType } = first.format;
    // One stream of retransmissions serves all formats: without one for the first there is none.
    const rtx =
      rtxPayloadType === undefined || kind === "audio"
        ? undefined
        : { payloadType: rtxPayloadType, ssrc: video.rtxSsrc };
    const answeredCodecs = rtx === undefined ? codecs.map(withoutRtx) : codecs;
    const formats: readonly PayloadFormat[] = answeredCodecs.map(({ format }) => format);
    return {
      type: "send",
      offered,
      codecs: answeredCodecs,
      extensions: answered,
      streamId,
      trackId: kind === "video" ? video.trackId : audio.trackId,
      media: {
        kind,
        mid: offered.mid,
        codec,
        payloadType,
        clockRate,
        formats,
        ssrc: kind === "video" ? video.ssrc : audio.ssrc,
        cname,
        rtx,
        nack: first.feedback.some(({ type, subtype }) => type === "nack" && subtype === undefined),
        extensions: ids,
      },
    };
  }
}

function chooseLine(
  kind: "video" | "audio",
  codecs: ReadonlyMap<OfferedMedia, unknown>,
  before: UsedLines | undefined,
): OfferedMedia | undefined {
  const lines = [...codecs.keys()].filter((line) => line.kind === kind && wantsMedia(line));
  return stayOrFirst(lines, before?.media.find((media) => media.kind === kind)?.mid);
}

function wantsMedia({ direction }: OfferedMedia): boolean {
  return direction === "recvonly" || direction === "sendrecv";
}

function withoutRtx(codec: LineCodec): LineCodec {
  return { ...codec, format: { ...codec.format, rtxPayloadType: undefined } };
}

function createIdentity(): Identity {
  const [video = 1, rtx = 2, audio = 3] = randomSsrcs(3);
  return {
    cname: randomText(12, "base64url"),
    streamId: randomText(12, "hex"),
    video: { ssrc: video, rtxSsrc: rtx, trackId: randomText(12, "hex") },
    audio: { ssrc: audio, trackId: randomText(12, "hex") },
  };
}
