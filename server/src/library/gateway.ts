import type { GatewayAddresses } from "../api/index.ts";
import { type Gateway as Assembled, createGateway as assemble } from "../app.ts";
import { type Config, configOf } from "../config/index.ts";
import type { Log } from "../core/index.ts";
import type { GatewayHooks } from "../hooks/index.ts";
import { EventDesk, type GatewayEventType, type GatewayListener } from "./event-desk.ts";
import { refuseOwnTls } from "./mounted-tls.ts";
import { type MiddlewareApp, Mounting, type WebServer } from "./mounting.ts";
import { type GatewayOptions, readOptions } from "./options.ts";
import {
  kickSession,
  type StreamReport,
  streamReports,
  type ViewerReport,
  viewerReports,
} from "./reports.ts";

export interface MountOptions {
  /** Below which path of that app or server, such as `/video`. Default: `http.basePath`, which is the root unless set. */
  readonly path?: string | undefined;
  /** The HTTP servers that the app serves, for WebSockets. Absent: each is known from its first request on. */
  readonly server?: WebServer | readonly WebServer[] | undefined;
}

/** A gateway in this process. Whoever made it closes it. */
export interface Gateway {
  /** Where it listens; empty before `start` and after `close`, without `http` where it is mounted. */
  readonly addresses: GatewayAddresses;
  /**
   * Opens its ports. The same promise when called again.
   * @throws ListenError when a port is taken; nothing is left open then. Error after `close`.
   */
  start(): Promise<Gateway>;
  /**
   * Serves pages, API, signaling and all outputs over HTTP inside an Express app, or an HTTP server of another kind, instead of
   * on `http.port`. Before `start`. On a server itself: after its other listeners for requests are there.
   * @throws ConfigError when the path is none, or HTTPS or ACME is asked for, which is that server's part.
   */
  mount(place: MiddlewareApp | WebServer, options?: MountOptions): Gateway;
  /** Listens for what happens. Listeners are called one after the other, in a moment; what one throws is logged. */
  on<T extends GatewayEventType>(type: T, listener: GatewayListener<T>): Gateway;
  off<T extends GatewayEventType>(type: T, listener: GatewayListener<T>): Gateway;
  /** The streams of this moment, by name. */
  streams(): readonly StreamReport[];
  /** The viewers of one stream, or of all, on all transports. */
  viewers(stream?: string): readonly ViewerReport[];
  /** Ends the session of a publisher or viewer, who is told the reason, a stable code. False: there is none with that id. */
  kick(session: string, reason?: string): boolean;
  /**
   * Takes nobody new, tells publishers and viewers, waits for them up to `shutdown.drainSeconds`, and leaves nothing open.
   * May be called twice. `reason` is a stable code that they are told.
   */
  close(reason?: string): Promise<void>;
  /** For `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Makes a gateway that does not listen yet. Reads nothing but its options: neither environment nor files.
 * @throws ConfigError that lists every fault of the options.
 */
export function createGateway(options: GatewayOptions = {}): Gateway {
  const { config, functions, log } = readOptions(options);
  return new EmbeddedGateway(config, functions, log);
}

class EmbeddedGateway implements Gateway {
  #config: Config;
  readonly #log: Log;
  readonly #hooks: GatewayHooks;
  readonly #desk: EventDesk;
  #mounting: Mounting | undefined;
  #making: Promise<Assembled> | undefined;
  #made: Assembled | undefined;
  #starting: Promise<Gateway> | undefined;
  #closing: Promise<void> | undefined;

  constructor(config: Config, functions: GatewayHooks, log: Log) {
    this.#config = config;
    this.#log = log;
    this.#desk = new EventDesk(log, functions.onEvent);
    this.#hooks = { ...functions, onEvent: (event) => this.#desk.tell(event) };
  }

  get addresses(): GatewayAddresses {
    return this.#made?.addresses() ?? {};
  }

  start(): Promise<Gateway> {
    this.#starting ??= this.#open();
    return this.#starting;
  }

  mount(place: MiddlewareApp | WebServer, options: MountOptions = {}): Gateway {
    if (this.#starting !== undefined || this.#closing !== undefined) {
      throw new Error("mount comes before start");
    }
    if (this.#mounting !== undefined) throw new Error("a gateway is mounted once");
    refuseOwnTls(this.#config);
    const basePath = (options.path ?? this.#config.http.basePath).replace(/\/$/, "");
    const { http } = configOf({ http: { ...this.#config.http, basePath } }, "mount");
    this.#config = { ...this.#config, http };
    const mounting = new Mounting(basePath, this.#log);
    this.#mounting = mounting;
    if ("use" in place) mounting.use(place);
    else mounting.take(place);
    for (const server of [options.server ?? []].flat()) mounting.attach(server);
    return this;
  }

  on<T extends GatewayEventType>(type: T, listener: GatewayListener<T>): Gateway {
    this.#desk.on(type, listener);
    return this;
  }

  off<T extends GatewayEventType>(type: T, listener: GatewayListener<T>): Gateway {
    this.#desk.off(type, listener);
    return this;
  }

  streams(): readonly StreamReport[] {
    return this.#made === undefined ? [] : streamReports(this.#made.registry);
  }

  viewers(stream?: string): readonly ViewerReport[] {
    return this.#made === undefined ? [] : viewerReports(this.#made.registry, stream);
  }

  kick(session: string, reason = "KICKED"): boolean {
    return this.#made !== undefined && kickSession(this.#made.registry, session, reason);
  }

  close(reason?: string): Promise<void> {
    this.#closing ??= this.#shut(reason);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #open(): Promise<Gateway> {
    if (this.#closing !== undefined) throw new Error("the gateway is closed");
    this.#making = assemble(this.#config, {
      log: this.#log,
      hooks: this.#hooks,
      mounted: this.#mounting !== undefined,
    });
    this.#made = await this.#making;
    await this.#made.start();
    if (this.#closing === undefined) this.#mounting?.open(this.#made.http);
    return this;
  }

  async #shut(reason: string | undefined): Promise<void> {
    // One that is being made has processes already.
    const made = await this.#making?.catch(() => undefined);
    await made?.close(reason);
    this.#mounting?.close();
  }
}
