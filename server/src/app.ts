import type { IceServer } from "@millrace/signaling/session";
import { accessSettings, opennessOf } from "./access-settings.ts";
import type { GatewayAddresses, ListenAddress } from "./api/index.ts";
import { type Api, createApi } from "./api-start.ts";
import { StaticAccess } from "./auth/index.ts";
import type { OpennessWords } from "./banner.ts";
import { builtSite } from "./built-site.ts";
import type { Config } from "./config/index.ts";
import { type Access, type Clock, type Log, Registry, systemClock } from "./core/index.ts";
import { DemoSource } from "./demo/index.ts";
import { FlvTcpServer } from "./flv/index.ts";
import { bindable, coreLimits, transcodeOptions } from "./from-config.ts";
import { hookSettings } from "./hook-settings.ts";
import { type GatewayHooks, Hooks } from "./hooks/index.ts";
import type { HttpDoor } from "./http/index.ts";
import { iceServersFor } from "./ice-servers.ts";
import { listening } from "./listen-error.ts";
import { createLog } from "./log/index.ts";
import type { Metrics } from "./metrics/index.ts";
import { createMetrics } from "./metrics-start.ts";
import type { EgressCore } from "./rtc/egress/core.ts";
import type { RtcGateway } from "./rtc/gateway/gateway.ts";
import type { BoundPeerFactory } from "./rtc/peer-factory.ts";
import { startRtc } from "./rtc-start.ts";
import type { RtmpServer } from "./rtmp/index.ts";
import { startRtmp } from "./rtmp-start.ts";
import { type StartedTls, startTls } from "./tls-start.ts";
import { createTranscodePool, type TranscodePool } from "./transcode/index.ts";
import type { BundledTurn } from "./turn/index.ts";
import { startTurnRelay } from "./turn-relay.ts";
import { version } from "./version.ts";
import { Web } from "./web.ts";

/** What tests and programs that embed the gateway put in the place of the defaults. */
export interface GatewayOverrides {
  readonly clock?: Clock;
  readonly log?: Log;
  /** Folder of the built pages. Default: where `client` is built. */
  readonly siteFolder?: string;
  /** Decide who may publish and watch, and are told what happens. */
  readonly hooks?: GatewayHooks;
  /** Somebody else's HTTP server serves pages, API and signaling through `Gateway.http`; `http.port` stays closed. */
  readonly mounted?: boolean;
}

/** The whole gateway: everything that `Config` describes, in one process. */
export interface Gateway {
  readonly registry: Registry;
  /**
   * Opens all listeners. May be called once, and not after `close`.
   * @throws ListenError; nothing is left open then.
   */
  start(): Promise<void>;
  /** Who may do what without a token. */
  readonly openness: OpennessWords;
  /** Its certificates; undefined before `start`. */
  readonly tls: StartedTls | undefined;
  /** Where it listens; absent before `start`. */
  addresses(): GatewayAddresses;
  /** Where a server that it is mounted on hands over; absent before `start`, and where it has a port of its own. */
  readonly http: HttpDoor | undefined;
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
    siteFolder: overrides.siteFolder ?? builtSite(),
    functions: overrides.hooks,
    mounted: overrides.mounted ?? false,
  });
}

/** How long browsers may take to give their relayed addresses back once all is over. */
const relayedGoodbyeMs = 500;

/** What a gateway is made from, apart from its configuration. */
interface Surroundings {
  readonly clock: Clock;
  readonly log: Log;
  readonly transcoder: TranscodePool;
  readonly siteFolder: string;
  readonly functions: GatewayHooks | undefined;
  readonly mounted: boolean;
}

class MillraceGateway implements Gateway {
  readonly registry: Registry;
  readonly #config: Config;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #siteFolder: string;
  readonly #transcoder: TranscodePool;
  readonly #hooks: Hooks;
  readonly #metrics: Metrics;
  readonly #api: Api;
  readonly #ownAccess: StaticAccess;
  /** The own one and hooks. */
  readonly #access: Access;
  readonly #iceServers: (id: string) => readonly IceServer[];
  #addresses: GatewayAddresses = {};
  #peers: BoundPeerFactory | undefined;
  #egress: EgressCore | undefined;
  #rtc: RtcGateway | undefined;
  #turn: BundledTurn | undefined;
  #tls: StartedTls | undefined;
  #rtmp: RtmpServer | undefined;
  #web: Web | undefined;
  #flvTcp: FlvTcpServer | undefined;
  #demo: DemoSource | undefined;
  readonly #mounted: boolean;
  #door: HttpDoor | undefined;
  #ready = false;
  #starting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(config: Config, surroundings: Surroundings) {
    const { clock, log, transcoder, siteFolder, functions, mounted } = surroundings;
    this.#config = config;
    this.#mounted = mounted;
    this.#clock = clock;
    this.#log = log;
    this.#transcoder = transcoder;
    this.#siteFolder = siteFolder;
    this.#hooks = new Hooks({ ...hookSettings(config), functions, clock, log });
    this.#ownAccess = new StaticAccess(accessSettings(config, this.#hooks));
    this.#iceServers = iceServersFor(config, clock, () => this.#turn);
    this.registry = new Registry({ clock, log, transcoder, limits: coreLimits(config) });
    this.#api = createApi(config, {
      registry: this.registry,
      clock,
      addresses: () => this.#addresses,
      transcoder: () => transcoder.engine,
      egress: () => this.#egress?.tier,
      isReady: () => this.#ready,
      certificates: () => this.#tls,
      experienceOf: (stream, client) => this.#web?.experienceOf(stream, client),
    });
    this.#hooks.watch(this.registry, (event) => this.#api.events.push(event));
    this.#metrics = createMetrics(config, {
      registry: this.registry,
      clock,
      log,
      transcoder,
      egress: () => this.#egress,
      peers: () => this.#peers,
      rtc: () => this.#rtc,
      turn: () => this.#turn,
      tls: () => this.#tls,
    });
    this.#hooks.observe({
      onCall: (call) => this.#metrics.webhookCalled(call),
      onLost: (lost) => this.#metrics.webhookLost(lost),
    });
    this.#access = this.#metrics.counting(this.#hooks.behind(this.#ownAccess));
  }

  get openness(): OpennessWords {
    return opennessOf(this.#config, this.#hooks);
  }

  get tls(): StartedTls | undefined {
    return this.#tls;
  }

  addresses(): GatewayAddresses {
    return this.#addresses;
  }

  get http(): HttpDoor | undefined {
    return this.#door;
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

  get #shared(): { registry: Registry; access: Access; clock: Clock; log: Log } {
    return { registry: this.registry, access: this.#access, clock: this.#clock, log: this.#log };
  }

  async #open(): Promise<void> {
    const tls = await startTls(this.#config, { clock: this.#clock, log: this.#log });
    this.#tls = tls;
    const rtc = await this.#startRtc();
    // The relay lets browsers reach that port. Its process takes its time, and nobody waits for it meanwhile.
    const relay = startTurnRelay(this.#config, rtc.port, this.#log, tls).then((turn) => {
      this.#turn = turn;
      return turn && { turn: turn.addresses };
    });
    const ports = await this.#openPorts(tls).finally(() => relay.catch(() => {}));
    const turn = await relay;
    if (this.#closing !== undefined) return;
    this.#addresses = { ...ports, rtc, ...turn };
    if (this.#config.demo) this.#demo = new DemoSource(this.#shared);
    this.#ready = true;
    // Its server asks us over HTTP.
    tls.acme?.start();
  }

  async #openPorts(tls: StartedTls): Promise<GatewayAddresses> {
    const certificates = tls.main?.certificates;
    const rtmp = await startRtmp(this.#config, { ...this.#shared, certificates });
    this.#rtmp = rtmp?.server;
    const flvTcp = await this.#startFlvTcp();
    const web = await this.#startWeb(tls);
    return { ...web, ...rtmp?.addresses, ...(flvTcp && { flvTcp }) };
  }

  async #startRtc(): Promise<ListenAddress> {
    const rtc = await startRtc(this.#config, { ...this.#shared, iceServers: this.#iceServers });
    this.#egress = rtc.core;
    this.#peers = rtc.peers;
    this.#rtc = rtc.gateway;
    return { host: rtc.peers.address, port: rtc.peers.port };
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

  async #startWeb(tls: StartedTls): Promise<Partial<Awaited<ReturnType<Web["listen"]>>>> {
    const [gateway, peers] = [this.#rtc, this.#peers];
    if (gateway === undefined || peers === undefined) throw new Error("WebRTC comes first");
    const web = new Web({
      ...this.#shared,
      ownAccess: this.#ownAccess,
      config: this.#config,
      gateway,
      peers,
      iceServers: this.#iceServers,
      ...this.#api,
      metrics: this.#metrics,
      siteFolder: this.#siteFolder,
      isReady: () => this.#ready,
      tls,
    });
    this.#web = web;
    if (!this.#mounted) return web.listen();
    this.#door = web.mount();
    return {};
  }

  /** From the outside in: nobody new, goodbyes, then what carried them. */
  async #shutDown(reason: string): Promise<void> {
    // What is being opened would otherwise stay open.
    await this.#starting?.catch(() => {});
    const drainMs = this.#config.shutdown.drainSeconds * 1000;
    const startedUs = this.#clock.nowUs();
    if (this.#ready) this.#log.info({ code: reason }, "closing");
    this.#ready = false;
    this.#demo?.close(reason);
    this.#tls?.close();
    this.#api.close();
    const goodbyes = [
      this.#web?.leave(reason),
      this.#rtmp?.close(reason),
      this.#flvTcp?.close(reason),
    ];
    this.#rtc?.close(reason);
    await Promise.all(goodbyes);
    this.registry.close(reason);
    await this.#hooks.close();
    this.#metrics.close();
    // Threads of the egress send through the sockets of the peers.
    this.#egress?.close();
    await Promise.all([this.#peers?.close(), this.#transcoder.close()]);
    const leftMs = Math.max(0, drainMs - (this.#clock.nowUs() - startedUs) / 1000);
    await Promise.all([
      this.#web?.close(leftMs),
      // Whoever was relayed has heard the goodbye, or never will.
      this.#turn?.close(reason, Math.min(leftMs, relayedGoodbyeMs)),
    ]);
    this.#addresses = {};
  }
}
