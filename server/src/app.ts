import { fileURLToPath } from "node:url";
import { OriginPolicy, ProxyTrust } from "@millrace/signaling/gate";
import { attachSignaling, type Signaling } from "@millrace/signaling/server";
import { Documents, type GatewayAddresses, type ListenAddress } from "./api/index.ts";
import { StaticAccess } from "./auth/index.ts";
import type { Config } from "./config/index.ts";
import { type Clock, type Log, Registry, systemClock } from "./core/index.ts";
import { DemoSource } from "./demo/index.ts";
import { createEveryOutput } from "./fallback/every-output.ts";
import { createFallback, type Fallback } from "./fallback/index.ts";
import { createFlvPost, type FlvPost, FlvTcpServer } from "./flv/index.ts";
import { bindable, coreLimits, httpLimits, transcodeOptions } from "./from-config.ts";
import { createFront, HttpServer, Site } from "./http/index.ts";
import { iceServersFor } from "./ice-servers.ts";
import { listening } from "./listen-error.ts";
import { createLog } from "./log/index.ts";
import { NodeEgressCore } from "./rtc/egress/node-core.ts";
import { RtcGateway } from "./rtc/gateway/gateway.ts";
import { type BoundPeerFactory, createPeerFactory } from "./rtc/peer-factory.ts";
import { selfTest } from "./rtc/werift/self-test.ts";
import { defaultServerLimits, RtmpServer } from "./rtmp/index.ts";
import { createTranscodePool, type TranscodePool } from "./transcode/index.ts";
import { version } from "./version.ts";
import { createWhipHandler, type WhipHandler } from "./whip/index.ts";

/** What tests and programs that embed the gateway put in the place of the defaults. */
export interface GatewayOverrides {
  readonly clock?: Clock;
  readonly log?: Log;
  /** Folder of the built pages. Default: where `client` is built. */
  readonly siteFolder?: string;
}

/** The whole gateway: everything that `Config` describes, in one process. */
export interface Gateway {
  readonly registry: Registry;
  /**
   * Opens all listeners. May be called once, and not after `close`.
   * @throws ListenError; nothing is left open then.
   */
  start(): Promise<void>;
  /** Where it listens; absent before `start`. */
  addresses(): GatewayAddresses;
  /**
   * Takes nobody new, tells publishers and viewers, waits for them up to `shutdown.drainSeconds` and ends.
   * `reason` is a stable code that they are told. May be called twice.
   */
  close(reason?: string): Promise<void>;
}

/** Makes a gateway that does not listen yet. Whoever makes one closes it. */
export async function createGateway(
  config: Config,
  overrides: GatewayOverrides = {},
): Promise<Gateway> {
  const clock = overrides.clock ?? systemClock;
  const log = overrides.log ?? createLog(config.log);
  const transcoder = await createTranscodePool(transcodeOptions(config, clock, log));
  return new MillraceGateway(config, {
    clock,
    log,
    transcoder,
    siteFolder: overrides.siteFolder ?? builtSite,
  });
}

const builtSite = fileURLToPath(new URL("../../client/dist/site", import.meta.url));

/** What a gateway is made from, apart from its configuration. */
interface Surroundings {
  readonly clock: Clock;
  readonly log: Log;
  readonly transcoder: TranscodePool;
  readonly siteFolder: string;
}

class MillraceGateway implements Gateway {
  readonly registry: Registry;
  readonly #config: Config;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #siteFolder: string;
  readonly #transcoder: TranscodePool;
  readonly #access: StaticAccess;
  readonly #startedWallMs: number;
  #addresses: GatewayAddresses = {};
  #peers: BoundPeerFactory | undefined;
  #egress: NodeEgressCore | undefined;
  #rtc: RtcGateway | undefined;
  #rtmp: RtmpServer | undefined;
  #http: HttpServer | undefined;
  #signaling: Signaling | undefined;
  #whip: WhipHandler | undefined;
  #fallback: Fallback | undefined;
  #flvPost: FlvPost | undefined;
  #flvTcp: FlvTcpServer | undefined;
  #closeOutputs: (() => void) | undefined;
  #demo: DemoSource | undefined;
  #ready = false;
  #starting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(config: Config, { clock, log, transcoder, siteFolder }: Surroundings) {
    this.#config = config;
    this.#clock = clock;
    this.#log = log;
    this.#transcoder = transcoder;
    this.#siteFolder = siteFolder;
    this.#access = new StaticAccess(config.auth);
    this.#startedWallMs = clock.wallMs();
    this.registry = new Registry({ clock, log, transcoder, limits: coreLimits(config) });
  }

  addresses(): GatewayAddresses {
    return this.#addresses;
  }

  async start(): Promise<void> {
    this.#starting = this.#open();
    try {
      await this.#starting;
    } catch (error) {
      await this.close("START_FAILED");
      throw error;
    }
    if (this.#ready) this.#log.info({ version, ...this.#addresses }, "listening");
  }

  close(reason = "SERVER_CLOSING"): Promise<void> {
    this.#closing ??= this.#shutDown(reason);
    return this.#closing;
  }

  get #shared(): { registry: Registry; access: StaticAccess; clock: Clock; log: Log } {
    return { registry: this.registry, access: this.#access, clock: this.#clock, log: this.#log };
  }

  async #open(): Promise<void> {
    const rtc = await this.#startRtc();
    const rtmp = await this.#startRtmp();
    const flvTcp = await this.#startFlvTcp();
    const http = await this.#startHttp();
    if (this.#closing !== undefined) return;
    this.#addresses = { http, ...(rtmp && { rtmp }), ...(flvTcp && { flvTcp }), rtc };
    if (this.#config.demo) this.#demo = new DemoSource(this.#shared);
    this.#ready = true;
  }

  async #startRtc(): Promise<ListenAddress> {
    // Keys that another implementation would not understand must never reach a viewer.
    await selfTest();
    const { host, port, tcp, announcedIps, dataFromViewers, maxPeers } = this.#config.rtc;
    const peers = await listening("rtc", { host, port }, () =>
      createPeerFactory({
        port,
        tcp,
        host: host === "*" ? undefined : host,
        announcedIps,
        clock: this.#clock,
        log: this.#log,
        limits: { maxPeers },
      }),
    );
    this.#peers = peers;
    this.#egress = new NodeEgressCore(this.#clock);
    this.#rtc = new RtcGateway({
      ...this.#shared,
      peers,
      core: this.#egress,
      iceServers: iceServersFor(this.#config.rtc, this.#clock),
      limits: { maxSessions: maxPeers },
      dataFromViewers,
    });
    return { host: peers.address, port: peers.port };
  }

  async #startRtmp(): Promise<ListenAddress | undefined> {
    const { enabled, host, port, maxConnections, maxConnectionsPerAddress } = this.#config.rtmp;
    if (!enabled) return undefined;
    const drainMs = this.#config.shutdown.drainSeconds * 1000;
    const drainTimeoutMs = Math.min(drainMs, defaultServerLimits.drainTimeoutMs);
    const rtmp = new RtmpServer({
      ...this.#shared,
      limits: { maxConnections, maxConnectionsPerAddress, drainTimeoutMs },
    });
    const bound = await listening("rtmp", { host, port }, () => rtmp.listen(port, bindable(host)));
    this.#rtmp = rtmp;
    return { host: bound.address, port: bound.port };
  }

  async #startFlvTcp(): Promise<ListenAddress | undefined> {
    const { enabled, host, port, ...limits } = this.#config.flvTcp;
    if (!enabled) return undefined;
    const server = new FlvTcpServer({ ...this.#shared, limits });
    const place = { host, port };
    const bound = await listening("flvTcp", place, () => server.listen(port, bindable(host)));
    this.#flvTcp = server;
    return { host: bound.address, port: bound.port };
  }

  async #startHttp(): Promise<ListenAddress> {
    const { host, port, trustProxy, basePath, allowedOrigins, publicUrls } = this.#config.http;
    const gateway = this.#rtc;
    if (gateway === undefined) throw new Error("signaling needs the WebRTC gateway");
    const origins = allowedOrigins.includes("*") ? "*" : allowedOrigins;
    const trust = new ProxyTrust(trustProxy);
    const signalingPath = `${basePath}/socket.io/`;
    const whip = createWhipHandler({
      gateway,
      log: this.#log,
      clock: this.#clock,
      basePath,
      trustProxy,
      origins,
    });
    this.#whip = whip;
    const policy = new OriginPolicy(origins, trust);
    const fallback = this.#startFallback(trust, policy);
    const post = createFlvPost({ ...this.#shared, trust, origins: policy });
    this.#flvPost = post;
    const http = new HttpServer({
      log: this.#log,
      clock: this.#clock,
      limits: httpLimits(this.#config),
      takesUpgrade: (request) =>
        (request.url?.startsWith(signalingPath) ?? false) || fallback.takesUpgrade(request),
      takesContinue: post.takesContinue,
      takesItsTime: post.isReceiving,
      listener: createFront({
        log: this.#log,
        access: this.#access,
        authorizeAdmin: (caller) => this.#access.authorizeAdmin(caller),
        documents: this.#documents(),
        site: new Site(this.#siteFolder),
        trust,
        origins: policy,
        frameAncestors: origins === "*" ? "*" : ["'self'", ...origins].join(" "),
        basePath,
        ownHosts: new Set(publicUrls.map((url) => new URL(url).hostname)),
        isReady: () => this.#ready,
        handlers: [
          (request, response) => whip.handle(request, response),
          post.handle,
          fallback.handle,
        ],
      }),
    });
    this.#http = http;
    http.server.on("upgrade", (request, socket, head) => {
      if (fallback.takesUpgrade(request)) fallback.upgrade(request, socket, head);
    });
    this.#signaling = attachSignaling(http.server, gateway, {
      path: signalingPath,
      origins,
      trustProxy,
      clock: this.#clock,
      log: this.#log,
    });
    const bound = await listening("http", { host, port }, () => http.listen(port, bindable(host)));
    return { host: bound.address, port: bound.port };
  }

  #startFallback(trust: ProxyTrust, origins: OriginPolicy): Fallback {
    const every = createEveryOutput(this.#shared);
    const { outputs } = every;
    const { basePath } = this.#config.http;
    const fallback = createFallback({ ...this.#shared, trust, origins, basePath, outputs });
    this.#fallback = fallback;
    this.#closeOutputs = () => every.close();
    return fallback;
  }

  #documents(): Documents {
    const { publicUrls, basePath } = this.#config.http;
    return new Documents(this.registry, {
      version,
      startedWallMs: this.#startedWallMs,
      addresses: () => this.#addresses,
      publicUrls,
      basePath,
      transcoder: () => this.#transcoder.engine,
      isReady: () => this.#ready,
    });
  }

  /** From the outside in: nobody new, goodbyes, then what carried them. */
  async #shutDown(reason: string): Promise<void> {
    // What is being opened would otherwise stay open.
    await this.#starting?.catch(() => {});
    const drainMs = this.#config.shutdown.drainSeconds * 1000;
    const startedUs = this.#clock.nowUs();
    if (this.#ready) this.#log.info({ code: reason }, "closing");
    this.#ready = false;
    this.#http?.drain();
    this.#demo?.close(reason);
    this.#whip?.close(reason);
    this.#fallback?.close(reason);
    this.#closeOutputs?.();
    this.#flvPost?.close(reason);
    const goodbyes = [
      this.#signaling?.close(reason),
      this.#rtmp?.close(reason),
      this.#flvTcp?.close(reason),
    ];
    this.#rtc?.close(reason);
    await Promise.all(goodbyes);
    this.registry.close(reason);
    await Promise.all([this.#peers?.close(), this.#transcoder.close()]);
    this.#egress?.close();
    const elapsedMs = (this.#clock.nowUs() - startedUs) / 1000;
    await this.#http?.close(Math.max(0, drainMs - elapsedMs));
    this.#addresses = {};
  }
}
