import { z } from "zod";
import type { PageQuery } from "../page.ts";
import { queryOf } from "./schema.ts";

export const maxPerPage = 1000;
/** Streams that one request may ask the figures of. */
export const maxFigureStreams = 64;
export const defaultPerPage = 100;

export interface StreamsQuery extends PageQuery {
  readonly shape?: Shape | undefined;
  readonly state?: "live" | "waiting" | undefined;
  readonly prefix?: string | undefined;
  readonly start?: number | undefined;
  readonly count?: number | undefined;
}
export interface StreamQuery {
  readonly shape?: Shape | undefined;
}
export interface SessionsQuery extends PageQuery {
  readonly stream?: string | undefined;
  readonly transport?: string | undefined;
}
export interface FiguresQuery {
  /** Names with commas between them. */
  readonly streams: string;
}
export interface HistoryQuery {
  /** Milliseconds since 1970. */
  readonly after?: number | undefined;
}
export interface EventsQuery {
  readonly stream?: string | undefined;
  readonly after?: string | undefined;
}
export interface SrsPageQuery {
  readonly start?: number | undefined;
  readonly count?: number | undefined;
}
/** In whose words streams are told. */
export type Shape = "millrace" | "srs";

/** A whole number as it stands in an address. */
function whole(name: string, min: number, max: number): z.ZodType<number> {
  const error = `${name} is a number from ${min} to ${max}.`;
  return z
    .string()
    .regex(/^\d{1,9}$/, { error })
    .transform(Number)
    .pipe(z.int().min(min, { error }).max(max, { error }));
}

const page = {
  limit: whole("limit", 1, maxPerPage)
    .optional()
    .describe(`At most so many; ${defaultPerPage} when absent.`),
  after: z.string().optional().describe("`next` of the page before."),
};
const shape = z
  .enum(["millrace", "srs"], { error: "shape is millrace or srs." })
  .optional()
  .describe("In whose words; when absent, `api.srsStreams` says.");
/** As SRS reads them: what is no number is not there. */
const srsPage = {
  start: z.string().transform(natural).pipe(z.int().nonnegative()).optional(),
  count: z
    .string()
    .transform(natural)
    .pipe(z.int().nonnegative())
    .optional()
    .describe("At least 10 are told."),
};

function natural(text: string): number {
  const value = Number.parseInt(text, 10);
  return Number.isSafeInteger(value) && value > 0 ? value : 0;
}

export const streamsQuery: z.ZodType<StreamsQuery> = queryOf<StreamsQuery>({
  shape,
  state: z
    .enum(["live", "waiting"], { error: "state is live or waiting." })
    .optional()
    .describe("In this state alone."),
  prefix: z.string().optional().describe("Whose names begin with this, such as `live/`."),
  ...page,
  ...srsPage,
});
export const streamQuery: z.ZodType<StreamQuery> = queryOf<StreamQuery>({ shape });
export const sessionsQuery: z.ZodType<SessionsQuery> = queryOf<SessionsQuery>({
  stream: z.string().optional().describe("Of this stream alone."),
  transport: z.string().optional().describe("Over this transport alone."),
  ...page,
});
export const eventsQuery: z.ZodType<EventsQuery> = queryOf<EventsQuery>({
  stream: z.string().optional().describe("Of this stream alone."),
  after: z
    .string()
    .optional()
    .describe("The id of the last event that came, as `Last-Event-ID` tells it too."),
});
export const srsPageQuery: z.ZodType<SrsPageQuery> = queryOf<SrsPageQuery>(srsPage);

const figureStreams = `streams names one to ${maxFigureStreams} streams, with commas between them.`;
/** Streams that `FiguresQuery.streams` names, each once. */
export function figureNames(names: string): readonly string[] {
  return [...new Set(names.split(","))];
}

export const figuresQuery: z.ZodType<FiguresQuery> = queryOf<FiguresQuery>({
  streams: z
    .string({ error: figureStreams })
    .min(1, { error: figureStreams })
    .refine((names) => figureNames(names).length <= maxFigureStreams, { error: figureStreams })
    .describe("Names with commas between them."),
});
export const historyQuery: z.ZodType<HistoryQuery> = queryOf<HistoryQuery>({
  after: z
    .string()
    .regex(/^\d{1,15}$/, { error: "after is a time in milliseconds since 1970." })
    .transform(Number)
    .pipe(z.int().nonnegative())
    .optional()
    .describe("Samples after that time alone. Milliseconds since 1970."),
});
