import type { RequestListener } from "node:http";
import { OriginPolicy, ProxyTrust } from "@millrace/signaling/gate";
import { attachSignaling, type Signaling } from "@millrace/signaling/server";
import type { IceServer } from "@millrace/signaling/session";
import type { Documents, ListenAddress, Operation } from "./api/index.ts";
import type { StaticAccess } from "./auth/index.ts";
import { BeaconDesk, type Experience } from "./beacons/index.ts";
import type { Config } from "./config/index.ts";
import type { Access, Clock, Log, Registry } from "./core/index.ts";
import { createEveryOutput, type EveryOutput } from "./fallback/every-output.ts";
import { createFallback, type Fallback } from "./fallback/index.ts";
import { createFlvPost, type FlvPost } from "./flv/index.ts";
import { bindable, httpLimits } from "./from-config.ts";
import { createFront, type HttpDoor, HttpServer, Site, type TlsSource } from "./http/index.ts";
import { listening } from "./listen-error.ts";
import type { Metrics } from "./metrics/index.ts";
import { createProbeHandler, type ProbeHandler } from "./probe/index.ts";
import type { RtcGateway } from "./rtc/gateway/gateway.ts";
import type { PeerFactory } from "./rtc/peer.ts";
import type { StartedTls } from "./tls-start.ts";
import { createWhipHandler, type WhipHandler } from "./whip/index.ts";

export interface WebOptions {
  readonly config: Config;
  readonly registry: Registry;
  readonly access: Access;
  readonly ownAccess: StaticAccess;
  readonly clock: Clock;
  readonly log: Log;
  readonly gateway: RtcGateway;
  readonly peers: PeerFactory;
  /** Where a client may find STUN and TURN. `id` is no secret. */
  iceServers(id: string): readonly IceServer[];
  readonly documents: Documents;
  readonly operations: readonly Operation[];
  readonly metrics: Metrics;
  readonly siteFolder: string;
  readonly isReady: () => boolean;
  readonly tls: StartedTls;
}

/** Everything behind the ports of HTTP and HTTPS: pages, API, WHIP and WHEP, signaling, outputs without WebRTC, FLV by POST. */
export class Web {
  readonly #options: WebOptions;
  readonly #whip: WhipHandler;
  readonly #outputs: EveryOutput;
  readonly #fallback: Fallback;
  readonly #post: FlvPost;
  readonly #probe: ProbeHandler;
  readonly #beacons: BeaconDesk;
  readonly #http: HttpServer;
  readonly #https: HttpServer | undefined;
  #httpsPort: number | undefined;
  readonly #signaling: Signaling;

  /** Opens nothing yet. */
  constructor(options: WebOptions) {
    const { config, gateway, peers, iceServers, registry, access, clock, log } = options;
    const { trustProxy, basePath, allowedOrigins } = config.http;
    const shared = { registry, access, clock, log };
    const listed = allowedOrigins.includes("*") ? "*" : allowedOrigins;
    const trust = new ProxyTrust(trustProxy);
    const origins = new OriginPolicy(listed, trust);
    this.#options = options;
    this.#whip = createWhipHandler({ gateway, log, clock, basePath, trustProxy, origins: listed });
    const { flvGatherMs } = config.limits;
    this.#outputs = createEveryOutput({ clock, log, flvGatherMs });
    const { outputs } = this.#outputs;
    this.#fallback = createFallback({ ...shared, trust, origins, basePath, outputs });
    this.#post = createFlvPost({ ...shared, trust, origins });
    this.#probe = createProbeHandler({ ...shared, peers, iceServers, trust, origins, basePath });
    const observer = options.metrics.experience;
    this.#beacons = new BeaconDesk({ registry, clock, trust, origins, observer });
    const listener = this.#createListener(trust, origins, listed);
    this.#http = this.#createHttp(listener, undefined);
    const certificates = config.https.enabled ? options.tls.main?.certificates : undefined;
    this.#https = certificates && this.#createHttp(listener, certificates);
    this.#signaling = attachSignaling(
      this.#servers.map(({ server }) => server),
      gateway,
      {
        path: `${basePath}/socket.io/`,
        origins: listed,
        trustProxy,
        clock,
        log,
      },
    );
  }

  /** @throws ListenError */
  async listen(): Promise<{ readonly http: ListenAddress; readonly https?: ListenAddress }> {
    const { http, https } = this.#options.config;
    const at = await listenAt("http", this.#http, http);
    if (this.#https === undefined) return { http: at };
    const secure = await listenAt("https", this.#https, https);
    this.#httpsPort = secure.port;
    return { http: at, https: secure };
  }

  /** Instead of `listen`: opens no port and serves what is handed over. */
  mount(): HttpDoor {
    return this.#http.mount();
  }

  /** Takes nobody new and says goodbye to everybody; resolves when they were told. */
  async leave(reason: string): Promise<void> {
    for (const server of this.#servers) server.drain();
    this.#whip.close(reason);
    this.#fallback.close(reason);
    this.#probe.close(reason);
    this.#outputs.close();
    this.#post.close(reason);
    this.#beacons.close();
    await this.#signaling.close(reason);
  }

  /** What that client's player told last of how it sees the stream. */
  experienceOf(stream: string, client: string): Experience | undefined {
    return this.#beacons.experienceOf(stream, client);
  }

  /** Ends what is still connected after so long. */
  async close(withinMs: number): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.close(withinMs)));
  }

  get #servers(): readonly HttpServer[] {
    return this.#https === undefined ? [this.#http] : [this.#http, this.#https];
  }

  #createHttp(listener: RequestListener, tls: TlsSource | undefined): HttpServer {
    const { config, clock, log } = this.#options;
    const [fallback, post] = [this.#fallback, this.#post];
    const signalingPath = `${config.http.basePath}/socket.io/`;
    const http = new HttpServer({
      log,
      clock,
      tls,
      limits: httpLimits(config),
      takesUpgrade: (request) =>
        (request.url?.startsWith(signalingPath) ?? false) || fallback.takesUpgrade(request),
      takesContinue: post.takesContinue,
      takesItsTime: post.isReceiving,
      listener,
    });
    http.server.on("upgrade", (request, socket, head) => {
      if (fallback.takesUpgrade(request)) fallback.upgrade(request, socket, head);
    });
    return http;
  }

  #createListener(
    trust: ProxyTrust,
    origins: OriginPolicy,
    listed: "*" | readonly string[],
  ): RequestListener {
    const { config, access, ownAccess, log, documents, siteFolder, isReady, tls } = this.#options;
    const { basePath, publicUrls } = config.http;
    const { redirect, hstsSeconds } = config.https;
    const [whip, fallback, post, probe] = [this.#whip, this.#fallback, this.#post, this.#probe];
    return createFront({
      log,
      access,
      admin: ownAccess.admin,
      operations: this.#options.operations,
      documents,
      metrics: this.#options.metrics,
      site: new Site(siteFolder),
      trust,
      origins,
      frameAncestors: listed === "*" ? "*" : ["'self'", ...listed].join(" "),
      basePath,
      publicUrls,
      ownHosts: new Set(publicUrls.map((url) => new URL(url).hostname)),
      isReady,
      https: redirect ? { publicUrls, port: () => this.#httpsPort } : undefined,
      hstsSeconds,
      wellKnown: tls.acme?.challenges.handle,
      handlers: [
        (request, response) => whip.handle(request, response),
        post.handle,
        probe.handle,
        this.#beacons.handle,
        fallback.handle,
      ],
    });
  }
}

async function listenAt(
  section: "http" | "https",
  server: HttpServer,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<ListenAddress> {
  const bound = await listening(section, { host, port }, () => server.listen(port, bindable(host)));
  return { host: bound.address, port: bound.port };
}
