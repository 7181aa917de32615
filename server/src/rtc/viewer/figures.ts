import type { ViewerFigures } from "../../core/index.ts";
import type { StreamOutput } from "../egress/stream-output.ts";
import type { ViewerEgressStats } from "../egress/viewer-egress.ts";
import type { PeerTraffic, SendMedia } from "../peer.ts";
import type { PathKind } from "./viewer-path.ts";

export interface ViewerSessionStats extends ViewerFigures {
  readonly state: "new" | "connecting" | "connected" | "closed";
  /** Set once it was connected. */
  readonly egress: ViewerEgressStats | undefined;
}

/** Codec strings of the lines that the viewer takes, video first. */
export function codecsOf(output: StreamOutput, media: readonly SendMedia[]): readonly string[] {
  return [output.video, output.audio].flatMap(({ source }) => {
    const isSent = media.some(({ kind }) => kind === source?.info.kind);
    return source === undefined || !isSent ? [] : [source.info.codecString];
  });
}

/** Figures of a viewer who watches by WebRTC. `codecs` are those of the lines that are sent. */
export function viewerFigures(parts: {
  readonly state: ViewerSessionStats["state"];
  readonly egress: ViewerEgressStats | undefined;
  readonly traffic: PeerTraffic | undefined;
  readonly path: PathKind | undefined;
  readonly codecs: readonly string[];
}): ViewerSessionStats {
  const { state, egress, traffic, path, codecs } = parts;
  const { ownBytesSent = 0, bytesReceived = 0, waitingBytes = 0 } = traffic ?? {};
  const lines = egress?.lines ?? [];
  const first = lines.find(({ kind }) => kind === "video") ?? lines[0];
  return {
    state,
    bytesSent: Math.max(0, ownBytesSent + (egress?.bytes ?? 0) - waitingBytes),
    bytesReceived,
    codecs,
    layer: egress?.layer,
    path,
    roundTripMs: egress?.roundTripMs,
    lossRatio: first?.lossShare,
    estimateBps: egress?.bandwidth?.estimateBps ?? egress?.rembBps,
    framesSent: lines.reduce((sum, { frames }) => sum + frames, 0),
    framesDropped: egress?.pacer?.droppedFrames ?? 0,
    waitingBytes: waitingBytes + (egress?.pacer?.queuedBytes ?? 0),
    egress,
  };
}
