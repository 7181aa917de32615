import { createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import { writeMultivariantPlaylist } from "@millrace/media/m3u8";
import { type Clock, type Log, RefusedError, randomId, type Stream } from "../../core/index.ts";
import type { Fmp4Outputs } from "../fmp4/index.ts";
import type { AskedOutput, FallbackOutput, Visit } from "../output.ts";
import { bandwidthOf } from "./bandwidth.ts";
import { parseDirectives } from "./directives.ts";
import type { HeldCount } from "./held-requests.ts";
import { HlsStream } from "./hls-stream.ts";
import type { HlsLimits } from "./limits.ts";
import { type HlsResource, parseResource, playlistName } from "./media-names.ts";
import { replyMedia, replyPlaylist } from "./reply.ts";
import type { WindowNumbering } from "./segment-window.ts";
import { type HlsSession, type SessionCount, sessionIdOf } from "./sessions.ts";

export interface HlsServerOptions {
  readonly fmp4: Fmp4Outputs;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: HlsLimits;
  readonly partUs: number;
  readonly requestedKeyMs: number;
}

/** RFC 8216bis section 6.2.5.2: a blocking answer stays true for as long as clients may ask for it. */
const cachedTargets = 6;

/** Answers `/live/cam.m3u8` and all below `/live/cam.hls/`. */
export class HlsServer implements FallbackOutput {
  readonly suffixes = [".m3u8", ".hls"] as const;
  readonly transport = "ll-hls";
  readonly #options: HlsServerOptions;
  readonly #streams = new Map<Stream, HlsStream>();
  readonly #numbering = new WeakMap<Stream, WindowNumbering>();
  readonly #held: HeldCount;
  readonly #sessions: SessionCount = { sessions: 0 };
  readonly #addressKey: KeyObject = createSecretKey(randomBytes(32));
  #closed = false;

  constructor(options: HlsServerOptions) {
    this.#options = options;
    this.#held = { held: 0, max: options.limits.maxHeld };
  }

  /** Streams of which segments are made now, sessions and requests that wait. */
  get figures(): { readonly streams: number; readonly sessions: number; readonly held: number } {
    const { sessions } = this.#sessions;
    return { streams: this.#streams.size, sessions, held: this.#held.held };
  }

  /** The playlist of playlists gives each client a session of its own. */
  sessionOf({ suffix, query }: AskedOutput): string {
    if (suffix === ".m3u8") return randomId();
    return query.get("session") ?? "";
  }

  async serve(visit: Visit, response: ServerResponse): Promise<void> {
    if (this.#closed) {
      throw new RefusedError("SERVER_CLOSING", 503, "The server is shutting down.");
    }
    if (visit.suffix === ".m3u8") {
      if (visit.rest !== "") throw notFound();
      await this.#sendMultivariant(visit, response);
      return;
    }
    const resource = parseResource(visit.rest);
    if (resource === undefined) throw notFound();
    if (resource.type === "playlist") await this.#sendPlaylist(visit, response);
    else await this.#sendMedia(visit, response, resource);
  }

  /** May be called twice. */
  close(reason: string): void {
    this.#closed = true;
    for (const hls of [...this.#streams.values()]) hls.close(reason);
  }

  async #sendMultivariant(visit: Visit, response: ServerResponse): Promise<void> {
    const hls = this.#open(visit.stream);
    await hls.begun({ response, holder: undefined });
    if (response.destroyed) return;
    const init = hls.newestInit;
    if (init === undefined) throw notFound();
    const { codecs, width, height } = init;
    const name = visit.stream.name.split("/").at(-1) ?? "";
    const uri = `${name}.hls/${playlistName}${childQuery(visit, visit.session ?? randomId())}`;
    const text = writeMultivariantPlaylist(9, [
      { uri, codecs, width, height, ...bandwidthOf(hls.segments) },
    ]);
    const options = { cacheControl: "no-store" };
    await replyPlaylist(visit.request, response, text, options);
  }

  async #sendPlaylist(visit: Visit, response: ServerResponse): Promise<void> {
    const { request, query } = visit;
    const directives = parseDirectives(query);
    const id = sessionIdOf(visit, this.#addressKey);
    const hls = this.#open(visit.stream);
    const { sessions } = hls;
    const session = request.method === "HEAD" ? sessions.find(id) : sessions.enter(id, visit);
    if (session !== undefined) sessions.follow(session, response);
    const suffix = childQuery(visit, query.get("session") ?? undefined);
    const text = await hls.playlist(directives, suffix, { response, holder: session });
    if (response.destroyed) return;
    const isShared = suffix === "" && visit.token === undefined && directives.msn !== undefined;
    const maxAgeS = cachedTargets * hls.targetS;
    const cacheControl = isShared ? `public, max-age=${maxAgeS}` : privateControl(suffix);
    await replyPlaylist(request, response, text, { cacheControl });
  }

  async #sendMedia(
    visit: Visit,
    response: ServerResponse,
    resource: Exclude<HlsResource, { readonly type: "playlist" }>,
  ): Promise<void> {
    const { limits } = this.#options;
    const hls = this.#streams.get(visit.stream);
    if (hls === undefined || hls.names.epoch !== resource.epoch) throw notFound();
    const session = hls.sessions.find(sessionIdOf(visit, this.#addressKey));
    if (session !== undefined && session.sending >= limits.maxSendingPerSession) {
      throw new RefusedError("SESSION_SENDING_FULL", 429, "Too many answers are under way.");
    }
    if (session !== undefined) hls.sessions.follow(session, response);
    const found = await mediaOf(hls, resource, response, session);
    if (response.destroyed) return;
    if (found === undefined) throw notFound();
    const scope = visit.token === undefined ? "public" : "private";
    const cacheControl = `${scope}, max-age=${limits.mediaMaxAgeS}, immutable`;
    const { stallMs } = limits;
    if (resource.type !== "init" && visit.request.method !== "HEAD") session?.mediaStarted();
    replyMedia(visit.request, response, found.pieces, {
      ...{ type: found.type, cacheControl, session, stallMs },
    });
  }

  /** @throws RefusedError what `Fmp4Outputs.lease` throws */
  #open(stream: Stream): HlsStream {
    const present = this.#streams.get(stream);
    if (present !== undefined) return present;
    const { fmp4, log } = this.#options;
    const numbering = this.#numbering.get(stream) ?? { nextMsn: 0, discontinuitySequence: 0 };
    this.#numbering.set(stream, numbering);
    const hls = new HlsStream({
      ...this.#options,
      ...{ stream, numbering, held: this.#held, sessions: this.#sessions },
      lease: fmp4.lease(stream, "aac"),
      onEnd: () => {
        if (this.#streams.get(stream) === hls) this.#streams.delete(stream);
        log.debug({ stream: stream.name }, "no segments are made any more");
      },
    });
    this.#streams.set(stream, hls);
    log.debug({ stream: stream.name, targetS: hls.targetS }, "segments are made");
    return hls;
  }
}

interface FoundMedia {
  readonly type: string;
  readonly pieces: readonly Uint8Array[];
}

async function mediaOf(
  hls: HlsStream,
  resource: Exclude<HlsResource, { readonly type: "playlist" }>,
  response: ServerResponse,
  holder: HlsSession | undefined,
): Promise<FoundMedia | undefined> {
  if (resource.type === "part") {
    const part = await hls.partOf(resource.number, { response, holder });
    return part && { type: containerType(part.init.mime), pieces: [part.bytes] };
  }
  if (resource.type === "init") {
    const init = hls.init(resource.number);
    return init && { type: containerType(init.mime), pieces: [init.bytes] };
  }
  const segment = hls.segment(resource.number);
  return (
    segment && {
      type: containerType(segment.init.mime),
      pieces: segment.parts.map(({ bytes }) => bytes),
    }
  );
}

/** `video/mp4` of `video/mp4; codecs="…"`. */
function containerType(mime: string): string {
  return mime.slice(0, mime.indexOf(";"));
}

/** What addresses in playlists must carry on: the session, and the token and the client where they came by query. */
function childQuery(visit: Visit, session: string | undefined): string {
  const query = new URLSearchParams();
  if (session !== undefined) query.set("session", session);
  const token = visit.query.get("token");
  if (token !== null && token === visit.token) query.set("token", token);
  const client = visit.query.get("client");
  if (client !== null && client === visit.clientId) query.set("client", client);
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}

/** Playlists with a session or a token in them are for one client only. */
function privateControl(suffix: string): string {
  return suffix === "" ? "no-cache" : "no-store";
}

function notFound(): RefusedError {
  return new RefusedError(
    "HLS_MEDIA_NOT_FOUND",
    404,
    "There is no such part, segment or playlist.",
  );
}
