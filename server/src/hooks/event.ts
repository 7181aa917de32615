import type {
  ActivityObserver,
  Publisher,
  Stream,
  StreamChange,
  Transport,
  Viewer,
} from "../core/index.ts";
import { randomId } from "../core/index.ts";
import type { Clock } from "../core/ports.ts";
import { BufferNews } from "./buffer-news.ts";
import { sessionFigures } from "./figures.ts";

/** Who publishes or watches. */
export interface HookSession {
  readonly session: string;
  readonly transport: Transport;
  readonly address: string;
  readonly userAgent?: string | undefined;
  readonly user?: string | undefined;
}

/** How a session ended. Bytes are told as far as the transport knows them: of the wire, with what the gateway adds. */
export interface HookEnding {
  /** A stable code. */
  readonly reason: string;
  readonly seconds: number;
  readonly bytesSent?: number;
  readonly bytesReceived?: number;
}

interface Happening {
  readonly stream: string;
}

/** What a receiver of events is told, without id and time. */
export type HookHappening =
  | ({ readonly type: "publish.started" } & Happening & HookSession)
  | ({ readonly type: "publish.ended" } & Happening & HookSession & HookEnding)
  | ({ readonly type: "play.started" } & Happening & HookSession)
  | ({ readonly type: "play.ended" } & Happening & HookSession & HookEnding)
  | ({
      readonly type: "stream.live" | "stream.waiting" | "stream.ended";
      readonly reason: string;
    } & Happening)
  | ({
      readonly type: "stream.buffer";
      readonly buffer: string;
      readonly lagMs: number;
      readonly speed: number;
    } & Happening)
  | ({ readonly type: "stream.hint"; readonly code: string; readonly message: string } & Happening)
  /** Events that a receiver was too slow for. */
  | { readonly type: "events.lost"; readonly count: number };

/** One thing that happened. Receivers may see it twice, with the same id. */
export type HookEvent = {
  readonly id: string;
  /** RFC 3339. */
  readonly at: string;
} & HookHappening;

export function createEvent(happening: HookHappening, wallMs: number): HookEvent {
  return { id: randomId(), at: new Date(wallMs).toISOString(), ...happening };
}

const stateTypes = {
  live: "stream.live",
  waiting: "stream.waiting",
  offline: "stream.ended",
} as const;

/** Turns what core tells into events. */
export function eventsOf(clock: Clock, tell: (event: HookEvent) => void): ActivityObserver {
  const say = (happening: HookHappening): void => tell(createEvent(happening, clock.wallMs()));
  const buffers = new BufferNews();
  const secondsSince = (wallMs: number): number =>
    Math.max(0, Math.round((clock.wallMs() - wallMs) / 10) / 100);
  return {
    publishStarted: (publisher) => say({ type: "publish.started", ...publishing(publisher) }),
    publishEnded: (publisher, reason) => {
      const seconds = secondsSince(publisher.startedWallMs);
      say({
        type: "publish.ended",
        ...publishing(publisher),
        reason,
        seconds,
        ...sessionFigures(publisher.info),
      });
    },
    playStarted: (stream, viewer) => say({ type: "play.started", ...watching(stream, viewer) }),
    playEnded: (stream, viewer, reason) => {
      const seconds = secondsSince(viewer.joinedWallMs);
      say({
        type: "play.ended",
        ...watching(stream, viewer),
        reason,
        seconds,
        ...sessionFigures(viewer.info),
      });
    },
    streamChanged: (stream, change) => {
      const health = buffers.of(stream, change);
      if (health !== undefined) {
        const { buffer, lagMs, speed } = health;
        say({ type: "stream.buffer", stream: stream.name, buffer, lagMs, speed });
      }
      const happening = changeOf(stream.name, change);
      if (happening !== undefined) say(happening);
    },
  };
}

function publishing({ id, info, stream }: Publisher): Happening & HookSession {
  const { transport, address, userAgent, grant } = info;
  return { stream: stream.name, session: id, transport, address, userAgent, user: grant?.user };
}

function watching({ name }: Stream, { id, info }: Viewer): Happening & HookSession {
  const { transport, address, userAgent, grant } = info;
  return { stream: name, session: id, transport, address, userAgent, user: grant?.user };
}

function changeOf(stream: string, change: StreamChange): HookHappening | undefined {
  switch (change.type) {
    case "state":
      return { type: stateTypes[change.state], stream, reason: change.reason };
    case "hint":
      return { type: "stream.hint", stream, ...change.hint };
    case "hint-cleared":
    case "buffer":
    case "tracks":
      return undefined;
  }
}
