import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Stream, Transport, Viewer, ViewerInfo } from "../core/index.ts";

/** Somebody who asks for an output of a stream: the address is read, access is granted, CORS headers are set. */
export interface Visit {
  readonly request: IncomingMessage;
  readonly stream: Stream;
  /** What the address has behind the stream's name, such as `.flv`. */
  readonly suffix: string;
  /** What follows the suffix, without the slash before it: `part7.m4s` of `/live/cam.hls/part7.m4s`; usually empty. */
  readonly rest: string;
  readonly query: URLSearchParams;
  /** IP address of the client, without a port. */
  readonly address: string;
  /** The token that was shown, for addresses that must carry it on. Secret. */
  readonly token: string | undefined;
  /** By which the client is known again when it comes back; `addViewer` notes it. Nothing may hang on it. */
  readonly clientId?: string | undefined;
  /** What this request and those that follow it have as their session, for outputs with `sessionOf`. */
  readonly session?: string | undefined;
  /** What stands before every path under which clients reach us: prefix of proxies and base path; empty or `/gateway`. */
  readonly prefix: string;
  /**
   * Counts the client as a viewer of the stream; whoever calls closes it.
   * @throws RefusedError `VIEWERS_FULL` 503, `STREAM_NOT_FOUND` 404.
   */
  addViewer(transport: Transport, session: Pick<ViewerInfo, "id" | "onKick" | "stats">): Viewer;
}

/** An address, before access is granted. */
export interface AskedOutput {
  readonly suffix: string;
  readonly rest: string;
  readonly query: URLSearchParams;
}

/** One way to watch over HTTP. Every viewer of a stream is given the same bytes, which are made once. */
export interface FallbackOutput {
  /** Suffixes of the addresses it answers, such as `.flv`. */
  readonly suffixes: readonly string[];
  readonly transport: Transport;
  /**
   * What the requests of one session have in common, for outputs whose viewers ask more than once; undefined when this
   * is the only one. Shown by the client.
   */
  sessionOf?(asked: AskedOutput): string | undefined;
  /** GET and HEAD; the latter is answered with the headers of the former. Errors become a problem document when nothing was sent yet. */
  serve(visit: Visit, response: ServerResponse): void | Promise<void>;
  /** Takes a request to upgrade; without it such requests are refused with 426. */
  upgrade?(visit: Visit, socket: Duplex, head: Buffer): void;
  /** Ends all sessions; `reason` is a stable code. May be called twice. */
  close(reason: string): void;
}
