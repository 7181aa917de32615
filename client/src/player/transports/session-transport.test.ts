import type { StreamStatus } from "@millrace/signaling/session";
import { beforeEach, describe, expect, it } from "vitest";
import { LatencyEstimator } from "../latency.ts";
import { CaptureLatency } from "./capture-latency.ts";
import { LazyTransport } from "./lazy-transport.ts";
import type { MediaSession, MediaSessionEvents } from "./media-session.ts";
import { SessionTransport } from "./session-transport.ts";
import type { StreamWatch } from "./stream-watch.ts";
import type { Transport, TransportEvents, TransportSurface } from "./transport.ts";

const surface = {} as TransportSurface;
const live: StreamStatus = { name: "live/cam", state: "live", tracks: [], hints: [] };

class FakeSession implements MediaSession {
  readonly events: MediaSessionEvents;
  closed = 0;
  constructor(events: MediaSessionEvents) {
    this.events = events;
  }
  start(): void {
    log.push("start");
  }
  captureWallMs(mediaSeconds: number): number {
    return 1_000_000 + mediaSeconds * 1000;
  }
  sample() {
    return { atMs: 1, video: undefined, audio: undefined, rttMs: undefined, path: undefined };
  }
  close(): void {
    this.closed++;
  }
}

let log: string[];
let sessions: FakeSession[];
let tellStatus: (status: StreamStatus) => void;
let transport: SessionTransport;

const events: TransportEvents = {
  link: (up) => log.push(`link ${up}`),
  stream: (status) => log.push(status.state),
  layer: () => log.push("layer"),
  media: (source) => log.push(`media ${source}`),
  shown: (sample) => log.push(`shown ${sample?.latencyMs}`),
  failed: (code) => log.push(code),
  lost: () => log.push("lost"),
};

const newest = (): FakeSession => {
  const session = sessions.at(-1);
  if (session === undefined) throw new Error("There is no session.");
  return session;
};

beforeEach(() => {
  log = [];
  sessions = [];
  transport = new SessionTransport({
    name: "http-flv",
    capabilities: { surface: "video", sound: true },
    events,
    latency: new CaptureLatency(new LatencyEstimator({ settleMs: 0 })),
    createWatch: (told) => {
      tellStatus = told;
      return {
        open: () => log.push("watch"),
        close: () => log.push("unwatch"),
        serverWallMs: (atMs: number) => 1_002_000 + atMs,
      } as unknown as StreamWatch;
    },
    createSession: (_surface, sessionEvents) => {
      const session = new FakeSession(sessionEvents);
      sessions.push(session);
      return session;
    },
  });
});

describe("a transport of sessions", () => {
  it("shows what is ready and measures it", async () => {
    transport.open();
    transport.open();
    transport.join(surface);
    expect(log).toEqual(["watch", "start"]);
    expect(await transport.sample()).toBeUndefined();
    const frame = { rtpTime: undefined, mediaTime: 1.5, shownAtMs: 10 };
    expect(transport.frame(frame)).toBeUndefined();
    const { events: told } = newest();
    told.link(true);
    told.link(true);
    told.status(live);
    told.ready();
    told.media();
    expect(log.splice(0)).toEqual(["watch", "start", "link true", "live", "media attached"]);
    expect(transport.frame(frame)?.latencyMs).toBe(510);
    expect(transport.frame({ ...frame, mediaTime: undefined })).toBeUndefined();
    expect(await transport.sample()).toMatchObject({ atMs: 1 });
  });

  it("replaces what plays only when the next one has media", () => {
    transport.join(surface);
    const first = newest();
    first.events.ready();
    transport.join(surface);
    const second = newest();
    expect(first.closed).toBe(0);
    first.events.failed("CONNECTION_LOST", "");
    expect(log).not.toContain("CONNECTION_LOST");
    second.events.ready();
    expect([first.closed, second.closed]).toEqual([1, 0]);
    first.events.media();
    expect(log).not.toContain("media attached");
  });

  it("a join that is replaced before it was ready is closed", () => {
    transport.join(surface);
    const first = newest();
    transport.join(surface);
    expect(first.closed).toBe(1);
    first.events.ready();
    first.events.failed("TIMEOUT", "");
    expect(log).toEqual(["start", "start"]);
  });

  it("tells failures of the session that counts", () => {
    transport.join(surface);
    newest().events.failed("STREAM_NOT_FOUND", "");
    expect(log).toContain("STREAM_NOT_FOUND");
  });

  it("leaves, and hears of the stream until it is closed", () => {
    transport.join(surface);
    const session = newest();
    session.events.ready();
    transport.leave();
    transport.leave();
    expect(session.closed).toBe(1);
    tellStatus(live);
    transport.close();
    transport.close();
    tellStatus(live);
    session.events.failed("TIMEOUT", "");
    transport.join(surface);
    expect(log).toEqual(["start", "live", "unwatch"]);
  });
});

describe("a transport whose code is loaded", () => {
  let arrive: (transport: Transport) => void;
  let lose: (error: Error) => void;
  let loads: number;
  let lazy: LazyTransport;

  beforeEach(() => {
    loads = 0;
    lazy = new LazyTransport({
      name: "sse",
      capabilities: transport.capabilities,
      events,
      load: () => {
        loads++;
        return new Promise((resolve, reject) => {
          arrive = resolve;
          lose = reject;
        });
      },
    });
  });

  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

  it("does when it is there what was asked meanwhile", async () => {
    lazy.open();
    lazy.join(surface);
    lazy.prefer({ rid: null });
    arrive(transport);
    await turn();
    expect(log).toEqual(["watch", "start"]);
    newest().events.ready();
    expect(await lazy.sample()).toMatchObject({ atMs: 1 });
    expect(lazy.frame({ rtpTime: undefined, mediaTime: 0, shownAtMs: 0 })?.latencyMs).toBe(2000);
    lazy.leave();
    lazy.close();
    lazy.close();
    expect(newest().closed).toBe(1);
    expect([loads, log.at(-1)]).toEqual([1, "unwatch"]);
  });

  it("does not join when it left meanwhile", async () => {
    lazy.join(surface);
    lazy.leave();
    arrive(transport);
    await turn();
    expect(log).toEqual(["watch"]);
  });

  it("fails a join without its code, and loads again at the next one", async () => {
    lazy.open();
    lose(new Error());
    await turn();
    expect(log).toEqual([]);
    lazy.join(surface);
    lose(new Error());
    await turn();
    expect([log, loads]).toEqual([["LOAD_FAILED"], 2]);
  });

  it("does nothing once closed", async () => {
    lazy.join(surface);
    lazy.close();
    arrive(transport);
    await turn();
    lazy.open();
    expect([log, loads]).toEqual([[], 1]);
  });
});
