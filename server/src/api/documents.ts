import type { Publisher, Registry, Stream, Viewer } from "../core/index.ts";
import { addressList, type GatewayAddresses } from "./addresses.ts";
import { type CertificateReader, certificatePart } from "./certificates.ts";
import { pageOf } from "./page.ts";
import {
  iso,
  measuredPublisher,
  measuredTrack,
  publicPart,
  publisherPart,
  viewerPart,
} from "./parts.ts";
import type { SessionsQuery, StreamsQuery } from "./schemas/queries.ts";
import type { ServerDocument } from "./schemas/server.ts";
import type {
  PublishersDocument,
  SessionDocument,
  ViewerDocument,
  ViewersDocument,
} from "./schemas/sessions.ts";
import type { StreamDocument, StreamsDocument } from "./schemas/streams.ts";

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
  certificates?(): CertificateReader | undefined;
  /** How a client sees a stream, as its player told last. Absent: nobody knows. */
  experienceOf?(stream: string, client: string): object | undefined;
}

/** The documents of `/api/v1`, made from what the registry knows at the moment. */
export class Documents {
  readonly #registry: Registry;
  readonly #facts: ServerFacts;

  constructor(registry: Registry, facts: ServerFacts) {
    this.#registry = registry;
    this.#facts = facts;
  }

  server(): ServerDocument {
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
      ...certificatePart(facts.certificates?.()),
      streams: streams.length,
      viewers: streams.reduce((sum, stream) => sum + stream.viewers.size, 0),
    };
  }

  /**
   * By name, without figures of tracks, so that the entity tag stays while nothing happens.
   * @throws RefusedError `REQUEST_INVALID` 400
   */
  streams(query: StreamsQuery = {}): StreamsDocument {
    const { state, prefix = "" } = query;
    const wanted = this.#registry
      .list()
      .filter(
        (stream) => stream.name.startsWith(prefix) && (state ?? stream.state) === stream.state,
      );
    const { items, next } = pageOf(wanted, ({ name }) => [name], ["string"], query);
    return {
      streams: items.map((stream) => ({
        ...publicPart(stream),
        ...this.#publisherOf(stream, publisherPart),
      })),
      next,
    };
  }

  /**
   * `full` adds what only an administrator may see; `each`, true by default, its viewers one by one. Undefined: there is
   * no such stream.
   */
  stream(name: string, full: boolean, each = true): StreamDocument | undefined {
    const stream = this.#registry.get(name);
    if (stream === undefined) return undefined;
    // The figures of the moment, not those of the last change.
    const health = this.#registry.publisher(name)?.health ?? stream.health;
    if (!full) return { ...publicPart(stream), health };
    return {
      ...publicPart(stream),
      health,
      ...this.#publisherOf(stream, measuredPublisher),
      tracks: [...stream.tracks, ...stream.derivedTracks].map(measuredTrack),
      ...(each && {
        viewerList: [...stream.viewers.values()].map((viewer) => this.#viewerOf(name, viewer)),
      }),
    };
  }

  /** Publishers of all streams, a page at a time. @throws RefusedError `REQUEST_INVALID` 400 */
  publishers(query: SessionsQuery): PublishersDocument {
    const publishers = this.#wanted(query)
      .map(({ name }) => this.#registry.publisher(name))
      .filter((publisher) => publisher !== undefined)
      .filter(({ info }) => (query.transport ?? info.transport) === info.transport);
    const { items, next } = pageOf(publishers, ({ stream }) => [stream.name], ["string"], query);
    return {
      publishers: items.map((one) => ({ stream: one.stream.name, ...measuredPublisher(one) })),
      next,
    };
  }

  /**
   * Viewers of all streams, a page at a time, by stream and in the order in which they came.
   * @throws RefusedError `REQUEST_INVALID` 400
   */
  viewers(query: SessionsQuery): ViewersDocument {
    const viewers = this.#wanted(query).flatMap(({ name, viewers }) =>
      [...viewers.values()]
        .filter(({ info }) => (query.transport ?? info.transport) === info.transport)
        .map((viewer) => ({ stream: name, viewer })),
    );
    const { items, next } = pageOf(
      viewers,
      ({ stream, viewer }) => [stream, viewer.joinedWallMs, viewer.id],
      ["string", "number", "string"],
      query,
    );
    return {
      viewers: items.map(({ stream, viewer }) => ({ stream, ...this.#viewerOf(stream, viewer) })),
      next,
    };
  }

  /** Undefined: there is no session with that id now. */
  session(id: string): SessionDocument | undefined {
    const found = this.#registry.session(id);
    if (found === undefined) return undefined;
    if (found.role === "publisher") {
      const { role, publisher } = found;
      return { role, stream: publisher.stream.name, ...measuredPublisher(publisher) };
    }
    const { role, stream, viewer } = found;
    return { role, stream: stream.name, ...this.#viewerOf(stream.name, viewer) };
  }

  /** Ends the session of a publisher or a viewer. False: there is none with that id. */
  kick(id: string): boolean {
    return this.#registry.kick(id, "KICKED");
  }

  /** Ends the session of whoever publishes that stream now; its id. Undefined: nobody does. */
  kickPublisher(stream: string): string | undefined {
    const publisher = this.#registry.publisher(stream);
    publisher?.info.onKick("KICKED");
    return publisher?.id;
  }

  streamSummary(name: string): { readonly state: string; readonly codecs: readonly string[] } {
    const stream = this.#registry.get(name);
    return {
      state: stream === undefined || stream.state === "ended" ? "offline" : stream.state,
      codecs: stream?.tracks.map((track) => track.info.codecString) ?? [],
    };
  }

  #wanted({ stream }: SessionsQuery): readonly Stream[] {
    if (stream === undefined) return this.#registry.list();
    const one = this.#registry.get(stream);
    return one === undefined ? [] : [one];
  }

  #viewerOf(stream: string, viewer: Viewer): ViewerDocument {
    const { clientId } = viewer.info;
    const experience =
      clientId === undefined ? undefined : this.#facts.experienceOf?.(stream, clientId);
    return { ...viewerPart(viewer), ...(experience && { experience }) };
  }

  #publisherOf<T>(
    { name }: Stream,
    tell: (publisher: Publisher) => T,
  ): { readonly publisher: T | null } {
    const publisher = this.#registry.publisher(name);
    return { publisher: publisher === undefined ? null : tell(publisher) };
  }
}
