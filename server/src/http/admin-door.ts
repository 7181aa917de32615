import type { IncomingMessage, ServerResponse } from "node:http";
import { AddressRate, cookieValues } from "@millrace/signaling/gate";
import type { Request, Response } from "express";
import { systemClock } from "../core/clock.ts";
import { RefusedError } from "../core/errors.ts";
import type { PlayPass } from "../core/ports.ts";
import { type Caller, callerOf } from "./caller.ts";
import { type FormReader, formReader } from "./login-body.ts";
import { defaultLoginLimits, type LoginLimits } from "./login-door.ts";
import { OwnPage } from "./own-page.ts";
import type { RouteOptions } from "./routes.ts";
import { setCookie } from "./set-cookies.ts";

/** Stands for an administrator's token in the browser that it was typed into. Never the token itself. */
export const adminCookie = "millrace_admin";
/** Cookies of that name that are looked at. */
const maxSameName = 2;
/** Longer tokens are wrong. Characters. */
const maxTokenLength = 4096;

/** Who wants to administer. */
export interface AdminCaller extends Caller {
  /** What the browser shows by cookie, where it counts. Secret. */
  readonly pass?: string | undefined;
}

/** That somebody may administer. */
export interface AdminRight {
  /** When it ends, milliseconds since 1970; undefined: never. */
  readonly expiresWallMs?: number | undefined;
}

/** Decides about administrators. Implemented by `auth/`. */
export interface AdminAccess {
  /** @throws RefusedError */
  authorize(caller: AdminCaller): Promise<AdminRight>;
  /** What stands for the token in a browser. @throws RefusedError as `authorize`; also when no token is shown. */
  signIn(caller: AdminCaller): Promise<PlayPass>;
}

/** Stands before what is for administrators: takes tokens all the ways that they come, and counts wrong ones. */
export class AdminDoor {
  readonly #options: RouteOptions;
  readonly #limits: LoginLimits;
  readonly #ownPage: OwnPage;
  readonly #attempts: AddressRate;
  /** Tokens that were shown where none is needed. Apart, so that viewers keep no administrator out. */
  readonly #idleAttempts: AddressRate;
  readonly #readForm: FormReader;

  constructor(options: RouteOptions) {
    this.#options = options;
    this.#limits = { ...defaultLoginLimits, ...options.loginLimits };
    this.#ownPage = new OwnPage(options.trust, options.ownHosts);
    const { loginAttempts, maxLoginAddresses } = this.#limits;
    this.#attempts = new AddressRate(loginAttempts, maxLoginAddresses);
    this.#idleAttempts = new AddressRate(loginAttempts, maxLoginAddresses);
    this.#readForm = formReader(this.#limits.maxLoginBytes);
  }

  /**
   * Lets pass whoever may administer.
   * @throws RefusedError `UNAUTHORIZED`, `TOKEN_INVALID`, `TOKEN_EXPIRED` 401, `FORBIDDEN`, `ADDRESS_FORBIDDEN`,
   *   `ORIGIN_FORBIDDEN` 403, `RATE_LIMITED` 429, `ACCESS_UNAVAILABLE` 503.
   */
  async authorize(request: IncomingMessage, response: ServerResponse): Promise<AdminRight> {
    const caller = this.#callerOf(request);
    if (caller.token === undefined) {
      this.#refuseForeign(request, caller);
      return this.#options.admin.authorize(caller);
    }
    this.#take(caller.address, response);
    return this.#guess(caller.address, () => this.#options.admin.authorize(caller));
  }

  /**
   * The same for what others may see too, by tokens of theirs. Those count as wrong when `otherwise` refuses them, and where
   * `anybody` would be let in: any token is answered there, and each is a try at an administrator's.
   * True: an administrator asks. @throws what `otherwise` throws.
   */
  async authorizeOr(
    request: IncomingMessage,
    otherwise: () => Promise<unknown>,
    anybody: () => Promise<unknown>,
  ): Promise<boolean> {
    const caller = this.#callerOf(request);
    const isAdminOr = async (): Promise<boolean> => {
      if (await isLetIn(() => this.#options.admin.authorize(caller))) return true;
      await otherwise();
      return false;
    };
    const { address, token } = caller;
    if (token === undefined) return isAdminOr();
    const nowUs = this.#nowUs();
    if (this.#idleAttempts.take(address, nowUs) > 0 || this.#attempts.take(address, nowUs) > 0) {
      await otherwise();
      return false;
    }
    return this.#guess(address, async () => {
      let isIdle = false;
      try {
        const isAdmin = await isAdminOr();
        isIdle = !isAdmin && (await isLetIn(anybody));
        return isAdmin;
      } finally {
        if (!isIdle) this.#idleAttempts.giveBack(address);
      }
    });
  }

  /**
   * Answers the form of the administrators' page: back to it, with a cookie or with `failed` in its address.
   * @throws RefusedError `ORIGIN_FORBIDDEN` 403, `CONTENT_TYPE_UNSUPPORTED` 415, `BODY_TOO_LARGE` 413, and to who is
   *   no browser also what `authorize` throws.
   */
  async signIn(request: Request, response: Response): Promise<void> {
    this.#requireOwnPage(request);
    response.setHeader("Cache-Control", "no-store");
    const caller = callerOf(request, this.#options.trust, this.#options.ownHosts);
    try {
      this.#take(caller.address, response);
      const token = (await this.#readForm(request, response, "token"))?.trim() ?? "";
      const tooLong = token.length > maxTokenLength;
      const shown = { ...caller, token: tooLong ? "" : token };
      const given = await this.#guess(caller.address, () => this.#options.admin.signIn(shown));
      this.#setCookie(request, response, given.pass, given.maxAgeSeconds);
      this.#options.log.info({}, "an administrator signed in");
      this.#goBack(request, response, "");
    } catch (error) {
      if (!(error instanceof RefusedError) || !isPassword(error) || !takesPages(request))
        throw error;
      this.#options.log.debug({ code: error.code }, "sign-in refused");
      this.#goBack(request, response, `?failed=${error.code}`);
    }
  }

  /** Takes the cookie back. @throws RefusedError `ORIGIN_FORBIDDEN` 403. */
  signOut(request: Request, response: Response): void {
    this.#requireOwnPage(request);
    response.setHeader("Cache-Control", "no-store");
    this.#setCookie(request, response, "", 0);
    this.#goBack(request, response, "");
  }

  #callerOf(request: IncomingMessage): AdminCaller {
    const { trust, ownHosts } = this.#options;
    const caller = callerOf(request, trust, ownHosts);
    const token = caller.token ?? basicPassword(request);
    return { ...caller, token, pass: token === undefined ? this.#pass(request) : undefined };
  }

  /** Browsers show cookies whoever made them ask: only our own pages may, and to change things they must prove it. */
  #pass(request: IncomingMessage): string | undefined {
    const { cookie } = request.headers;
    if (cookie === undefined) return undefined;
    const ours = isSafe(request) ? this.#ownPage.mayBe(request) : this.#ownPage.isProven(request);
    if (!ours) return undefined;
    const values = cookieValues(cookie, adminCookie).slice(0, maxSameName);
    return values.length === 0 ? undefined : values.join(",");
  }

  /** Nor may pages of others borrow the place that a browser is at. */
  #refuseForeign(request: IncomingMessage, { pass }: AdminCaller): void {
    if (pass === undefined && !isSafe(request)) this.#requireOwnPage(request);
  }

  #requireOwnPage(request: IncomingMessage): void {
    if (this.#ownPage.mayBe(request)) return;
    throw new RefusedError("ORIGIN_FORBIDDEN", 403, "Only our own pages may send this.");
  }

  /** Gives the attempt back that was taken, unless a token was merely tried out. */
  async #guess<T>(address: string, ask: () => Promise<T>): Promise<T> {
    try {
      const answer = await ask();
      this.#attempts.giveBack(address);
      return answer;
    } catch (error) {
      if (!isWrongToken(error)) this.#attempts.giveBack(address);
      throw error;
    }
  }

  #take(address: string, response: ServerResponse): void {
    const waitMs = this.#attempts.take(address, this.#nowUs());
    if (waitMs === 0) return;
    const seconds = Math.max(1, Math.ceil(waitMs / 1000));
    response.setHeader("Retry-After", String(seconds));
    const message = `Too many attempts. Try again in ${seconds} seconds.`;
    throw new RefusedError("RATE_LIMITED", 429, message);
  }

  #setCookie(request: Request, response: Response, value: string, maxAgeSeconds: number): void {
    setCookie(response, adminCookie, value, {
      path: this.#prefix(request),
      secure: this.#options.trust.scheme(request) === "https",
      framed: false,
      strict: true,
      maxAgeSeconds,
    });
  }

  /** After a form, browsers come back with GET (RFC 9110 section 15.4.4). */
  #goBack(request: Request, response: Response, query: string): void {
    const Location = `${this.#prefix(request)}/admin${query}`;
    response.writeHead(303, { Location, "Content-Length": 0 }).end();
  }

  #prefix(request: Request): string {
    const { trust, basePath } = this.#options;
    return trust.prefix(request) + basePath;
  }

  #nowUs(): number {
    return (this.#options.clock ?? systemClock).nowUs();
  }
}

async function isLetIn(ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask();
    return true;
  } catch (error) {
    if (error instanceof RefusedError) return false;
    throw error;
  }
}

/** RFC 7617: whatever the user is called. */
function basicPassword({ headers }: IncomingMessage): string | undefined {
  const [, encoded] = /^Basic +([A-Za-z0-9+/_=-]+)$/i.exec(headers.authorization ?? "") ?? [];
  if (encoded === undefined) return undefined;
  const pair = Buffer.from(encoded, "base64").toString();
  const colon = pair.indexOf(":");
  return colon < 0 ? undefined : pair.slice(colon + 1);
}

/** RFC 9110 section 9.2.1. */
function isSafe({ method }: IncomingMessage): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS";
}

/** Neither one that was good once, nor one that is good for something else. */
function isWrongToken(error: unknown): boolean {
  return error instanceof RefusedError && error.status === 401 && error.code !== "TOKEN_EXPIRED";
}

function isPassword({ status }: RefusedError): boolean {
  return status === 401 || status === 403 || status === 429;
}

function takesPages({ headers }: Request): boolean {
  return headers.accept?.includes("text/html") ?? false;
}
