import { randomBytes } from "node:crypto";
import {
  checkTurnOptions,
  type PemPair,
  readCertificate,
  startTurn,
  type TurnAddress,
  type TurnEvent,
  type TurnOptions,
  type TurnOptionsInput,
  type TurnRelay,
  type TurnRelayStats,
} from "@millrace/turn";
import type { Log } from "../core/index.ts";
import { type MediaPlace, relayPlaces } from "./places.ts";
import { type RelayNames, turnUrls } from "./urls.ts";

/** What of the configuration matters here: its section `turn`. */
export interface TurnSettings {
  readonly host: string;
  readonly port: number;
  readonly tlsPort: number;
  readonly publicHosts: readonly string[];
  readonly minPort: number;
  readonly maxPort: number;
  /** Secret; empty for a random one. */
  readonly secret: string;
  readonly previousSecrets: readonly string[];
  readonly dataPath: "auto" | "native" | "node";
  readonly realm: string;
  readonly allowPeers: readonly string[];
  readonly maxAllocations: number;
  readonly maxAllocationsPerUser: number;
  readonly maxAllocationsPerAddress: number;
  readonly maxBitrateBps: number;
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
}

/** What the relay's surroundings are. */
export interface TurnSurroundings {
  readonly log: Log;
  readonly media: MediaPlace;
  /** Addresses of this machine's interfaces. */
  readonly own: readonly string[];
  /** Of TURN over TLS; needed where `tlsPort` is not 0. */
  readonly certificates?: TurnCertificates | undefined;
}

/** A certificate that may be followed by another. `tls/` has it. */
export interface TurnCertificates {
  /** Secret. */
  readonly pair: PemPair;
  /** Calls back after each change. Returns how to end that. */
  onChange(listener: () => void): () => void;
}

/** The relay that runs beside the gateway. */
export class BundledTurn {
  #urls: readonly string[];
  /** What credentials for it are made from. Never leaves the process but to the relay. */
  readonly secret: string;
  readonly #relay: TurnRelay;

  #forget: () => void = () => {};

  private constructor(relay: TurnRelay, secret: string, names: RelayNames) {
    this.#relay = relay;
    this.secret = secret;
    this.#urls = turnUrls(relay.addresses, names);
  }

  /** What browsers are told. */
  get urls(): readonly string[] {
    return this.#urls;
  }

  /**
   * @throws TurnOptionsError for a certificate, a key or another value that cannot be.
   * @throws TurnStartError when it cannot listen.
   */
  static async start(settings: TurnSettings, surroundings: TurnSurroundings): Promise<BundledTurn> {
    const { log } = surroundings;
    const secret = settings.secret === "" ? randomBytes(32).toString("base64url") : settings.secret;
    const options = relayOptions(settings, secret, surroundings);
    const relay = await startTurn(options, {
      log,
      onEvents: (events, dropped) => logEvents(log, events, dropped),
    });
    const turn = new BundledTurn(relay, secret, relayNames(settings, options));
    turn.#follow(settings, options, surroundings.certificates);
    const ports = relay.addresses.map(({ protocol, port }) => `${protocol} ${port}`);
    log.info({ pid: relay.pid, ports: [...new Set(ports)] }, "TURN relays");
    log.debug({ urls: turn.urls, media: options.media }, "what TURN is told and tells");
    return turn;
  }

  #follow(
    settings: TurnSettings,
    options: TurnOptions,
    certificates: TurnCertificates | undefined,
  ): void {
    if (certificates === undefined || settings.tlsPort === 0) return;
    this.#forget = certificates.onChange(() => {
      const tls = certificates.pair;
      this.#relay.replaceCertificate(tls);
      // It may be for another name.
      this.#urls = turnUrls(this.#relay.addresses, relayNames(settings, { ...options, tls }));
    });
  }

  get addresses(): readonly TurnAddress[] {
    return this.#relay.addresses;
  }

  stats(): TurnRelayStats {
    return this.#relay.stats();
  }

  /** Lets relayed browsers leave, `drainMs` at most. May be called twice. */
  close(reason: string, drainMs: number): Promise<void> {
    this.#forget();
    return this.#relay.close(reason, drainMs);
  }
}

/** The relay's options. @throws TurnOptionsError */
export function relayOptions(
  settings: TurnSettings,
  secret: string,
  { media, own, certificates }: Omit<TurnSurroundings, "log">,
): TurnOptions {
  const { host, port, tlsPort } = settings;
  const places = relayPlaces(host, media, own);
  const input: TurnOptionsInput = {
    ...places,
    dataPath: settings.dataPath,
    realm: settings.realm,
    secrets: [secret, ...settings.previousSecrets],
    listen: [
      { protocol: "udp", host, port },
      { protocol: "tcp", host, port },
      ...(tlsPort === 0 ? [] : [{ protocol: "tls" as const, host, port: tlsPort }]),
    ],
    ...(tlsPort === 0 || certificates === undefined ? {} : { tls: certificates.pair }),
    minPort: settings.minPort,
    maxPort: settings.maxPort,
    allowPeers: settings.allowPeers,
    limits: {
      maxAllocations: settings.maxAllocations,
      maxAllocationsPerUser: settings.maxAllocationsPerUser,
      maxAllocationsPerAddress: settings.maxAllocationsPerAddress,
      maxBytesPerSecond: Math.ceil(settings.maxBitrateBps / 8),
      maxConnections: settings.maxConnections,
      maxConnectionsPerAddress: settings.maxConnectionsPerAddress,
    },
  };
  return checkTurnOptions(input);
}

/** How browsers reach a relay with these options. */
export function relayNames(
  { publicHosts }: Pick<TurnSettings, "publicHosts">,
  { announcedIps, tls }: TurnOptions,
): RelayNames {
  if (publicHosts.length > 0) return { plain: publicHosts, tls: publicHosts };
  // By an address no browser would believe the certificate.
  const names = tls === undefined ? [] : readCertificate(tls).dnsNames;
  const name = names.find((known) => known !== "localhost");
  return { plain: announcedIps, tls: name === undefined ? announcedIps : [name] };
}

/** Addresses of clients are for `debug` alone. */
function logEvents(log: Log, events: readonly TurnEvent[], dropped: number): void {
  for (const { type, details } of events) log.debug(details, `TURN ${type}`);
  if (dropped > 0) log.debug({ dropped }, "TURN events left out");
}
