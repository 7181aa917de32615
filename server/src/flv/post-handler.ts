import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { AddressRate, type OriginPolicy, type ProxyTrust } from "@millrace/signaling/gate";
import { admit } from "../core/admission.ts";
import { RefusedError } from "../core/errors.ts";
import { parseHost, parsePageUrl } from "../core/host.ts";
import type { Access, Clock, Log, Timer } from "../core/ports.ts";
import type { PublisherInfo } from "../core/publisher.ts";
import type { Registry } from "../core/registry.ts";
import { parseStreamName } from "../core/stream-name.ts";
import { defaultFlvPostLimits, type FlvPostLimits } from "./limits.ts";
import { type PostAddress, parsePostAddress, requireFlv, tokenOf } from "./post-request.ts";
import { type PostHost, PostSession, type PostSummary } from "./post-session.ts";
import { ClientGone, HttpRefusal, problemOf, sendProblem } from "./problem.ts";
import { Seats } from "./seats.ts";

const maxUserAgentLength = 256;
const checkIntervalMs = 1_000;

export interface FlvPostOptions {
  readonly registry: Registry;
  readonly access: Access;
  readonly clock: Clock;
  readonly log: Log;
  readonly trust: ProxyTrust;
  readonly origins: OriginPolicy;
  readonly limits?: Partial<FlvPostLimits>;
}

/** Publishers that send FLV in the body of a POST or PUT. */
export interface FlvPost {
  /**
   * Publishes the body of a POST or PUT of `/STREAM.flv` and gives true at its end, or gives false because the
   * request is somebody else's. The base path is off the address. Needs no `this`. Never rejects.
   */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;
  /**
   * Whether `handle` itself answers this request's `Expect: 100-continue`, which it does once access is granted. For
   * the `checkContinue` event of the HTTP server, which then must not. The base path may still be on the address.
   */
  readonly takesContinue: (request: IncomingMessage) => boolean;
  /** Whether the request under way on this connection is a body of ours, which may take for ever. Others may not. */
  readonly isReceiving: (socket: Duplex) => boolean;
  /** Requests that were let in. */
  readonly publishing: number;
  /** Ends all of them and refuses new ones with `SERVER_CLOSING`. May be called twice. */
  close(reason?: string): void;
}

/** FLV over HTTP, as `ffmpeg -method POST … -f flv http://HOST/live/cam.flv` and `curl -T` send it. */
export function createFlvPost(options: FlvPostOptions): FlvPost {
  const desk = new PostDesk(options);
  return {
    handle: (request, response) => desk.handle(request, response),
    takesContinue: (request) => desk.takesContinue(request),
    isReceiving: (socket) => desk.receiving.has(socket),
    get publishing() {
      return desk.seats.size;
    },
    close: (reason = "SERVER_CLOSING") => desk.close(reason),
  };
}

class PostDesk {
  readonly seats: Seats<PostSession>;
  readonly receiving: WeakSet<Duplex> = new WeakSet();
  readonly #options: FlvPostOptions;
  readonly #limits: FlvPostLimits;
  readonly #requests: AddressRate;
  readonly #host: PostHost;
  readonly #awaitContinue = new WeakSet<IncomingMessage>();
  #checkTimer: Timer | undefined;
  #closed = false;

  constructor(options: FlvPostOptions) {
    const { registry, clock } = options;
    const limits = { ...defaultFlvPostLimits, ...options.limits };
    this.#options = options;
    this.#limits = limits;
    this.seats = new Seats(limits);
    this.#requests = new AddressRate(limits.requests);
    this.#host = {
      registry,
      limits,
      nowMs: () => Math.floor(clock.nowUs() / 1000),
      held: (changeBytes) => this.seats.held(changeBytes),
    };
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const { log, clock } = this.#options;
    try {
      const asked = parsePostAddress(request);
      if (asked === undefined) return false;
      const info = await this.#admit(request, asked);
      const summary = await this.#run(request, response, info);
      sendSummary(response, summary);
    } catch (error) {
      if (error instanceof ClientGone) return true;
      const problem = problemOf(error, log);
      log.info({ code: problem.code, detail: problem.detail }, "FLV post refused or ended");
      sendProblem({ request, response }, problem, clock, this.#limits.lingerMs);
    }
    return true;
  }

  takesContinue(request: IncomingMessage): boolean {
    try {
      if (parsePostAddress(request) === undefined) return false;
    } catch {
      // `handle` says what is wrong with the address.
    }
    this.#awaitContinue.add(request);
    return true;
  }

  close(reason: string): void {
    this.#closed = true;
    for (const session of this.seats.list()) session.close(reason);
  }

  /** Everything that is checked before a byte of the body is read. */
  async #admit(
    request: IncomingMessage,
    { stream: name, query }: PostAddress,
  ): Promise<Omit<PublisherInfo, "onKick" | "stats">> {
    const { access, clock, registry, trust, origins } = this.#options;
    this.#refuseWhenClosed();
    if (!origins.allows(request)) {
      throw new HttpRefusal("ORIGIN_FORBIDDEN", 403, "Pages of that origin may not do this.");
    }
    const address = trust.clientAddress(request);
    const waitMs = this.#requests.take(address, clock.nowUs());
    if (waitMs > 0) throw rateLimited(waitMs);
    requireFlv(request);
    const asked = parseStreamName(name);
    const takeOver = query.get("takeover") === "1";
    const token = tokenOf(request, query, this.#limits.maxTokenLength);
    const userAgent = request.headers["user-agent"]?.slice(0, maxUserAgentLength);
    const transport = "http-flv";
    const host = parseHost(request.headers.host);
    const pageUrl = parsePageUrl(request.headers.referer);
    const who = { token, address, transport, userAgent, host, pageUrl } as const;
    const grant = await admit(access, { action: "publish", stream: asked, ...who });
    const { stream } = grant;
    this.#refuseWhenClosed();
    if (registry.get(stream)?.state === "live" && !takeOver) {
      throw new RefusedError("STREAM_BUSY", 409, `Somebody publishes ${stream} already.`);
    }
    return { stream, grant, transport, address, userAgent, takeOver };
  }

  async #run(
    request: IncomingMessage,
    response: ServerResponse,
    info: Omit<PublisherInfo, "onKick" | "stats">,
  ): Promise<PostSummary> {
    if (!this.seats.admit(info.address)) {
      const message = "There are as many publishers as there may be.";
      throw new RefusedError("FLV_CONNECTIONS_FULL", 503, message);
    }
    const session = new PostSession(request, info, this.#host);
    const { socket } = request;
    const log = this.#options.log.child({ session: session.id, stream: info.stream });
    this.seats.add(session);
    this.receiving.add(socket);
    this.#scheduleCheck();
    log.info({}, "FLV post began");
    try {
      if (this.#awaitContinue.delete(request)) response.writeContinue();
      session.start();
      const summary = await session.done;
      log.info({ code: "PEER_CLOSED", bytes: summary.bytes }, "FLV post ended");
      return summary;
    } catch (error) {
      if (error instanceof ClientGone) log.info({ code: "PEER_CLOSED" }, "FLV post broke off");
      throw error;
    } finally {
      this.seats.remove(session);
      this.receiving.delete(socket);
    }
  }

  #refuseWhenClosed(): void {
    if (this.#closed) throw new RefusedError("SERVER_CLOSING", 503, "The server is shutting down.");
  }

  /** Runs only while there is somebody to look after. */
  #scheduleCheck(): void {
    this.#checkTimer ??= this.#options.clock.after(checkIntervalMs, () => {
      this.#checkTimer = undefined;
      for (const session of this.seats.list()) session.check();
      if (this.seats.size > 0) this.#scheduleCheck();
    });
  }
}

/** 201 for a stream that began with this body, 200 for one that went on. */
function sendSummary(response: ServerResponse, summary: PostSummary): void {
  if (response.headersSent || response.destroyed) return;
  const body = `${JSON.stringify(summary)}\n`;
  response.writeHead(summary.resumed ? 200 : 201, {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(body),
    "Cache-Control": "no-store",
  });
  response.end(body);
}

function rateLimited(waitMs: number): HttpRefusal {
  const retryAfter = String(Math.max(1, Math.ceil(waitMs / 1000)));
  return new HttpRefusal("RATE_LIMITED", 429, "Too many requests.", { "Retry-After": retryAfter });
}
