import type { PayloadFormat, RtcCodec, SendMedia } from "../peer.ts";
import { HeaderTemplate } from "./header-template.ts";

/** The headers of one m-line for one codec. */
export interface CodecHeaders {
  readonly plain: HeaderTemplate;
  /** With the capture time. */
  readonly timed: HeaderTemplate;
  /** Of retransmissions; absent when the peer takes none. */
  readonly rtxPlain: HeaderTemplate | undefined;
  readonly rtxTimed: HeaderTemplate | undefined;
}

/** Makes the headers of an m-line for each codec that may be sent on it, when they are needed. */
export class LineHeaders {
  readonly #media: SendMedia;
  readonly #counted: boolean;
  readonly #made = new Map<RtcCodec, CodecHeaders>();
  /** What was asked for last, for that is asked for with every frame. */
  #lastCodec: RtcCodec | undefined;
  #last: CodecHeaders | undefined;

  /** `counted`: packets have a transport-wide sequence number. */
  constructor(media: SendMedia, counted: boolean) {
    this.#media = media;
    this.#counted = counted;
  }

  /** Undefined when the peer does not take that codec. */
  of(codec: RtcCodec): CodecHeaders | undefined {
    if (codec !== this.#lastCodec) {
      this.#last = this.#find(codec);
      this.#lastCodec = codec;
    }
    return this.#last;
  }

  #find(codec: RtcCodec): CodecHeaders | undefined {
    const made = this.#made.get(codec);
    if (made !== undefined) return made;
    const format = this.#media.formats.find((candidate) => candidate.codec === codec);
    if (format === undefined) return undefined;
    const headers = this.#make(format);
    this.#made.set(codec, headers);
    return headers;
  }

  #make({ payloadType, rtxPayloadType }: PayloadFormat): CodecHeaders {
    const media = this.#media;
    const counted = this.#counted;
    const stream = { ssrc: media.ssrc, payloadType };
    const plain = new HeaderTemplate(media, stream, { timed: false, counted });
    const timed = new HeaderTemplate(media, stream, { timed: true, counted });
    if (media.rtx === undefined || rtxPayloadType === undefined) {
      return { plain, timed, rtxPlain: undefined, rtxTimed: undefined };
    }
    const rtx = { ssrc: media.rtx.ssrc, payloadType: rtxPayloadType };
    return {
      plain,
      timed,
      rtxPlain: new HeaderTemplate(media, rtx, { timed: false, counted }),
      rtxTimed: new HeaderTemplate(media, rtx, { timed: true, counted }),
    };
  }
}
