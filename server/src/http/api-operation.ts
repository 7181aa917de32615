/** Somebody who is told events as they happen. */
export interface ApiListener {
  /** `id` says where to go on; `data` is JSON, empty when there is only an id to be known. */
  tell(id: string, data: string): void;
  /** Nothing follows. */
  end(): void;
}

/** What is asked, as the address says it. */
export interface ApiAsked {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** An administrator asks. */
  readonly admin: boolean;
  /** What stands before `/api` for this client: a path, or nothing. */
  readonly base: string;
  /** `Last-Event-ID`. */
  readonly lastEventId: string | undefined;
}

export type ApiAnswer =
  | {
      readonly type: "document";
      readonly document: object;
      /** Default: kept by this client alone, and asked for again each time. */
      readonly cacheControl?: string;
      /** The session that was ended, for the log. */
      readonly ended?: string;
    }
  | { readonly type: "done"; readonly ended: string }
  | { readonly type: "events"; listen(listener: ApiListener): () => void };

/** One method of one address of the API. Implemented by `api/`. */
export interface ApiOperation {
  readonly method: "GET" | "DELETE" | "POST";
  /** Below `/api`, with parameters in braces. `{name}` is a stream's name, with its slashes. */
  readonly path: string;
  /** `viewer`: whoever may watch the stream `name`, and administrators, who are told more. */
  readonly access: "anybody" | "viewer" | "admin";
  /** @throws RefusedError */
  answer(asked: ApiAsked): ApiAnswer;
}

/** What pages tell of streams. */
export interface StreamSummaries {
  /** For headers: `live`, `waiting` or `offline`, and the codecs. */
  streamSummary(name: string): { readonly state: string; readonly codecs: readonly string[] };
}

/** The path as express takes it. */
export function routeOf({ path }: ApiOperation): string {
  return path.replace("{name}", "*name").replaceAll(/\{(\w+)\}/g, ":$1");
}

/** What a path must look like to be that of the operation. */
export function patternOf({ path }: ApiOperation): RegExp {
  const source = path
    .replaceAll(/[.]/g, "\\$&")
    .replace("{name}", ".+")
    .replaceAll(/\{\w+\}/g, "[^/]+");
  return new RegExp(`^${source}/?$`);
}
