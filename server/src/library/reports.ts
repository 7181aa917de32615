import {
  noFigures,
  type Registry,
  type Stream,
  type Transport,
  type Viewer,
  type ViewerFigures,
} from "../core/index.ts";

/** A stream at one moment. */
export interface StreamReport {
  /** Such as `live/cam`. */
  readonly name: string;
  /** `waiting`: the publisher is gone for a moment, and may come back. */
  readonly state: "live" | "waiting";
  readonly startedAt: Date;
  readonly tracks: readonly TrackReport[];
  /** Viewers on all transports. */
  readonly viewers: number;
  /** Undefined while the stream waits for its publisher. */
  readonly publisher: PublisherReport | undefined;
  /** What the publisher should change, each with a stable code. */
  readonly hints: readonly { readonly code: string; readonly message: string }[];
}

export interface TrackReport {
  readonly kind: "audio" | "video";
  /** Such as `h264`, `opus`. */
  readonly codec: string;
  /** Pixels; absent for sound. */
  readonly width?: number;
  readonly height?: number;
}

/** Who publishes or watches. */
export interface SessionReport {
  /** The id in logs, events and the API; what `kick` takes. */
  readonly session: string;
  readonly transport: Transport;
  /** IP address. */
  readonly address: string;
  /** What the client says of itself. */
  readonly userAgent: string | undefined;
  /** Who it is, as a hook or a token said. */
  readonly user: string | undefined;
}

export interface PublisherReport extends SessionReport {
  readonly startedAt: Date;
}

export interface ViewerReport extends SessionReport {
  readonly stream: string;
  readonly joinedAt: Date;
  /** What the transport tells; some of it is absent on some transports. */
  readonly figures: ViewerFigures;
}

/** All streams, by name. */
export function streamReports(registry: Registry): readonly StreamReport[] {
  return registry
    .list()
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((stream) => streamReport(registry, stream));
}

function streamReport(registry: Registry, stream: Stream): readonly StreamReport[] {
  const { name, state, startedWallMs, tracks, viewers, hints } = stream;
  if (state === "ended") return [];
  const publisher = registry.publisher(name);
  return [
    {
      name,
      state,
      startedAt: new Date(startedWallMs),
      tracks: tracks.map(({ info }) => ({
        kind: info.kind,
        codec: info.codec,
        ...(info.kind === "video" && { width: info.width, height: info.height }),
      })),
      viewers: viewers.size,
      publisher: publisher && {
        ...sessionReport(publisher),
        startedAt: new Date(publisher.startedWallMs),
      },
      hints: hints.map(({ code, message }) => ({ code, message })),
    },
  ];
}

/** Viewers of one stream, or of all. */
export function viewerReports(registry: Registry, name?: string): readonly ViewerReport[] {
  return registry
    .list()
    .filter((stream) => name === undefined || stream.name === name)
    .flatMap((stream) =>
      [...stream.viewers.values()].map((viewer) => viewerReport(stream, viewer)),
    );
}

function viewerReport({ name }: Stream, viewer: Viewer): ViewerReport {
  return {
    stream: name,
    ...sessionReport(viewer),
    joinedAt: new Date(viewer.joinedWallMs),
    figures: viewer.info.stats?.() ?? noFigures,
  };
}

interface Session {
  readonly id: string;
  readonly info: Pick<Viewer["info"], "transport" | "address" | "userAgent" | "grant">;
}

function sessionReport({ id, info }: Session): SessionReport {
  const { transport, address, userAgent, grant } = info;
  return { session: id, transport, address, userAgent, user: grant?.user };
}

/** Ends the session of a publisher or viewer. False: there is none with that id. */
export function kickSession(registry: Registry, session: string, reason: string): boolean {
  for (const { name, viewers } of registry.list()) {
    const publisher = registry.publisher(name);
    const info = publisher?.id === session ? publisher.info : viewers.get(session)?.info;
    if (info === undefined) continue;
    info.onKick?.(reason);
    return true;
  }
  return false;
}
