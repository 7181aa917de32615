import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { AddressRate } from "@millrace/signaling/gate";
import {
  admit,
  parseHost,
  parsePageUrl,
  parseStreamName,
  type Transport,
} from "../../core/index.ts";
import type { FallbackOutput, Visit } from "../output.ts";
import { type FallbackAddress, parseAddress, withoutBase } from "./address.ts";
import { sendOptions, setSharedHeaders } from "./cors.ts";
import { type DoorLimits, defaultDoorLimits, type FallbackOptions } from "./options.ts";
import { HttpRefusal, problemOf, refuseUpgrade, sendProblem } from "./problem.ts";
import { TokenReader } from "./token.ts";

const maxUserAgentLength = 256;

/** What the access seam is told of a viewer who comes by a WebSocket. */
const upgradedTransport: Transport = "ws-flv";

/** Everything that can be watched without WebRTC. */
export interface Fallback {
  /**
   * Answers a request and gives true, or gives false because its address has no suffix of ours. The base
   * path is off the address. Needs no `this`. Never rejects.
   */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;
  /** Whether `upgrade` answers this request. The base path is still on the address, here and there. */
  takesUpgrade(request: IncomingMessage): boolean;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Ends all sessions and refuses new ones with `SERVER_CLOSING`. May be called twice. */
  close(reason?: string): void;
}

/** @throws Error when two outputs have the same suffix. */
export function createFallback(options: FallbackOptions): Fallback {
  const door = new Door(options);
  return {
    handle: (request, response) => door.handle(request, response),
    takesUpgrade: (request) => door.takesUpgrade(request),
    upgrade: (request, socket, head) => void door.upgrade(request, socket, head),
    close: (reason = "SERVER_CLOSING") => door.close(reason),
  };
}

class Door {
  readonly #options: FallbackOptions;
  readonly #limits: DoorLimits;
  readonly #outputs = new Map<string, FallbackOutput>();
  readonly #suffixes: ReadonlySet<string>;
  readonly #requests: AddressRate;
  readonly #tokens: TokenReader;
  #closed = false;

  constructor(options: FallbackOptions) {
    this.#options = options;
    this.#limits = { ...defaultDoorLimits, ...options.limits };
    for (const output of options.outputs) {
      for (const suffix of output.suffixes) {
        if (this.#outputs.has(suffix)) throw new Error(`two outputs answer ${suffix}`);
        this.#outputs.set(suffix, output);
      }
    }
    this.#suffixes = new Set(this.#outputs.keys());
    this.#requests = new AddressRate(this.#limits.requests, this.#limits.maxAddresses);
    this.#tokens = new TokenReader(options.origins, options.trust);
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    let asked: FallbackAddress | undefined;
    try {
      asked = this.#parse(request.url ?? "");
      if (asked === undefined) return false;
      setSharedHeaders(request, response, this.#options.origins);
      if (request.method === "OPTIONS") {
        sendOptions(request, response);
        return true;
      }
      this.#checkMethod(request.method);
      const output = this.#outputOf(asked);
      const visit = await this.#admit(request, asked, output.transport, output);
      if (!response.destroyed) await output.serve(visit, response);
    } catch (error) {
      const problem = problemOf(error, this.#options.log);
      this.#options.log.debug({ stream: asked?.stream, code: problem.code }, "visit refused");
      sendProblem(request, response, problem);
    }
    return true;
  }

  takesUpgrade(request: IncomingMessage): boolean {
    const target = withoutBase(request.url ?? "", this.#options.basePath);
    if (target === undefined) return false;
    try {
      return this.#parse(target) !== undefined;
    } catch {
      return false;
    }
  }

  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    // Until somebody takes the socket over, nobody else would hear of its errors.
    socket.on("error", () => {});
    try {
      const target = withoutBase(request.url ?? "", this.#options.basePath);
      const asked = target === undefined ? undefined : this.#parse(target);
      if (asked === undefined) throw nothingHere();
      const output = this.#outputOf(asked);
      if (output.upgrade === undefined) throw noUpgrade();
      if (!this.#options.origins.allows(request)) {
        throw new HttpRefusal("ORIGIN_FORBIDDEN", 403, "Pages of that origin may not do this.");
      }
      const visit = await this.#admit(request, asked, upgradedTransport);
      if (socket.destroyed) return;
      output.upgrade(visit, socket, head);
    } catch (error) {
      const problem = problemOf(error, this.#options.log);
      this.#options.log.debug({ code: problem.code }, "upgrade refused");
      refuseUpgrade(socket, problem);
    }
  }

  close(reason: string): void {
    this.#closed = true;
    for (const output of this.#options.outputs) output.close(reason);
  }

  #parse(target: string): FallbackAddress | undefined {
    return parseAddress(target, this.#suffixes, this.#options.registry);
  }

  #outputOf(asked: FallbackAddress): FallbackOutput {
    const output = this.#outputs.get(asked.suffix);
    if (output === undefined) throw nothingHere();
    return output;
  }

  #checkMethod(method: string | undefined): void {
    if (method === "GET" || method === "HEAD") return;
    throw new HttpRefusal("METHOD_NOT_ALLOWED", 405, "This address can only be read.", {
      Allow: "GET, HEAD, OPTIONS",
    });
  }

  /** Access comes before existence, so that nobody learns names that are not theirs. */
  async #admit(
    request: IncomingMessage,
    asked: FallbackAddress,
    transport: Transport,
    output?: FallbackOutput,
  ): Promise<Visit> {
    const { access, clock, registry, trust, basePath } = this.#options;
    this.#refuseWhenClosed();
    const address = trust.clientAddress(request);
    const waitMs = this.#requests.take(address, clock.nowUs());
    if (waitMs > 0) throw rateLimited(waitMs);
    const askedName = parseStreamName(asked.stream);
    const token = this.#tokens.read(request, asked.query);
    if ((token ?? "").length > this.#limits.maxTokenLength) {
      throw new HttpRefusal("TOKEN_TOO_LONG", 400, "The token is too long.");
    }
    const userAgent = request.headers["user-agent"]?.slice(0, maxUserAgentLength);
    const prefix = trust.prefix(request) + basePath;
    const session = output?.sessionOf?.(asked);
    const host = parseHost(request.headers.host);
    const pageUrl = parsePageUrl(request.headers.referer);
    const who = { token, address, transport, userAgent, session, host, pageUrl };
    const grant = await admit(access, { action: "play", stream: askedName, ...who });
    this.#refuseWhenClosed();
    const stream = registry.get(grant.stream);
    if (stream === undefined) {
      registry.refused({ action: "play", transport, code: "STREAM_NOT_FOUND", status: 404 });
      throw new HttpRefusal("STREAM_NOT_FOUND", 404, `There is no stream ${askedName} now.`);
    }
    const clientId = this.#tokens.clientId(request, asked.query);
    return {
      request,
      stream,
      suffix: asked.suffix,
      rest: asked.rest,
      query: asked.query,
      address,
      token,
      clientId,
      session,
      prefix,
      addViewer: (by, session) =>
        stream.addViewer({ ...session, grant, transport: by, address, userAgent, clientId }),
    };
  }

  #refuseWhenClosed(): void {
    if (this.#closed) {
      throw new HttpRefusal("SERVER_CLOSING", 503, "The server is shutting down.");
    }
  }
}

function rateLimited(waitMs: number): HttpRefusal {
  const retryAfter = String(Math.max(1, Math.ceil(waitMs / 1000)));
  return new HttpRefusal("RATE_LIMITED", 429, "Too many requests.", { "Retry-After": retryAfter });
}

function nothingHere(): HttpRefusal {
  return new HttpRefusal("NOT_FOUND", 404, "There is nothing at this address.");
}

/** RFC 9110 section 15.5.22: what to use instead is HTTP as it is. */
function noUpgrade(): HttpRefusal {
  return new HttpRefusal("UPGRADE_UNSUPPORTED", 426, "This address is read without an upgrade.", {
    Upgrade: "HTTP/1.1",
  });
}
