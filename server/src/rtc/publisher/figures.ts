import type { PublisherFigures, PublisherTrackFigures } from "../../core/index.ts";
import type { EncodingStats } from "../ingest/index.ts";
import type { PublisherLinkStats } from "./publisher-link.ts";

export interface PublishSessionStats extends PublisherFigures {
  readonly state: "new" | "connecting" | "connected" | "closed";
  /** Set from the connection on. */
  readonly ingest: PublisherLinkStats | undefined;
}

/** What of a peer tells how media travels; `Peer` has it. */
interface Travelled {
  readonly path?: { readonly socket: object } | undefined;
  readonly traffic?: { readonly bytesReceived: number; readonly ownBytesSent: number };
}

/** Figures of a WebRTC publisher, for the API. */
export function publishFigures(
  state: PublishSessionStats["state"],
  ingest: PublisherLinkStats | undefined,
  peer: Travelled,
): PublishSessionStats {
  if (ingest === undefined) return { state, ingest };
  const { encodings, bytes, malformedFrames, roundTripMs } = ingest;
  const kinds = (["video", "audio"] as const).filter((kind) =>
    encodings.some((encoding) => encoding.kind === kind),
  );
  return {
    state,
    ingest,
    bytesReceived: peer.traffic?.bytesReceived ?? bytes,
    framesDropped: malformedFrames,
    lossRatio: lossOf(encodings),
    roundTripMs,
    path: pathOf(peer),
    tracks: kinds.map((kind) => trackOf(encodings.filter((encoding) => encoding.kind === kind))),
  };
}

/** What only the packets tell; core adds the rest. */
function trackOf(encodings: readonly EncodingStats[]): PublisherTrackFigures {
  const { kind, codec } = encodings[0] as EncodingStats;
  const best = encodings.findLast(({ active }) => active) ?? encodings[0];
  return {
    kind,
    codec: codec ?? "",
    bitrateBps: encodings.reduce((sum, { bitrateBps }) => sum + bitrateBps, 0),
    jitterMs: Math.round((best?.jitterMs ?? 0) * 10) / 10,
    framesReceived: encodings.reduce((sum, { frames }) => sum + frames, 0),
    lossRatio: lossOf(encodings),
  };
}

function lossOf(encodings: readonly EncodingStats[]): number {
  let [lost, packets] = [0, 0];
  for (const encoding of encodings) {
    lost += encoding.lost;
    packets += encoding.packets + encoding.lost;
  }
  return packets === 0 ? 0 : Math.round((lost / packets) * 10_000) / 10_000;
}

function pathOf({ path }: Travelled): string | undefined {
  if (path === undefined) return undefined;
  const { connection } = path.socket as { readonly connection?: unknown };
  return connection === undefined ? "udp" : "tcp";
}
