import { readU24 } from "@millrace/media/flv";
import { ProtocolError } from "../core/errors.ts";
import { MessageType, type RtmpMessage } from "./message.ts";

const subHeaderBytes = 11;
const backPointerBytes = 4;

/**
 * Takes an aggregate message apart. RTMP 1.0 section 7.1.6: FLV tags whose times are moved so that
 * the first has the aggregate's own time.
 */
export class AggregateReader {
  readonly #message: RtmpMessage;
  #at = 0;
  #offsetMs: number | undefined;

  constructor(message: RtmpMessage) {
    this.#message = message;
  }

  /** The next message inside; undefined at the end. @throws ProtocolError `RTMP_AGGREGATE_INVALID`. */
  next(): RtmpMessage | undefined {
    const { payload, streamId } = this.#message;
    const at = this.#at;
    if (at === payload.length) return undefined;
    if (payload.length - at < subHeaderBytes) throw invalid("a header is cut off");
    const type = payload[at] ?? 0;
    const end = at + subHeaderBytes + readU24(payload, at + 1);
    if (end > payload.length) throw invalid("a message is cut off");
    if (type !== MessageType.audio && type !== MessageType.video && type !== MessageType.data) {
      throw invalid(`it holds a message of type ${type}`);
    }
    const time = (readU24(payload, at + 4) | ((payload[at + 7] ?? 0) << 24)) >>> 0;
    this.#offsetMs ??= this.#message.timestampMs - time;
    // The last back pointer is left out by some.
    this.#at = Math.min(end + backPointerBytes, payload.length);
    return {
      type,
      streamId,
      timestampMs: (time + this.#offsetMs) >>> 0,
      payload: payload.subarray(at + subHeaderBytes, end),
    };
  }
}

function invalid(what: string): ProtocolError {
  return new ProtocolError("RTMP_AGGREGATE_INVALID", `aggregate message: ${what}`);
}
