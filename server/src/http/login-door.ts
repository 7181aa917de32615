import {
  AddressRate,
  CookieGate,
  clientCookie,
  passCookie,
  type Rate,
} from "@millrace/signaling/gate";
import type { Request, Response } from "express";
import { systemClock } from "../core/clock.ts";
import { RefusedError } from "../core/errors.ts";
import type { AccessRequest } from "../core/ports.ts";
import { callerOf } from "./caller.ts";
import { type FormReader, formReader } from "./login-body.ts";
import { loginForm, loginFormPolicy } from "./login-form.ts";
import { OwnPage } from "./own-page.ts";
import { Body, reply } from "./reply.ts";
import { pathOf } from "./request-target.ts";
import type { RouteOptions } from "./routes.ts";
import { newClientId, setCookie } from "./set-cookies.ts";

export interface LoginLimits {
  /** Wrong passwords of one address (IPv6: one /64); right ones do not count. */
  readonly loginAttempts: Rate;
  /** Addresses that are remembered for `loginAttempts`. */
  readonly maxLoginAddresses: number;
  /** The body of a form. Bytes. */
  readonly maxLoginBytes: number;
  /** Longer passwords are wrong. Characters. */
  readonly maxPasswordLength: number;
}

export const defaultLoginLimits: LoginLimits = {
  loginAttempts: { perSecond: 0.1, burst: 10 },
  maxLoginAddresses: 10_000,
  maxLoginBytes: 8192,
  maxPasswordLength: 1024,
};

/** The page of a stream that is asked for. */
export interface StreamPage {
  readonly stream: string;
  /** The page for frames in pages of others. */
  readonly embed: boolean;
}

/**
 * Stands before the pages of streams: whoever has to show a token first is shown a form for it, and whoever sends
 * the form with a good one gets a cookie that every way of watching takes for it.
 */
export class LoginDoor {
  readonly #options: RouteOptions;
  readonly #limits: LoginLimits;
  readonly #cookies: CookieGate;
  readonly #ownPage: OwnPage;
  readonly #attempts: AddressRate;
  readonly #readForm: FormReader;

  constructor(options: RouteOptions) {
    this.#options = options;
    this.#limits = { ...defaultLoginLimits, ...options.loginLimits };
    this.#cookies = new CookieGate(options.origins, options.trust);
    this.#ownPage = new OwnPage(options.trust, options.ownHosts);
    this.#attempts = new AddressRate(this.#limits.loginAttempts, this.#limits.maxLoginAddresses);
    this.#readForm = formReader(this.#limits.maxLoginBytes);
  }

  /** What this request shows to watch: the token that it names, else the pass in its cookie. Secret. */
  playToken(request: Request, token: string | undefined): string | undefined {
    return token ?? this.#cookies.pass(request);
  }

  /** Answers with the form, and gives true, when the page's stream needs a token that was not shown. */
  async stops(request: Request, response: Response, page: StreamPage): Promise<boolean> {
    const { access } = this.#options;
    if (access.logIn === undefined || isAskedWithoutForm(request, page)) return false;
    const asked = this.#accessRequest(request, page);
    const token = this.playToken(request, asked.token);
    try {
      await access.authorize({ ...asked, token });
      return false;
    } catch (error) {
      if (!isUnauthorized(error)) return false;
      await this.#sendForm(request, response, page, 401);
      return true;
    }
  }

  /** Sets the cookie by which a viewer is known in statistics, unless it is there. */
  greet(request: Request, response: Response, { embed }: StreamPage): void {
    if (this.#options.clientCookie === false || request.method === "HEAD") return;
    if (this.#cookies.clientId(request) !== undefined) return;
    setCookie(response, clientCookie, newClientId(), {
      path: this.#prefix(request),
      secure: this.#isSecure(request),
      framed: embed,
    });
  }

  /**
   * Answers a form that was sent.
   * @throws RefusedError `ORIGIN_FORBIDDEN` 403, `CONTENT_TYPE_UNSUPPORTED` 415, `BODY_TOO_LARGE` 413,
   *   `REQUEST_INVALID` 400, and what the access seam says when no password would help.
   */
  async receive(request: Request, response: Response, page: StreamPage): Promise<void> {
    const { access, trust, log } = this.#options;
    if (!this.#ownPage.mayBe(request)) {
      throw new RefusedError("ORIGIN_FORBIDDEN", 403, "This form is not one of ours.");
    }
    const clock = this.#options.clock ?? systemClock;
    const address = trust.clientAddress(request);
    const waitMs = this.#attempts.take(address, clock.nowUs());
    if (waitMs > 0) {
      const seconds = Math.max(1, Math.ceil(waitMs / 1000));
      response.setHeader("Retry-After", String(seconds));
      const message = `Too many attempts. Try again in ${seconds} seconds.`;
      await this.#sendForm(request, response, page, 429, message);
      return;
    }
    const password = await this.#readForm(request, response, "password");
    if (password === undefined) {
      throw new RefusedError("REQUEST_INVALID", 400, "The form has no password.");
    }
    const token = password.length > this.#limits.maxPasswordLength ? "" : password.trim();
    try {
      const shown = this.#cookies.pass(request);
      const asked = { ...this.#accessRequest(request, page), token };
      const given = await access.logIn?.(asked, shown);
      this.#attempts.giveBack(address);
      if (given !== undefined) {
        setCookie(response, passCookie, given.pass, {
          path: this.#prefix(request),
          secure: this.#isSecure(request),
          framed: page.embed,
          maxAgeSeconds: given.maxAgeSeconds,
        });
      }
    } catch (error) {
      // A token that is good for something else is none of the guesser's business.
      if (!(error instanceof RefusedError) || ![401, 403].includes(error.status)) throw error;
      log.debug({ stream: page.stream, code: error.code }, "login refused");
      await this.#sendForm(request, response, page, 401, "That is not the password.");
      return;
    }
    response.setHeader("Cache-Control", "no-store");
    // After a form, browsers come back with GET (RFC 9110 section 15.4.4).
    response.writeHead(303, { Location: this.#address(request, page), "Content-Length": 0 }).end();
  }

  #accessRequest(request: Request, { stream }: StreamPage): AccessRequest {
    const { trust, ownHosts } = this.#options;
    const { token, address, userAgent } = callerOf(request, trust, ownHosts);
    return { action: "play", stream, transport: "webrtc", token, address, userAgent, look: true };
  }

  async #sendForm(
    request: Request,
    response: Response,
    page: StreamPage,
    status: number,
    message?: string,
  ): Promise<void> {
    const { frameAncestors } = this.#options;
    const html = loginForm({
      heading: page.stream,
      title: `Password for ${page.stream}`,
      about: "This stream asks for a password.",
      field: "password",
      label: "Password",
      button: "Watch",
      action: this.#address(request, page),
      message,
      maxLength: this.#limits.maxPasswordLength,
    });
    const frames = page.embed ? frameAncestors : "'self'";
    response.setHeader("Content-Security-Policy", loginFormPolicy(frames));
    // With no-referrer, browsers would send the form from an origin without a name.
    response.setHeader("Referrer-Policy", "same-origin");
    if (status === 401) response.setHeader("WWW-Authenticate", 'Bearer realm="millrace"');
    const body = new Body("text/html; charset=utf-8", html);
    await reply(request, response, body, { status, cacheControl: "no-store" });
  }

  /** Of the page itself and without a token, which was of no use; never anything that the client chose. */
  #address(request: Request, { stream, embed }: StreamPage): string {
    const query = new URLSearchParams(request.url.slice(pathOf(request.url).length));
    query.delete("token");
    const rest = query.size === 0 ? "" : `?${query.toString()}`;
    return `${this.#prefix(request)}/${embed ? "embed/" : ""}${stream}${rest}`;
  }

  #prefix(request: Request): string {
    const { trust, basePath } = this.#options;
    return trust.prefix(request) + basePath;
  }

  #isSecure(request: Request): boolean {
    return this.#options.trust.scheme(request) === "https";
  }
}

/** A page of others that hands the token to the player by a message says so, for the form would be in its way. */
function isAskedWithoutForm(request: Request, { embed }: StreamPage): boolean {
  if (!embed) return false;
  return new URLSearchParams(request.url.slice(pathOf(request.url).length)).get("login") === "0";
}

function isUnauthorized(error: unknown): boolean {
  if (!(error instanceof RefusedError)) throw error;
  return error.status === 401;
}
