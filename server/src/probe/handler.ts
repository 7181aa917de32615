import type { IncomingMessage, ServerResponse } from "node:http";
import { AddressRate, CookieGate } from "@millrace/signaling/gate";
import { parseStreamName, RefusedError } from "../core/index.ts";
import { type BeatKind, byteBeats, eventBeats, sendBeats } from "./beats.ts";
import { requestFacts } from "./facts.ts";
import { readText, send, sendProblem } from "./http.ts";
import { defaultProbeLimits, type ProbeLimits } from "./limits.ts";
import type { ProbeOptions } from "./options.ts";
import { ProbedPeers } from "./peers.ts";
import { Seats } from "./seats.ts";

/** Answers what the page that examines a connection asks. */
export interface ProbeHandler {
  /** Answers a request and gives true, or gives false because it is somebody else's. Needs no `this`. Never rejects. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;
  /** Peers that browsers measure against now. */
  readonly peers: number;
  /** Timed answers under way. */
  readonly answers: number;
  /** Ends everything under way and takes no more. May be called twice. */
  close(reason?: string): void;
}

/** What access is asked for when the page examines no stream in particular. */
const ownName = "doctor";
const maxUserAgentLength = 256;

export function createProbeHandler(options: ProbeOptions): ProbeHandler {
  const desk = new ProbeDesk(options);
  return {
    handle: (request, response) => desk.handle(request, response),
    get peers() {
      return desk.peers.size;
    },
    get answers() {
      return desk.seats.taken;
    },
    close: (reason = "SERVER_CLOSING") => desk.close(reason),
  };
}

/** One request and the parts of its address. */
interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  readonly address: string;
}

class ProbeDesk {
  readonly peers: ProbedPeers;
  readonly seats: Seats;
  readonly #options: ProbeOptions;
  readonly #limits: ProbeLimits;
  readonly #cookies: CookieGate;
  readonly #requests: AddressRate;
  readonly #bytes: BeatKind;
  readonly #running = new Set<{ close(): void }>();
  #closed = false;

  constructor(options: ProbeOptions) {
    const limits = { ...defaultProbeLimits, ...options.limits };
    this.#options = options;
    this.#cookies = new CookieGate(options.origins, options.trust);
    this.#limits = limits;
    this.#requests = new AddressRate(limits.requests);
    this.#bytes = byteBeats(limits);
    this.peers = new ProbedPeers(options.peers, options.clock, limits);
    this.seats = new Seats(limits.maxAnswers, limits.maxAnswersPerAddress);
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const [path = "", ...rest] = (request.url ?? "").split("?");
    const answer = this.#route(path);
    if (answer === undefined) return false;
    const { trust, log } = this.#options;
    const address = trust.clientAddress(request);
    const query = new URLSearchParams(rest.join("?"));
    try {
      this.#admit(request, address);
      await answer({ request, response, query, address });
    } catch (error) {
      sendProblem(response, error, log);
    }
    return true;
  }

  close(reason: string): void {
    this.#closed = true;
    this.peers.close(reason);
    for (const answer of [...this.#running]) answer.close();
  }

  #route(path: string): ((visit: Visit) => Promise<void>) | undefined {
    if (path === "/doctor/facts") return (visit) => this.#facts(visit);
    if (path === "/doctor/peer") return (visit) => this.#openPeer(visit);
    if (path === "/doctor/events") return async (visit) => this.#beats(visit, eventBeats);
    if (path === "/doctor/bytes") return async (visit) => this.#beats(visit, this.#bytes);
    const id = /^\/doctor\/peer\/([A-Za-z0-9_-]{1,64})$/.exec(path)?.[1];
    return id === undefined ? undefined : async (visit) => this.#endPeer(visit, id);
  }

  #admit(request: IncomingMessage, address: string): void {
    const { origins, clock } = this.#options;
    if (this.#closed) {
      throw new RefusedError("SERVER_CLOSING", 503, "The server is shutting down.");
    }
    if (!origins.allows(request)) {
      throw new RefusedError("ORIGIN_FORBIDDEN", 403, "Pages of that origin may not do this.");
    }
    if (this.#requests.take(address, clock.nowUs()) > 0) {
      throw new RefusedError("RATE_LIMITED", 429, "Too many requests.");
    }
  }

  async #facts(visit: Visit): Promise<void> {
    allowOnly(visit.request, "GET");
    const { clock, trust, basePath, iceServers } = this.#options;
    const wallMs = clock.wallMs();
    const refusal = await this.#refusalOf(visit);
    const document = {
      wallMs,
      ...requestFacts(visit.request, trust, basePath),
      access: refusal?.code ?? "OK",
      beats: { count: this.#limits.beats, everyMs: this.#limits.beatMs },
      iceServers: refusal === undefined ? iceServers(ownName) : [],
    };
    send(visit.response, 200, "application/json", JSON.stringify(document));
  }

  async #openPeer(visit: Visit): Promise<void> {
    const { request, response, address } = visit;
    allowOnly(request, "POST");
    const [type = ""] = (request.headers["content-type"] ?? "").split(";");
    if (type.trim().toLowerCase() !== "application/sdp") {
      throw new RefusedError("CONTENT_TYPE_UNSUPPORTED", 415, "The body must be application/sdp.");
    }
    const refusal = await this.#refusalOf(visit);
    if (refusal !== undefined) throw refusal;
    const { maxSdpBytes, bodyTimeoutMs } = this.#limits;
    const { clock, trust, basePath } = this.#options;
    const offer = await readText(request, maxSdpBytes, clock, bodyTimeoutMs);
    const { id, answer } = await this.peers.open(address, offer);
    // Nobody else knows its address.
    if (response.destroyed) this.peers.end(id);
    send(response, 201, "application/sdp", answer, {
      Location: `${trust.prefix(request)}${basePath}/doctor/peer/${id}`,
    });
  }

  #endPeer({ request, response }: Visit, id: string): void {
    allowOnly(request, "DELETE");
    // A peer that hung up by itself is ended already: twice is no error.
    this.peers.end(id);
    response.writeHead(204, { "Cache-Control": "no-store" }).end();
  }

  #beats({ request, response, address }: Visit, kind: BeatKind): void {
    allowOnly(request, "GET");
    const giveBack = this.seats.take(address);
    const running = sendBeats(response, kind, this.#options.clock, this.#limits, () => {
      this.#running.delete(running);
      giveBack();
    });
    this.#running.add(running);
  }

  /** Why whoever asks may not watch; undefined when they may. */
  async #refusalOf({ request, query, address }: Visit): Promise<RefusedError | undefined> {
    const token =
      (this.#options.tokenFrom ?? bearerOrQueryToken)(request, query) ??
      this.#cookies.pass(request);
    try {
      if ((token ?? "").length > this.#limits.maxTokenLength) {
        throw new RefusedError("TOKEN_TOO_LONG", 400, "The token is too long.");
      }
      const userAgent = request.headers["user-agent"]?.slice(0, maxUserAgentLength);
      const stream = parseStreamName(query.get("stream") ?? ownName);
      await this.#options.access.authorize({
        action: "play",
        stream,
        token,
        address,
        transport: "webrtc",
        userAgent,
        look: true,
      });
      return undefined;
    } catch (error) {
      if (error instanceof RefusedError) return error;
      throw error;
    }
  }
}

function allowOnly(request: IncomingMessage, method: string): void {
  if (request.method === method) return;
  throw new RefusedError("METHOD_NOT_ALLOWED", 405, `Allowed is ${method}.`);
}

/** RFC 6750 section 2.1, and the query parameter of addresses that people pass on. */
function bearerOrQueryToken(request: IncomingMessage, query: URLSearchParams): string | undefined {
  const bearer = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? "")?.[1];
  return bearer ?? query.get("token") ?? undefined;
}
