import { z } from "zod";
import type { StreamHealth } from "../../core/index.ts";
import { amount, code, count, documentOf, text, time } from "./schema.ts";
import {
  type PublisherDocument,
  publisherSchema,
  type ViewerDocument,
  viewerSchema,
} from "./sessions.ts";
import { type TrackDocument, trackSchema } from "./tracks.ts";

/** Advice to the publisher. */
export interface HintDocument {
  readonly code: string;
  readonly message: string;
}

export interface ViewerCounts {
  readonly count: number;
  readonly clients: number;
  readonly byTransport: Readonly<Record<string, number>>;
}

/** A stream as whoever may watch it may know it. */
export interface PublicStream {
  readonly name: string;
  readonly state: "live" | "waiting" | "ended";
  readonly startedAt: string;
  readonly tracks: readonly TrackDocument[];
  readonly hints: readonly HintDocument[];
  readonly health: StreamHealth;
  readonly viewers: ViewerCounts;
  readonly listeners: number;
}

export interface ListedStream extends PublicStream {
  readonly publisher: PublisherDocument | null;
}

/** One stream: what is optional is for administrators. */
export interface StreamDocument extends PublicStream {
  readonly publisher?: PublisherDocument | null | undefined;
  readonly viewerList?: readonly ViewerDocument[] | undefined;
}

export interface StreamsDocument {
  readonly streams: readonly ListedStream[];
  readonly next: string | null;
}

const hintSchema: z.ZodType<HintDocument> = documentOf<HintDocument>(
  "Hint",
  "Advice to the publisher.",
  { code, message: text },
);

const healthSchema: z.ZodType<StreamHealth> = documentOf<StreamHealth>(
  "StreamHealth",
  "How well a stream is fed.",
  {
    buffer: z.enum(["EMPTY", "FULL", "DRY", "RECOVER"]),
    sinceMs: count.describe("Since when it is in that state. Milliseconds since 1970."),
    lagMs: count.describe("How far the publisher is behind its own best."),
    speed: amount.describe("Media time per time, of the last two seconds; 1 is real time."),
  },
);

const publicMembers = {
  name: text,
  state: z.enum(["live", "waiting", "ended"]),
  startedAt: time,
  tracks: z.array(trackSchema),
  hints: z.array(hintSchema),
  health: healthSchema,
  viewers: documentOf<ViewerCounts>("ViewerCounts", "How many watch.", {
    count,
    clients: count.describe("Those who are here several times counted once."),
    byTransport: z.record(z.string(), count),
  }),
  listeners: count.describe("Who follow events without media, and are no viewers."),
};

export const streamSchema: z.ZodType<StreamDocument> = documentOf<StreamDocument>(
  "Stream",
  "One stream. Publisher, figures of tracks and the list of viewers are for administrators.",
  {
    ...publicMembers,
    publisher: publisherSchema.nullable().optional(),
    viewerList: z.array(viewerSchema).optional(),
  },
);

export const streamsSchema: z.ZodType<StreamsDocument> = documentOf<StreamsDocument>(
  "Streams",
  "A page of streams, by name.",
  {
    streams: z.array(
      documentOf<ListedStream>("ListedStream", "One stream of the list.", {
        ...publicMembers,
        publisher: publisherSchema.nullable().describe("null while nobody publishes."),
      }),
    ),
    next: text.nullable().describe("Asks for the next page as `after`; null: this is the last."),
  },
);

/** Streams that somebody looks at. */
export interface FiguresDocument {
  readonly streams: readonly StreamDocument[];
}

export const figuresSchema: z.ZodType<FiguresDocument> = documentOf<FiguresDocument>(
  "Figures",
  "Streams that somebody looks at, without their viewers one by one.",
  { streams: z.array(streamSchema) },
);
