import type { HistoryWindow } from "./history-window.ts";
import { problemOf } from "./problem.ts";
import { parseServer, type ServerFacts } from "./server-facts.ts";
import { parseStreams, type StreamEntry } from "./stream-entry.ts";
import { parseViewers, type ViewerPage } from "./viewer-entry.ts";

/** As many as the server gives at once. */
const perPage = 1000;
/** More pages of streams than this are not fetched. */
const maxPages = 20;

/** What the page asks of `/api/v1`. The cookie of the sign-in goes with each request. */
export class Api {
  readonly #base: string;

  /** `base` ends with a slash. */
  constructor(base: string) {
    this.#base = `${base}api/v1/`;
  }

  async server(signal: AbortSignal): Promise<ServerFacts> {
    return parseServer(await this.#get("server", signal));
  }

  /** Adds what is new. */
  async history(window: HistoryWindow, signal: AbortSignal): Promise<void> {
    const { lastMs } = window;
    window.take(
      await this.#get(`history${lastMs === undefined ? "" : `?after=${lastMs}`}`, signal),
    );
  }

  /** All streams, in the order of the server. */
  async streams(signal: AbortSignal): Promise<readonly StreamEntry[]> {
    const streams: StreamEntry[] = [];
    let after = "";
    for (let page = 0; page < maxPages; page++) {
      const document = await this.#get(`streams?shape=millrace&limit=${perPage}${after}`, signal);
      const { next, streams: some } = parseStreams(document);
      streams.push(...some);
      if (next === undefined) break;
      after = `&after=${encodeURIComponent(next)}`;
    }
    return streams;
  }

  /** Streams with what changes all the time; those that are gone are absent. */
  async figures(names: readonly string[], signal: AbortSignal): Promise<readonly StreamEntry[]> {
    if (names.length === 0) return [];
    const query = encodeURIComponent(names.join(","));
    return parseStreams(await this.#get(`figures?streams=${query}`, signal)).streams;
  }

  /** The first viewers of a stream. */
  async viewers(stream: string, signal: AbortSignal): Promise<ViewerPage> {
    const query = `stream=${encodeURIComponent(stream)}&limit=${perPage}`;
    return parseViewers(await this.#get(`viewers?${query}`, signal));
  }

  /** Ends a session. False: it was over already. @throws ApiProblem */
  async kick(id: string): Promise<boolean> {
    const response = await fetch(`${this.#base}sessions/${encodeURIComponent(id)}`, {
      method: "DELETE",
      signal: AbortSignal.timeout(10_000),
    });
    if (response.ok) return true;
    if (response.status === 404) return false;
    throw await problemOf(response);
  }

  /** What happens, as server-sent events from that id on. @throws ApiProblem */
  async events(lastId: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const response = await fetch(`${this.#base}events`, {
      headers: { Accept: "text/event-stream", ...(lastId && { "Last-Event-ID": lastId }) },
      cache: "no-store",
      signal,
    });
    if (!response.ok) throw await problemOf(response);
    if (response.body === null) throw new TypeError("No events came.");
    return response.body;
  }

  async #get(path: string, signal: AbortSignal): Promise<unknown> {
    const response = await fetch(this.#base + path, { signal });
    if (!response.ok) throw await problemOf(response);
    return response.json();
  }
}
