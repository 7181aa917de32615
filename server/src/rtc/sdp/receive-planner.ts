import { randomBytes } from "node:crypto";
import { ProtocolError } from "@millrace/media/error";
import type { ReceiveMedia } from "../peer.ts";
import { encodingsOf } from "./encodings.ts";
import { chooseReceived } from "./extensions.ts";
import { type LineCodec, receiveAudio, receiveVideo } from "./line-codec.ts";
import type { Offer, OfferedMedia } from "./offer.ts";
import { type PlannedMedia, type Planner, planData, stayOrFirst, type UsedLines } from "./plan.ts";
import { chooseLayers, type Layer } from "./simulcast.ts";
import { randomSsrcs } from "./ssrc.ts";

/**
 * Where a browser's bandwidth estimate begins, kbit/s. Chromium begins at 300 by itself, and then sends
 * a 720p camera scaled down for its first many seconds although the link carries all of it.
 */
export const START_BITRATE_KBPS = 1_000;

const KINDS = ["video", "audio"] as const;
type Kind = (typeof KINDS)[number];

const TAKEN: { readonly [K in Kind]: string } = {
  video: "H.264, VP8, VP9 (profile 0) or AV1 (Main)",
  audio: "Opus (48000 Hz, 2 channels)",
};

/**
 * Answers publishers: receives one video and one audio line. The line used before stays in use while it
 * sends; another one that sends takes over when it does not.
 */
export class ReceivePlanner implements Planner {
  readonly #maxLayers: number;
  readonly #cname = randomBytes(12).toString("base64url");
  readonly #ssrcs: { readonly [K in Kind]: number };

  constructor(maxLayers: number) {
    this.#maxLayers = maxLayers;
    const [video = 1, audio = 2] = randomSsrcs(2);
    this.#ssrcs = { video, audio };
  }

  /**
   * @throws ProtocolError `SDP_UNSUPPORTED` when a kind of media is sent of which no line can be taken: a
   * publisher is never taken in part (RFC 9725 section 4.2).
   */
  plan(offer: Offer, before: UsedLines | undefined): readonly PlannedMedia[] {
    const codecs = new Map<OfferedMedia, readonly LineCodec[]>();
    for (const offered of offer.media) {
      const found = codecsOf(offered);
      if (found.length > 0) codecs.set(offered, found);
    }
    const chosen = new Set(KINDS.map((kind) => chooseLine(kind, offer, codecs, before)));
    if (before === undefined && ![...chosen].some((line) => line !== undefined && sends(line))) {
      throw unsupported("the offer sends neither video nor audio");
    }
    const data = planData(offer, before);
    return offer.media.map((offered): PlannedMedia => {
      if (offered === data?.offered) return data;
      const found = codecs.get(offered);
      if (found === undefined) return { type: "rejected", offered };
      return chosen.has(offered)
        ? this.#receive(offered, found)
        : { type: "inactive", offered, codecs: found };
    });
  }

  #receive(offered: OfferedMedia, codecs: readonly LineCodec[]): PlannedMedia {
    const kind = offered.kind === "video" ? "video" : "audio";
    const { ids, answered } = chooseReceived(offered.extensions);
    // Without rids in the packets nobody could tell the layers apart.
    const layers = kind === "video" && ids.rid !== undefined ? this.#layersOf(offered, codecs) : [];
    const feedback = (codecs[0]?.feedback ?? []).map(({ type, subtype }) =>
      subtype === undefined ? type : `${type} ${subtype}`,
    );
    // Nothing can be reported of packets that carry no number.
    const transportCc = feedback.includes("transport-cc") && ids.transportCc !== undefined;
    const media: ReceiveMedia = {
      kind,
      mid: offered.mid,
      formats: codecs.map(({ format }) => format),
      encodings: encodingsOf(offered.line, layers),
      extensions: ids,
      feedback: {
        nack: feedback.includes("nack"),
        pli: feedback.includes("nack pli"),
        fir: feedback.includes("ccm fir"),
        transportCc,
        remb: feedback.includes("goog-remb"),
      },
      localSsrc: this.#ssrcs[kind],
      cname: this.#cname,
      active: sends(offered),
    };
    const written = kind === "video" && transportCc ? codecs.map(withStartBitrate) : codecs;
    return { type: "receive", offered, codecs: written, extensions: answered, layers, media };
  }

  #layersOf({ line }: OfferedMedia, codecs: readonly LineCodec[]): readonly Layer[] {
    const payloadTypes = codecs.map(({ format }) => format.payloadType);
    return chooseLayers(line, payloadTypes, this.#maxLayers);
  }
}

function codecsOf({ usable, kind, line }: OfferedMedia): readonly LineCodec[] {
  if (!usable) return [];
  if (kind === "video") return receiveVideo(line);
  return kind === "audio" ? receiveAudio(line) : [];
}

/** For those who estimate their bandwidth from our reports; others have no start to be told. */
function withStartBitrate(codec: LineCodec): LineCodec {
  const start = `x-google-start-bitrate=${START_BITRATE_KBPS}`;
  return { ...codec, fmtp: codec.fmtp === undefined ? start : `${codec.fmtp};${start}` };
}

function chooseLine(
  kind: Kind,
  offer: Offer,
  codecs: ReadonlyMap<OfferedMedia, unknown>,
  before: UsedLines | undefined,
): OfferedMedia | undefined {
  const mid = before?.media.find((media) => media.kind === kind)?.mid;
  const lines = [...codecs.keys()].filter((line) => line.kind === kind);
  const sending = stayOrFirst(lines.filter(sends), mid);
  if (sending !== undefined) return sending;
  const wanted = offer.media.filter((line) => line.kind === kind && !line.rejected && sends(line));
  if (wanted.some(({ usable }) => usable)) {
    throw unsupported(`the offer's ${kind} is none of ${TAKEN[kind]}`);
  }
  if (wanted.length > 0) {
    throw unsupported(`the offer's ${kind} is not on the transport of its BUNDLE group`);
  }
  return lines.find((line) => line.mid === mid);
}

function sends({ direction }: OfferedMedia): boolean {
  return direction === "sendonly" || direction === "sendrecv";
}

function unsupported(message: string): ProtocolError {
  return new ProtocolError("SDP_UNSUPPORTED", message);
}
