import type { RtpVideoCodec } from "@millrace/media/rtp";
import type { PayloadFormat } from "../peer.ts";

/** What the payload types of one m-line mean. */
export class LineFormats {
  readonly #plain: (PayloadFormat | undefined)[] = [];
  readonly #repeated: (PayloadFormat | undefined)[] = [];

  constructor(formats: readonly PayloadFormat[]) {
    for (const format of formats) {
      // No payload format of it is known here.
      if (format.codec === "h265") continue;
      this.#plain[format.payloadType] = format;
      if (format.rtxPayloadType !== undefined) this.#repeated[format.rtxPayloadType] = format;
    }
  }

  /** Undefined for a payload type that is not negotiated or carries retransmissions. */
  plain(payloadType: number): PayloadFormat | undefined {
    return this.#plain[payloadType];
  }

  /** The format whose retransmissions have this payload type. RFC 4588 section 8.6. */
  repeated(payloadType: number): PayloadFormat | undefined {
    return this.#repeated[payloadType];
  }

  has(payloadType: number): boolean {
    return this.#plain[payloadType] !== undefined || this.#repeated[payloadType] !== undefined;
  }
}

/** Undefined for sound, and for what has no payload format here. */
export function videoCodecOf({ codec }: PayloadFormat): RtpVideoCodec | undefined {
  return codec === "opus" || codec === "h265" ? undefined : codec;
}
