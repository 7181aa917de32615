import { parseTextRecord } from "@millrace/media/parts";
import { type SseEvent, SseReader } from "@millrace/media/text";
import type { ByteStream, OpenByteStream } from "./byte-stream.ts";
import type { RecordEvents, RecordSource } from "./record-source.ts";

/** Events whose data is a record by itself; the others are events of the stream. */
const mediaEvents: ReadonlySet<string> = new Set(["init", "part", "gap"]);

/**
 * Records by server-sent events (WHATWG HTML section 9.2). Read from a plain request, for `EventSource` tells
 * neither why it was refused nor how much came, and goes on by itself after a break.
 */
export function openSseRecords(open: OpenByteStream, events: RecordEvents): RecordSource {
  const reader = new SseReader();
  let over = false;
  const stream: ByteStream = open({
    answered: (yes) => events.answered(yes),
    bytes(chunk) {
      if (over) return;
      events.received(chunk.byteLength);
      try {
        for (const event of reader.receive(chunk)) if (!over) take(event, events);
      } catch {
        over = true;
        stream.close();
        events.ended("MEDIA_ERROR", "");
      }
    },
    ended(code, message) {
      over = true;
      events.ended(code, message);
    },
  });
  return {
    close() {
      over = true;
      stream.close();
    },
  };
}

function take(event: SseEvent, events: RecordEvents): void {
  if (mediaEvents.has(event.event)) {
    const record = parseTextRecord(event.data);
    if (record !== undefined) events.record(record);
    return;
  }
  const data: unknown = JSON.parse(event.data);
  events.record({ type: "event", id: event.id, event: event.event, data });
}
