import { partsMediaType, writeRecordHead } from "@millrace/media/parts";
import { type EventLog, type LoggedEvent, makeEvent } from "./event-log.ts";
import { PartCursor } from "./part-cursor.ts";
import { type Place, writePlace } from "./place.ts";
import type { PollSession } from "./poll-sessions.ts";

/** The body of an answer; the bytes may be shared with other answers. */
export interface Answer {
  readonly type: string;
  readonly pieces: readonly Uint8Array[];
  readonly bytes: number;
  /** Where the client stands after it. */
  readonly next: string;
  readonly parts: number;
  /** Parts that the client was not given. */
  readonly missed: number;
}

/** Makes answers of events only; everybody who waits for the same event gets the same bytes. */
export class EventAnswers {
  readonly #latest = new WeakMap<EventLog, { readonly seq: number; readonly answer: Answer }>();

  /** What a client at that place lacks; undefined: nothing. */
  after(log: EventLog, place: Place | undefined): Answer | undefined {
    const events = log.after(place);
    if (events.length === 0) return undefined;
    if (place === undefined || events[0]?.name === "reset") return jsonAnswer(log, events);
    const next = writePlace(log.epoch, log.head);
    const latest = this.#latest.get(log);
    if (latest?.seq === place.seq && latest.answer.next === next) return latest.answer;
    const answer = jsonAnswer(log, events);
    this.#latest.set(log, { seq: place.seq, answer });
    return answer;
  }
}

function jsonAnswer(log: EventLog, events: readonly LoggedEvent[]): Answer {
  const list = events.map(({ seq, name, json }) => {
    return `{"id":"${writePlace(log.epoch, seq)}","event":"${name}","data":${json}}`;
  });
  const next = writePlace(log.epoch, log.head);
  const body = Buffer.from(`{"events":[${list.join(",")}],"next":"${next}"}\n`);
  const type = "application/json";
  return { type, pieces: [body], bytes: body.length, next, parts: 0, missed: 0 };
}

/** Events and parts that a client at that place lacks; undefined: nothing. The part that reaches `maxBytes` is the last. */
export function answerMedia(
  log: EventLog,
  session: PollSession,
  place: Place | undefined,
  maxBytes: number,
): Answer | undefined {
  const { feed } = session;
  const cursor = new PartCursor(feed, place?.media, true);
  const events = log.after(place);
  if (events.length === 0 && !cursor.pending) return undefined;
  const pieces = events.map((event) => eventRecord(log, event));
  let media = 0;
  let parts = 0;
  while (media < maxBytes) {
    const part = cursor.take();
    const missed = cursor.takeGap();
    if (missed !== undefined) pieces.push(writeRecordHead({ type: "gap", missed }));
    if (part === undefined) break;
    if (cursor.newInit) pieces.push(feed.initHead(part.init), part.init.bytes);
    pieces.push(feed.partHead(part), part.bytes);
    media += part.bytes.length;
    parts++;
  }
  if (pieces.length === 0) return undefined;
  const next = writePlace(log.epoch, log.head, feed.id, cursor.last);
  return mediaAnswer(pieces, session, next, parts, cursor.missed);
}

/** The last word to a client: no more comes, for that reason. */
export function farewell(log: EventLog, session: PollSession | undefined, reason: string): Answer {
  const bye = makeEvent(log.head, "bye", { reason });
  if (session === undefined) return jsonAnswer(log, [bye]);
  const next = writePlace(log.epoch, log.head);
  return mediaAnswer([eventRecord(log, bye)], session, next, 0, 0);
}

function eventRecord(log: EventLog, event: LoggedEvent): Uint8Array {
  const id = writePlace(log.epoch, event.seq);
  return writeRecordHead({ type: "event", id, event: event.name, data: JSON.parse(event.json) });
}

function mediaAnswer(
  pieces: Uint8Array[],
  session: PollSession,
  next: string,
  parts: number,
  missed: number,
): Answer {
  pieces.push(writeRecordHead({ type: "end", next, session: session.id }));
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return { type: partsMediaType, pieces, bytes, next, parts, missed };
}
