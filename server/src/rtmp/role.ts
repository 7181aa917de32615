import { TagFeed, TagType } from "@millrace/media/flv";
import type { MediaKind } from "@millrace/media/frame";
import { RefusedError } from "../core/errors.ts";
import type { ViewerFigures } from "../core/figures.ts";
import type { Grant } from "../core/ports.ts";
import type { Registry } from "../core/registry.ts";
import type { Viewer } from "../core/viewer.ts";
import { RtmpPlayer, type TagOutput } from "./from-stream.ts";
import type { RtmpServerLimits } from "./limits.ts";
import type { RoleRequest } from "./session-events.ts";
import type { TagBodies } from "./tag-bodies.ts";

/** Who asks for a role, and what it needs. */
export interface RoleOwner {
  /** The session's id. */
  readonly id: string;
  /** IP address without a port. */
  readonly address: string;
  readonly registry: Registry;
  readonly limits: RtmpServerLimits;
  readonly bodies: TagBodies;
  readonly output: TagOutput;
  /** What went over the connection since it took up no role: handshakes, commands and this role. */
  traffic(): ConnectionTraffic;
  /** Somebody wants this client gone. */
  kick(reason: string): void;
}

/** Bytes of a connection: those the kernel took, those that came, those that wait to be taken. */
export interface ConnectionTraffic {
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly waitingBytes: number;
}

/** Figures of one player. */
export interface RtmpPlayStats extends ViewerFigures {
  /** Bytes of frames that wait for the socket. */
  readonly queuedBytes: number;
}

/** What a connection does for a stream. Whoever began it ends it. */
export interface Role {
  readonly type: "publish" | "play";
  /** Bytes of frames that wait. */
  readonly queuedBytes: number;
  /** To be called once, when the peer has been told that the role began. */
  start(): void;
  /** A publisher's tag. Returns whether it was audio or video. @throws ProtocolError when it is wrong. */
  tag(tagType: number, timestampMs: number, body: Uint8Array): boolean;
  pause(paused: boolean): void;
  select(kind: MediaKind, wanted: boolean): void;
  /** A player's network took what was handed over. */
  drained(): void;
  /** `code` is a stable string. */
  end(code: string): void;
}

const nothing = (): void => {};

/** @throws RefusedError as `Registry.publish`. */
export function beginPublish(grant: Grant, request: RoleRequest, owner: RoleOwner): Role {
  const publisher = owner.registry.publish({
    stream: grant.stream,
    grant,
    transport: "rtmp",
    address: owner.address,
    userAgent: request.connect.userAgent,
    stats: () => {
      const { bytesReceived, bytesSent } = owner.traffic();
      return { bytesReceived, bytesSent, framesDropped: feed.droppedFrames };
    },
    onKick: (reason) => owner.kick(reason),
  });
  const feed = new TagFeed(publisher);
  return {
    type: "publish",
    queuedBytes: 0,
    start: nothing,
    tag(tagType, timestampMs, body): boolean {
      feed.tag(tagType, timestampMs, body);
      return tagType !== TagType.script;
    },
    pause: nothing,
    select: nothing,
    drained: nothing,
    end: (code) => publisher.close(code),
  };
}

/** @throws RefusedError `STREAM_NOT_FOUND` 404 or as `Stream.addViewer`. */
export function beginPlay(grant: Grant, request: RoleRequest, owner: RoleOwner): Role {
  const { stream: name } = grant;
  const stream = owner.registry.get(name);
  if (stream === undefined) {
    const code = "STREAM_NOT_FOUND";
    owner.registry.refused({ action: "play", transport: "rtmp-play", code, status: 404 });
    throw new RefusedError(code, 404, `There is no stream ${name}.`);
  }
  const { limits } = owner;
  const player = new RtmpPlayer({
    stream,
    output: owner.output,
    bodies: owner.bodies,
    fourCcs: request.connect.fourCcs,
    queue: { maxBytes: limits.playQueueBytes, maxUs: limits.playQueueMs * 1000 },
    maxWaitingBytes: limits.playSocketBytes,
    onMedia: () => viewer.mediaStarted(),
  });
  let viewer: Viewer;
  try {
    viewer = stream.addViewer({
      id: owner.id,
      grant,
      transport: "rtmp-play",
      address: owner.address,
      userAgent: request.connect.userAgent,
      clientId: request.client,
      onKick: (reason) => owner.kick(reason),
      stats: () => figuresOf(player, owner.traffic()),
    });
  } catch (error) {
    player.close();
    throw error;
  }
  return {
    type: "play",
    get queuedBytes(): number {
      return player.queuedBytes;
    },
    start: () => player.start(),
    tag: () => false,
    pause: (paused) => player.pause(paused),
    select: (kind, wanted) => player.select(kind, wanted),
    drained: () => player.drained(),
    end(code): void {
      player.close();
      viewer.close(leavingCodes.has(code) ? "LEFT" : code);
    },
  };
}

/** The client closed the connection or said that it plays no more. */
const leavingCodes: ReadonlySet<string> = new Set(["PEER_CLOSED", "CLIENT_STOPPED"]);

function figuresOf(player: RtmpPlayer, traffic: ConnectionTraffic): RtmpPlayStats {
  return {
    ...traffic,
    waitingBytes: traffic.waitingBytes + player.queuedBytes,
    codecs: player.codecs,
    framesSent: player.sentFrames,
    framesDropped: player.droppedFrames,
    queuedBytes: player.queuedBytes,
  };
}
