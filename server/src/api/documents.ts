import {
  frameRateOf,
  type PacketEncoding,
  type Registry,
  type Stream,
  type Track,
  trackBitrateBps,
  type Viewer,
} from "../core/index.ts";
import { pageOfViewers, type ViewerQuery } from "./viewer-list.ts";

/** One place where the server listens. */
export interface ListenAddress {
  /** IP address; `::` and `0.0.0.0` stand for all. */
  readonly host: string;
  readonly port: number;
}

/** Where the server listens, as it is logged and told by the API; absent what is switched off or not up. */
export interface GatewayAddresses {
  /** Pages, API and signaling. */
  readonly http?: ListenAddress;
  /** The same over TLS. */
  readonly https?: ListenAddress;
  readonly rtmp?: ListenAddress;
  readonly rtmps?: ListenAddress;
  /** Bare FLV over TCP. */
  readonly flvTcp?: ListenAddress;
  /** UDP, for WebRTC media. */
  readonly rtc?: ListenAddress;
  /** The TURN relay. */
  readonly turn?: readonly TurnListenAddress[];
}

/** One place where the TURN relay listens. */
export interface TurnListenAddress extends ListenAddress {
  readonly protocol: "udp" | "tcp" | "tls";
}

export interface ServerFacts {
  readonly version: string;
  readonly startedWallMs: number;
  addresses(): GatewayAddresses;
  readonly publicUrls: readonly string[];
  readonly basePath: string;
  /** What makes Opus out of AAC here. */
  transcoder(): string;
  /** Which tier seals and sends media; undefined before it is chosen. */
  egress(): string | undefined;
  isReady(): boolean;
  /** Certificates in use, and how it goes with ordering them. */
  readonly certificates?: CertificateFiguresReader;
  /** How a client sees a stream, as its player told last. Absent: nobody knows. */
  experienceOf?(stream: string, client: string): object | undefined;
}

/** What administrators are told of certificates. */
export interface CertificateFiguresReader {
  facts(): readonly {
    readonly names: readonly string[];
    readonly serial: string;
    readonly fingerprint: string;
    readonly issuer: string;
    readonly selfSigned: boolean;
    readonly notBeforeMs: number;
    readonly expiresAtMs: number;
  }[];
  acmeStatus():
    | {
        readonly domains: readonly string[];
        readonly failure: string | undefined;
        readonly failures: number;
        readonly nextTryMs: number | undefined;
      }
    | undefined;
}

/** The documents of `/api/v1`, made from what the registry knows at the moment. */
export class Documents {
  readonly #registry: Registry;
  readonly #facts: ServerFacts;

  constructor(registry: Registry, facts: ServerFacts) {
    this.#registry = registry;
    this.#facts = facts;
  }

  server(): object {
    const facts = this.#facts;
    const streams = this.#registry.list();
    return {
      name: "millrace",
      version: facts.version,
      node: process.versions.node,
      startedAt: iso(facts.startedWallMs),
      ready: facts.isReady(),
      addresses: addressList(facts.addresses()),
      publicUrls: facts.publicUrls,
      basePath: facts.basePath,
      transcoder: facts.transcoder(),
      egress: facts.egress(),
      ...certificatePart(facts.certificates),
      streams: streams.length,
      viewers: streams.reduce((sum, stream) => sum + stream.viewers.size, 0),
    };
  }

  /** Without figures that change all the time, so that the entity tag stays while nothing happens. */
  streams(): object {
    const streams = this.#registry.list().sort((a, b) => (a.name < b.name ? -1 : 1));
    return {
      streams: streams.map((stream) => ({ ...publicPart(stream), ...this.#publisherPart(stream) })),
    };
  }

  stream(name: string, full: boolean, each = true): object | undefined {
    const stream = this.#registry.get(name);
    if (stream === undefined) return undefined;
    // The figures of the moment, not those of the last change.
    const health = this.#registry.publisher(name)?.health ?? stream.health;
    if (!full) return { ...publicPart(stream), health };
    return {
      ...publicPart(stream),
      health,
      ...this.#publisherPart(stream),
      tracks: [...stream.tracks, ...stream.derivedTracks].map((track) => ({
        ...trackPart(track),
        ...trackFigures(track),
      })),
      ...(each && {
        viewerList: [...stream.viewers.values()].map((viewer) => this.#viewerPart(name, viewer)),
      }),
    };
  }

  /** Viewers of all streams, a page at a time. @throws RefusedError `REQUEST_INVALID` 400 */
  viewers(query: ViewerQuery): object {
    const { viewers, next } = pageOfViewers(this.#registry.list(), query);
    return {
      viewers: viewers.map(({ stream, viewer }) => ({
        stream,
        ...this.#viewerPart(stream, viewer),
      })),
      next: next ?? null,
    };
  }

  /** Ends the session of a publisher or a viewer. False: there is none with that id. */
  kick(id: string): boolean {
    return this.#registry.kick(id, "KICKED");
  }

  streamSummary(name: string): { readonly state: string; readonly codecs: readonly string[] } {
    const stream = this.#registry.get(name);
    return {
      state: stream === undefined || stream.state === "ended" ? "offline" : stream.state,
      codecs: stream?.tracks.map((track) => track.info.codecString) ?? [],
    };
  }

  #viewerPart(stream: string, viewer: Viewer): object {
    const { clientId } = viewer.info;
    const experience =
      clientId === undefined ? undefined : this.#facts.experienceOf?.(stream, clientId);
    return { ...viewerPart(viewer), ...(experience && { experience }) };
  }

  #publisherPart(stream: Stream): object {
    const publisher = this.#registry.publisher(stream.name);
    if (publisher === undefined) return { publisher: null };
    const { transport, address, userAgent, grant } = publisher.info;
    const startedAt = iso(publisher.startedWallMs);
    const stats = publisher.figures;
    const { id } = publisher;
    const user = grant?.user;
    return { publisher: { id, transport, address, userAgent, user, startedAt, stats } };
  }
}

function certificatePart(reader: CertificateFiguresReader | undefined): object {
  const found = reader?.facts() ?? [];
  const acme = reader?.acmeStatus();
  return {
    certificates: found.map(({ notBeforeMs, expiresAtMs, ...facts }) => ({
      ...facts,
      notBefore: iso(notBeforeMs),
      expiresAt: iso(expiresAtMs),
    })),
    ...(acme && {
      acme: {
        domains: acme.domains,
        failures: acme.failures,
        failure: acme.failure ?? null,
        nextTryAt: acme.nextTryMs === undefined ? null : iso(acme.nextTryMs),
      },
    }),
  };
}

function addressList({
  http,
  https,
  rtmp,
  rtmps,
  flvTcp,
  rtc,
  turn = [],
}: GatewayAddresses): readonly object[] {
  const entry = (protocol: string, transport: string, at: ListenAddress | undefined): object[] =>
    at === undefined ? [] : [{ protocol, transport, ...at }];
  return [
    ...entry("http", "tcp", http),
    ...entry("https", "tcp", https),
    ...entry("rtmp", "tcp", rtmp),
    ...entry("rtmps", "tcp", rtmps),
    ...entry("flv", "tcp", flvTcp),
    ...entry("webrtc", "udp", rtc),
    ...turn.flatMap(({ protocol, host, port }) =>
      protocol === "tls"
        ? entry("turns", "tcp", { host, port })
        : entry("turn", protocol, { host, port }),
    ),
  ];
}

/** What whoever may watch a stream may know of it. */
function publicPart(stream: Stream): object {
  const byTransport: Record<string, number> = {};
  for (const { info } of stream.viewers.values()) {
    byTransport[info.transport] = (byTransport[info.transport] ?? 0) + 1;
  }
  return {
    name: stream.name,
    state: stream.state,
    startedAt: iso(stream.startedWallMs),
    tracks: stream.tracks.map(trackPart),
    hints: stream.hints,
    health: stream.health,
    viewers: { count: stream.viewers.size, clients: clientCount(stream), byTransport },
  };
}

/** Viewers that are known by their cookie count once, however often they are here; the others each. */
function clientCount(stream: Stream): number {
  const clients = new Set<string>();
  for (const { id, info } of stream.viewers.values()) clients.add(info.clientId ?? id);
  return clients.size;
}

function trackPart(track: Track): object {
  const { info } = track;
  const layers = track.packets?.encodings ?? [];
  const largest = layers.findLast((layer) => layer.width > 0);
  const { width, height } = largest ?? (info.kind === "video" ? info : { width: 0, height: 0 });
  const format =
    info.kind === "video"
      ? { width, height, bFrames: track.reorders ?? null }
      : { sampleRate: info.sampleRate, channels: info.channels };
  return {
    id: track.id,
    kind: info.kind,
    codec: info.codec,
    codecString: info.codecString,
    derived: track.derived,
    ...format,
    ...(layers.length > 1 ? { layers: layers.map(layerPart) } : {}),
  };
}

function layerPart(layer: PacketEncoding): object {
  const { rid, width, height, frameRate, bitrateBps, active } = layer;
  return { rid, width, height, frameRate, bitrateBps: Math.round(bitrateBps), active };
}

function trackFigures(track: Track): object {
  const frameRate = frameRateOf(track);
  const keyIntervalUs = track.kind === "video" ? track.keyIntervalUs : undefined;
  return {
    bitrateBps: Math.round(trackBitrateBps(track)),
    ...(frameRate === undefined ? {} : { frameRate: Math.round(frameRate * 10) / 10 }),
    ...(keyIntervalUs === undefined ? {} : { keyIntervalMs: Math.round(keyIntervalUs / 1000) }),
    ...track.totals,
    cachedFrames: track.cache.frames.length,
    cachedBytes: track.cache.sizeBytes,
  };
}

function viewerPart(viewer: Viewer): object {
  const { transport, address, userAgent, clientId, grant, stats } = viewer.info;
  const joinedAt = iso(viewer.joinedWallMs);
  return {
    id: viewer.id,
    transport,
    address,
    userAgent,
    ...(clientId === undefined ? {} : { clientId }),
    ...(grant?.user === undefined ? {} : { user: grant.user }),
    joinedAt,
    stats: stats?.call(viewer.info) ?? null,
  };
}

function iso(wallMs: number): string {
  return new Date(wallMs).toISOString();
}
