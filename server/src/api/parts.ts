import {
  type ClientVisit,
  frameRateOf,
  type PacketEncoding,
  type Publisher,
  type Stream,
  type Track,
  trackBitrateBps,
  type Viewer,
} from "../core/index.ts";
import type { PublisherDocument, ViewerDocument, VisitDocument } from "./schemas/sessions.ts";
import type { PublicStream, ViewerCounts } from "./schemas/streams.ts";
import type { LayerDocument, TrackDocument } from "./schemas/tracks.ts";

/** What whoever may watch a stream may know of it. */
export function publicPart(stream: Stream): PublicStream {
  return {
    name: stream.name,
    state: stream.state,
    startedAt: iso(stream.startedWallMs),
    tracks: stream.tracks.map(trackPart),
    hints: stream.hints,
    health: stream.health,
    viewers: viewerCounts(stream),
    listeners: stream.listeners,
  };
}

/** A track without figures that change all the time. */
export function trackPart(track: Track): TrackDocument {
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

/** A track with its figures of the moment. */
export function measuredTrack(track: Track): TrackDocument {
  const frameRate = frameRateOf(track);
  const keyIntervalUs = track.kind === "video" ? track.keyIntervalUs : undefined;
  return {
    ...trackPart(track),
    bitrateBps: Math.round(trackBitrateBps(track)),
    ...(frameRate === undefined ? {} : { frameRate: Math.round(frameRate * 10) / 10 }),
    ...(keyIntervalUs === undefined ? {} : { keyIntervalMs: Math.round(keyIntervalUs / 1000) }),
    ...track.totals,
    cachedFrames: track.cache.frames.length,
    cachedBytes: track.cache.sizeBytes,
  };
}

/** A publisher without figures that change all the time. */
export function publisherPart({ id, info, startedWallMs }: Publisher): PublisherDocument {
  const { transport, address, userAgent, grant } = info;
  return {
    id,
    transport,
    address,
    userAgent,
    user: grant?.user,
    startedAt: iso(startedWallMs),
  };
}

/** A publisher with its figures of the moment. */
export function measuredPublisher(publisher: Publisher): PublisherDocument {
  return { ...publisherPart(publisher), stats: publisher.figures };
}

export function viewerPart({ id, info, joinedWallMs, visit }: Viewer): ViewerDocument {
  const { transport, address, userAgent, clientId, grant } = info;
  return {
    id,
    transport,
    address,
    userAgent,
    clientId,
    user: grant?.user,
    joinedAt: iso(joinedWallMs),
    visit: visitPart(visit),
    stats: info.stats?.() ?? null,
  };
}

/** What the viewer's client saw of the stream lately, over all its sessions. */
function visitPart({ firstJoinedWallMs, ...rest }: ClientVisit): VisitDocument {
  return { firstJoinedAt: iso(firstJoinedWallMs), ...rest };
}

export function iso(wallMs: number): string {
  return new Date(wallMs).toISOString();
}

/** Viewers that are known by their cookie count once as clients, however often they are here; the others each. */
function viewerCounts({ viewers }: Stream): ViewerCounts {
  const byTransport: Record<string, number> = {};
  const clients = new Set<string>();
  for (const { id, info } of viewers.values()) {
    byTransport[info.transport] = (byTransport[info.transport] ?? 0) + 1;
    clients.add(info.clientId ?? id);
  }
  return { count: viewers.size, clients: clients.size, byTransport };
}

function layerPart(layer: PacketEncoding): LayerDocument {
  const { rid, width, height, frameRate, bitrateBps, active } = layer;
  return { rid, width, height, frameRate, bitrateBps: Math.round(bitrateBps), active };
}
