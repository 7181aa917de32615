import { z } from "zod";
import { amount, code, count, documentOf, named, text, time } from "./schema.ts";

interface Event {
  readonly id: string;
  readonly at: string;
}
interface OfStream extends Event {
  readonly stream: string;
}
interface OfSession extends OfStream {
  readonly session: string;
  readonly transport: string;
  readonly address: string;
  readonly userAgent?: string | undefined;
  readonly user?: string | undefined;
}

interface SessionStarted extends OfSession {
  readonly type: "publish.started" | "play.started";
}
interface SessionEnded extends OfSession {
  readonly type: "publish.ended" | "play.ended";
  readonly reason: string;
  readonly seconds: number;
  readonly bytesSent?: number | undefined;
  readonly bytesReceived?: number | undefined;
}
interface StreamState extends OfStream {
  readonly type: "stream.live" | "stream.waiting" | "stream.ended";
  readonly reason: string;
}
interface StreamBuffer extends OfStream {
  readonly type: "stream.buffer";
  readonly buffer: string;
  readonly lagMs: number;
  readonly speed: number;
}
interface StreamHint extends OfStream {
  readonly type: "stream.hint";
  readonly code: string;
  readonly message: string;
}
interface EventsLost extends Event {
  readonly type: "events.lost";
  readonly count: number;
}

/** One thing that happened, in the shape in which hooks are told it too. */
export type EventDocument =
  | SessionStarted
  | SessionEnded
  | StreamState
  | StreamBuffer
  | StreamHint
  | EventsLost;

const event = { id: text.describe("The same in webhooks and events."), at: time };
const ofStream = { ...event, stream: text };
const ofSession = {
  ...ofStream,
  session: text.describe("The session's id."),
  transport: text,
  address: text,
  userAgent: text.optional(),
  user: text.optional(),
};
const ended = {
  ...ofSession,
  reason: code,
  seconds: amount,
  bytesSent: count.describe("To it, as far as its transport knows.").optional(),
  bytesReceived: count.optional(),
};

export const eventSchema: z.ZodType<EventDocument> = named<EventDocument>(
  "Event",
  "One thing that happened.",
  z.union([
    documentOf<SessionStarted>("SessionStarted", "Somebody began to publish or watch.", {
      type: z.enum(["publish.started", "play.started"]),
      ...ofSession,
    }),
    documentOf<SessionEnded>("SessionEnded", "Somebody ceased to publish or watch.", {
      type: z.enum(["publish.ended", "play.ended"]),
      ...ended,
    }),
    documentOf<StreamState>("StreamState", "A stream began, waits or ended.", {
      type: z.enum(["stream.live", "stream.waiting", "stream.ended"]),
      ...ofStream,
      reason: code,
    }),
    documentOf<StreamBuffer>("StreamBuffer", "A stream is fed better or worse.", {
      type: z.literal("stream.buffer"),
      ...ofStream,
      buffer: text.describe("EMPTY, FULL, DRY or RECOVER."),
      lagMs: count,
      speed: amount,
    }),
    documentOf<StreamHint>("StreamHint", "Advice to a publisher.", {
      type: z.literal("stream.hint"),
      ...ofStream,
      code,
      message: text,
    }),
    documentOf<EventsLost>("EventsLost", "Events that this listener missed.", {
      type: z.literal("events.lost"),
      ...event,
      count: count.describe("0: it is not known how many."),
    }),
  ]),
);
