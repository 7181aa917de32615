import {
  type Publisher,
  type Registry,
  randomText,
  type Stream,
  trackBitrateBps,
  type Viewer,
} from "../core/index.ts";
import type { Clock } from "../core/ports.ts";
import type { SrsPageQuery } from "./schemas/queries.ts";
import type {
  SrsClient,
  SrsClients,
  SrsFailure,
  SrsHead,
  SrsKbps,
  SrsOneClient,
  SrsOneStream,
  SrsOneVhost,
  SrsStream,
  SrsStreams,
  SrsSummaries,
  SrsVersions,
  SrsVhost,
  SrsVhosts,
} from "./schemas/srs.ts";
import { machineFigures, processFigures } from "./srs-host.ts";
import { SrsTraffic, trafficOf } from "./srs-traffic.ts";
import { clientType, srsAudio, srsVideo } from "./srs-words.ts";

const vhostName = "__defaultVhost__";
/** As many as SRS tells at least. */
const minPerPage = 10;
const maxPerPage = 1000;
const vhostNotFound: SrsFailure = { code: 2014 };
const streamNotFound: SrsFailure = { code: 2048 };
const clientNotFound: SrsFailure = { code: 2049 };

interface Client {
  readonly stream: Stream;
  readonly session: Publisher | Viewer;
  readonly publishes: boolean;
  readonly sinceMs: number;
}

/** What consoles and back ends that were made for SRS ask for, in its shapes. */
export class SrsDocuments {
  readonly #registry: Registry;
  readonly #clock: Pick<Clock, "wallMs">;
  readonly #version: string;
  readonly #traffic: SrsTraffic;
  readonly #head: SrsHead;
  readonly #vhostId: string;

  constructor(registry: Registry, clock: Pick<Clock, "wallMs">, version: string) {
    this.#registry = registry;
    this.#clock = clock;
    this.#version = version;
    this.#traffic = new SrsTraffic(registry);
    const id = (): string => `vid-${randomText(4, "hex")}`;
    this.#vhostId = id();
    const service = randomText(4, "hex");
    this.#head = { code: 0, server: id(), service, pid: String(process.pid) };
  }

  /** What every good answer begins with, and all of those that only say that it is done. */
  get done(): SrsHead {
    return this.#head;
  }

  versions(): SrsVersions {
    const [major = 0, minor = 0, revision = 0] = this.#version
      .split(/[.-]/)
      .map((part) => Number.parseInt(part, 10) || 0);
    return { ...this.#head, data: { major, minor, revision, version: this.#version } };
  }

  summaries(): SrsSummaries {
    const nowMs = Math.round(this.#clock.wallMs());
    const { sent, received } = this.#traffic.total;
    return {
      ...this.#head,
      data: {
        ok: true,
        now_ms: nowMs,
        self: processFigures(this.#version),
        system: {
          ...machineFigures(),
          srs_sample_time: nowMs,
          srs_recv_bytes: received,
          srs_send_bytes: sent,
          conn_srs: this.#clients().length,
        },
      },
    };
  }

  vhosts(): SrsVhosts {
    return { ...this.#head, vhosts: [this.#vhost()] };
  }

  vhost(id: string): SrsOneVhost | SrsFailure {
    if (id !== this.#vhostId && id !== vhostName) return vhostNotFound;
    return { ...this.#head, vhost: this.#vhost() };
  }

  streams(query: SrsPageQuery): SrsStreams {
    const streams = partOf(this.#registry.list(), query);
    return { ...this.#head, streams: streams.map((stream) => this.#stream(stream)) };
  }

  /** By its id, or by its name, which is easier to know. */
  stream(idOrName: string): SrsOneStream | SrsFailure {
    const stream =
      this.#registry.get(idOrName) ?? this.#registry.list().find(({ id }) => id === idOrName);
    if (stream === undefined) return streamNotFound;
    return { ...this.#head, stream: this.#stream(stream) };
  }

  clients(query: SrsPageQuery): SrsClients {
    const clients = partOf(this.#clients(), query).map((one) => this.#client(one));
    return { ...this.#head, clients };
  }

  client(id: string): SrsOneClient | SrsFailure {
    const found = this.#clients().find(({ session }) => session.id === id);
    return found === undefined ? clientNotFound : { ...this.#head, client: this.#client(found) };
  }

  /** What is said when `client` does not know an id. */
  get clientNotFound(): SrsFailure {
    return clientNotFound;
  }

  #clients(): readonly Client[] {
    return this.#registry.list().flatMap((stream) => {
      const publisher = this.#registry.publisher(stream.name);
      const watching = [...stream.viewers.values()].map((session) => ({
        stream,
        session,
        publishes: false,
        sinceMs: session.joinedWallMs,
      }));
      if (publisher === undefined) return watching;
      const sinceMs = publisher.startedWallMs;
      return [{ stream, session: publisher, publishes: true, sinceMs }, ...watching];
    });
  }

  #vhost(): SrsVhost {
    const streams = this.#registry.list();
    const { sent, received } = this.#traffic.total;
    const each = streams.map(kbpsOf);
    return {
      id: this.#vhostId,
      name: vhostName,
      enabled: true,
      clients: this.#clients().length,
      streams: streams.length,
      send_bytes: sent,
      recv_bytes: received,
      kbps: {
        recv_30s: each.reduce((sum, { recv_30s }) => sum + recv_30s, 0),
        send_30s: each.reduce((sum, { send_30s }) => sum + send_30s, 0),
      },
      hls: { enabled: true },
    };
  }

  #stream(stream: Stream): SrsStream {
    const publisher = this.#registry.publisher(stream.name);
    const { sent, received } = this.#traffic.ofStream(stream);
    const { app, name, ...addresses } = nameParts(stream.name);
    return {
      id: stream.id,
      name,
      vhost: this.#vhostId,
      app,
      ...addresses,
      live_ms: Math.round(this.#clock.wallMs()),
      clients: stream.viewers.size + (publisher === undefined ? 0 : 1),
      frames: stream.track("video")?.totals.frames ?? 0,
      send_bytes: sent,
      recv_bytes: received,
      kbps: kbpsOf(stream),
      publish: { active: publisher !== undefined, cid: publisher?.id ?? "" },
      video: srsVideo(stream.track("video")?.info),
      audio: srsAudio(stream.track("audio")?.info),
    };
  }

  #client({ stream, session, publishes, sinceMs }: Client): SrsClient {
    const { sent, received } = trafficOf(session);
    const { tcUrl, url, name } = nameParts(stream.name);
    const aliveMs = Math.max(0, this.#clock.wallMs() - sinceMs);
    return {
      id: session.id,
      vhost: this.#vhostId,
      stream: stream.id,
      ip: session.info.address,
      pageUrl: "",
      swfUrl: "",
      tcUrl,
      url,
      name,
      type: clientType(session.info.transport, publishes),
      publish: publishes,
      alive: Math.round(aliveMs) / 1000,
      send_bytes: sent,
      recv_bytes: received,
      kbps: publishes
        ? { ...kbpsOf(stream), send_30s: 0 }
        : { recv_30s: 0, send_30s: viewerKbps(session) },
    };
  }
}

function partOf<T>(all: readonly T[], { start = 0, count = 0 }: SrsPageQuery): readonly T[] {
  return all.slice(start, start + Math.min(maxPerPage, Math.max(minPerPage, count)));
}

/** Never with what a client wrote after the name: there may be a token in it. */
function nameParts(stream: string): {
  readonly app: string;
  readonly name: string;
  readonly tcUrl: string;
  readonly url: string;
} {
  const slash = stream.lastIndexOf("/");
  const app = slash < 0 ? "" : stream.slice(0, slash);
  return {
    app,
    name: stream.slice(slash + 1),
    tcUrl: `rtmp://${vhostName}/${app}`,
    url: `/${stream}`,
  };
}

function kbpsOf(stream: Stream): SrsKbps {
  const received = stream.tracks.reduce((sum, track) => sum + trackBitrateBps(track), 0);
  const sent = [...stream.viewers.values()].reduce((sum, viewer) => sum + viewerKbps(viewer), 0);
  return { recv_30s: Math.round(received / 1000), send_30s: sent };
}

function viewerKbps(viewer: Publisher | Viewer): number {
  const stats = viewer.info.stats?.() as { readonly bitrateBps?: number } | undefined;
  return Math.round((stats?.bitrateBps ?? 0) / 1000);
}
