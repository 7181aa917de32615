import type { z } from "zod";
import { RefusedError } from "../core/errors.ts";
import type { EventListener } from "./event-feed.ts";

/** Who may ask: `viewer` is whoever may watch the stream `name`, and administrators, who are told more. */
export type Audience = "anybody" | "viewer" | "admin";

/** What is asked, as the address says it. */
export interface Asked<Query = Readonly<Record<string, string>>> {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  /** An administrator asks. */
  readonly admin: boolean;
  /** What stands before `/api` for this client: a path, or nothing. */
  readonly base: string;
  /** `Last-Event-ID`. */
  readonly lastEventId: string | undefined;
}

export type Answer =
  | {
      readonly type: "document";
      readonly document: object;
      readonly cacheControl?: string;
      /** The session that was ended, for the log. */
      readonly ended?: string;
    }
  | { readonly type: "done"; readonly ended: string }
  | { readonly type: "events"; listen(listener: EventListener): () => void };

/** How an operation is described to clients. */
export interface Described {
  readonly id: string;
  readonly method: "GET" | "DELETE" | "POST";
  /** Below `/api`, with parameters in braces. `{name}` is a stream's name, with its slashes. */
  readonly path: string;
  readonly group: "server" | "streams" | "sessions" | "events" | "srs";
  readonly about: string;
  readonly access: Audience;
  /** What the parameters of the path are. */
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: z.ZodType<object>;
  /** What is sent, as JSON; absent: nothing. */
  readonly body?: z.ZodType<object>;
  /** Of the body; absent: there is none. */
  readonly document?: z.ZodType<object>;
  /** Told as an event stream, each event one document. */
  readonly isEvents?: boolean;
  /** Besides those of everything that has this audience. */
  readonly refusals?: readonly number[];
}

/** One method of one address. */
export interface Operation extends Described {
  /** @throws RefusedError */
  answer(asked: Asked): Answer;
}

/** An operation whose parameters are checked before it is asked. */
export function operation<Query extends object>(
  described: Described & { readonly query: z.ZodType<Query> },
  run: (asked: Asked<Query>) => Answer,
): Operation {
  return {
    ...described,
    answer: (asked) => run({ ...asked, query: checked(described.query, asked.query) }),
  };
}

/** One without parameters. */
export function simple(described: Described, run: (asked: Asked) => Answer): Operation {
  return { ...described, answer: run };
}

export function told(document: object): Answer {
  return { type: "document", document };
}

function checked<Query>(schema: z.ZodType<Query>, query: Readonly<Record<string, string>>): Query {
  const result = schema.safeParse(query);
  if (result.success) return result.data;
  const message = result.error.issues[0]?.message ?? "A parameter is not valid.";
  throw new RefusedError("REQUEST_INVALID", 400, message);
}
