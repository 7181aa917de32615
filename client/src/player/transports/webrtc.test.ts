import type { LayerPreference, StreamStatus } from "@millrace/signaling/session";
import { beforeEach, describe, expect, it } from "vitest";
import { FakeScheduler, settle } from "../fake-scheduler.ts";
import { FakeMedia, FakePeer } from "./fake-peer.ts";
import type {
  SignalingEvents,
  SignalingLink,
  WatchEvents,
  WatchSession,
} from "./signaling-link.ts";
import { WebRtcTransport } from "./webrtc.ts";
import { disconnectedMs, restartMs } from "./webrtc-session.ts";

const live: StreamStatus = {
  name: "live/cam",
  state: "live",
  tracks: [
    { kind: "video", codec: "h264" },
    { kind: "audio", codec: "aac" },
  ],
  hints: [],
};

class FakeWatch implements WatchSession {
  readonly iceServers = [{ urls: ["turn:mill"], username: "u", credential: "c" }];
  readonly log: string[] = [];
  readonly preferences: LayerPreference[] = [];
  readonly events: WatchEvents;
  answer: () => Promise<string> = async () => "answer";

  constructor(events: WatchEvents) {
    this.events = events;
  }
  describe(sdp: string): Promise<string> {
    this.log.push(sdp);
    return this.answer();
  }
  candidate(candidate: RTCIceCandidateInit | null): void {
    this.log.push(candidate === null ? "end" : String(candidate.candidate));
  }
  prefer(preference: LayerPreference): void {
    this.preferences.push(preference);
  }
  close(): void {
    this.log.push("close");
  }
}

class FakeLink implements SignalingLink {
  readonly log: string[] = [];
  readonly events: SignalingEvents;
  refusal: (Error & { code?: string }) | undefined;
  prepare: (watch: FakeWatch) => void = () => {};

  constructor(events: SignalingEvents) {
    this.events = events;
  }
  open(): void {
    this.log.push("open");
  }
  close(): void {
    this.log.push("close");
  }
  async watch(events: WatchEvents): Promise<WatchSession> {
    if (this.refusal !== undefined) throw this.refusal;
    const watch = new FakeWatch(events);
    this.prepare(watch);
    watches.push(watch);
    return watch;
  }
  serverWallMs(atMs: number): number {
    return 1_000_000 + atMs;
  }
}

let scheduler: FakeScheduler;
let peers: FakePeer[];
let watches: FakeWatch[];
let media: FakeMedia[];
let link: FakeLink;
let log: string[];
let transport: WebRtcTransport;

beforeEach(() => {
  scheduler = new FakeScheduler();
  peers = [];
  watches = [];
  media = [];
  log = [];
  transport = new WebRtcTransport({
    scheduler,
    createLink: (events) => {
      link = new FakeLink(events);
      return link;
    },
    createPeer: (configuration) => {
      const peer = new FakePeer(configuration);
      peers.push(peer);
      return peer as unknown as RTCPeerConnection;
    },
    createMedia: () => new FakeMedia() as unknown as MediaStream,
    events: {
      link: (up) => log.push(`link ${up}`),
      stream: (status) => log.push(`stream ${status.state}`),
      layer: (rid) => log.push(`layer ${rid}`),
      media: (source) => {
        media.push(source as unknown as FakeMedia);
        log.push("media");
      },
      shown: () => log.push("shown"),
      failed: (code, message) => log.push(`failed ${code} ${message}`.trim()),
      lost: () => log.push("lost"),
    },
  });
});

function peer(index = -1): FakePeer {
  const found = peers.at(index);
  if (found === undefined) throw new Error("no peer was made");
  return found;
}

function watch(index = -1): FakeWatch {
  const found = watches.at(index);
  if (found === undefined) throw new Error("nothing is watched");
  return found;
}

async function join(): Promise<void> {
  transport.join();
  await settle();
}

async function joinConnected(): Promise<void> {
  await join();
  peer().ice("connected");
  peer().connection("connected");
}

describe("a join", () => {
  it("offers, answers and shows the media", async () => {
    await join();
    expect(watch().log).toEqual(["offer 1"]);
    expect(peer().log).toEqual(["local offer 1", "remote answer"]);
    expect(peer().configuration.iceServers).toEqual([
      { urls: ["turn:mill"], username: "u", credential: "c" },
    ]);
    expect(log).toEqual(["media", "layer null"]);
    expect(media[0]?.getTracks().map((track) => track.kind)).toEqual(["video", "audio"]);
    expect(peer().transceivers.map(({ receiver }) => receiver.jitterBufferTarget)).toEqual([0, 0]);
  });

  it("sends candidates only after the offer that they belong to", async () => {
    let answer = (_sdp: string) => {};
    transport.join();
    link.prepare = (made) => {
      made.answer = () => new Promise((resolve) => (answer = resolve));
    };
    peer().gather("candidate:1");
    await settle();
    peer().gather("candidate:2");
    peer().gather(null);
    expect(watch().log).toEqual(["offer 1", "candidate:1", "candidate:2", "end"]);
    answer("answer");
    await settle();
    expect(log).toEqual(["media", "layer null"]);
  });

  it("plays sound alone when the answer has no picture", async () => {
    transport.join();
    peer().accepts = ["audio"];
    await settle();
    expect(media[0]?.getTracks().map((track) => track.kind)).toEqual(["audio"]);
  });

  it("fails when the answer has nothing", async () => {
    transport.join();
    peer().accepts = [];
    await settle();
    expect(log).toEqual(["failed NEGOTIATION_FAILED"]);
    expect(watch().log.at(-1)).toBe("close");
  });

  it("passes the server's refusal on and closes the peer", async () => {
    link.refusal = Object.assign(new Error("nobody"), { code: "STREAM_NOT_FOUND" });
    await join();
    expect(log).toEqual(["failed STREAM_NOT_FOUND nobody"]);
    expect(peer().log).toEqual(["close"]);
  });

  it("names errors of the browser by one code", async () => {
    link.refusal = new DOMException("bad sdp", "OperationError") as unknown as Error;
    await join();
    expect(log).toEqual(["failed NEGOTIATION_FAILED bad sdp"]);
  });

  it("leaves a session that is granted after it was given up", async () => {
    transport.join();
    transport.leave();
    await settle();
    expect(watch().log).toEqual(["close"]);
    expect(log).toEqual([]);
  });
});

describe("a session", () => {
  it("ends when the server says bye", async () => {
    await join();
    watch().events.bye("STREAM_ENDED");
    expect(log.at(-1)).toBe("failed STREAM_ENDED");
    watch().events.bye("STREAM_ENDED");
    peer().ice("failed");
    expect(log.filter((line) => line.startsWith("failed"))).toHaveLength(1);
  });

  it("asks for tracks that came later, once for each news", async () => {
    transport.join();
    peer().accepts = ["video"];
    await settle();
    peer().accepts = ["video", "audio"];
    watch().events.status(live);
    await settle();
    expect(watch().log).toEqual(["offer 1", "offer 2"]);
    expect(media[0]?.getTracks().map((track) => track.kind)).toEqual(["video", "audio"]);
    watch().events.status(live);
    await settle();
    expect(watch().log).toEqual(["offer 1", "offer 2"]);
    expect(log).toEqual(["media", "layer null", "stream live", "stream live"]);
  });

  it("does not ask again and again for a track that is refused", async () => {
    transport.join();
    peer().accepts = ["video"];
    await settle();
    watch().events.status(live);
    await settle();
    expect(watch().log).toEqual(["offer 1", "offer 2"]);
  });

  it("measures frames by the capture time of its own clock", async () => {
    await join();
    const captureTime = { rtpTime: 900, clockRate: 90_000, wallMs: 1_000_000 };
    watch().events.status({ ...live, captureTime });
    expect(transport.frame({ rtpTime: 900, shownAtMs: 40 })).toBeUndefined();
    const sample = transport.frame({ rtpTime: 900 + 270_000, shownAtMs: 3055 });
    expect(sample?.latencyMs).toBeCloseTo(55);
    transport.leave();
    expect(transport.frame({ rtpTime: 0, shownAtMs: 9000 })).toBeUndefined();
  });
});

describe("a server that asks for an offer", () => {
  it("gets one, also for nothing that the browser knows of", async () => {
    await join();
    watch().events.renegotiate();
    await settle();
    expect(watch().log).toEqual(["offer 1", "offer 2"]);
  });

  it("gets it after the one under way, once for several wishes", async () => {
    let answer = (_sdp: string) => {};
    link.prepare = (made) => {
      made.answer = () => new Promise((resolve) => (answer = resolve));
    };
    transport.join();
    await settle();
    watch().events.renegotiate();
    watch().events.renegotiate();
    await settle();
    expect(watch().log).toEqual(["offer 1"]);
    answer("answer");
    await settle();
    expect(watch().log).toEqual(["offer 1", "offer 2"]);
  });

  it("gets none of a session that is over", async () => {
    await join();
    transport.leave();
    watch().events.renegotiate();
    await settle();
    expect(watch().log).toEqual(["offer 1", "close"]);
  });
});

describe("layers", () => {
  const viewport = { width: 640, height: 360 };

  it("are wished for now, and in sessions to come", async () => {
    transport.prefer({ viewport });
    await join();
    expect(watch().preferences).toEqual([{ viewport }]);
    transport.prefer({ rid: "m" });
    expect(watch().preferences).toEqual([{ viewport }, { rid: "m" }]);
    transport.leave();
    await join();
    expect(watch().preferences).toEqual([{ viewport, rid: "m" }]);
  });

  it("are not spoken of when nothing is wished", async () => {
    await join();
    expect(watch().preferences).toEqual([]);
  });

  it("are told of the session that is shown", async () => {
    await joinConnected();
    watch().events.layer("h");
    expect(log.at(-1)).toBe("layer h");
    await join();
    const told = log.length;
    watch(1).events.layer("l");
    expect(log).toHaveLength(told);
    peer(1).transceivers[0]?.receiver.track.unmute();
    expect(log.slice(told)).toEqual(["media", "layer l"]);
  });
});

describe("ICE", () => {
  it("restarts once when the path is lost for a second, and goes on", async () => {
    await joinConnected();
    peer().ice("disconnected");
    await scheduler.advance(disconnectedMs);
    expect(watch().log.at(-1)).toBe("offer 2 restart");
    peer().ice("connected");
    await scheduler.advance(restartMs * 2);
    expect(log).toEqual(["media", "layer null"]);
    peer().ice("failed");
    await settle();
    expect(watch().log.at(-1)).toBe("offer 3 restart");
  });

  it("does nothing about a short gap", async () => {
    await joinConnected();
    peer().ice("disconnected");
    await scheduler.advance(disconnectedMs - 1);
    peer().ice("connected");
    await scheduler.advance(disconnectedMs);
    expect(watch().log).toEqual(["offer 1"]);
  });

  it("gives up when the restart does not help", async () => {
    await joinConnected();
    peer().ice("failed");
    await scheduler.advance(restartMs);
    expect(log.at(-1)).toBe("failed ICE_FAILED");
    expect(scheduler.pending).toBe(0);
  });

  it("gives up at once when it never connected", async () => {
    await join();
    peer().ice("failed");
    expect(log.at(-1)).toBe("failed ICE_FAILED");
  });

  it("tells DTLS failures apart", async () => {
    await join();
    peer().ice("connected");
    peer().connection("failed");
    expect(log.at(-1)).toBe("failed DTLS_FAILED");
  });
});

describe("a replacement", () => {
  it("takes over only when it has media, then ends the session before", async () => {
    await joinConnected();
    await join();
    expect(log).toEqual(["media", "layer null"]);
    expect(watch(0).log).not.toContain("close");
    peer().transceivers[0]?.receiver.track.unmute();
    expect(log).toEqual(["media", "layer null", "media", "layer null"]);
    expect(watch(0).log.at(-1)).toBe("close");
    peer().transceivers[1]?.receiver.track.unmute();
    expect(log).toEqual(["media", "layer null", "media", "layer null"]);
  });

  it("survives the end of the session before", async () => {
    await joinConnected();
    await join();
    peer(0).ice("failed");
    watch(0).events.bye("SESSION_CLOSED");
    watch(0).events.lost();
    await scheduler.advance(restartMs);
    expect(log).toEqual(["media", "layer null"]);
    peer(1).transceivers[0]?.receiver.track.unmute();
    expect(log).toEqual(["media", "layer null", "media", "layer null"]);
  });

  it("of a replacement closes the one between", async () => {
    await joinConnected();
    await join();
    await join();
    expect(watch(1).log.at(-1)).toBe("close");
    expect(watch(0).log).not.toContain("close");
  });
});

it("tells that the session is lost, and nothing after close", async () => {
  await joinConnected();
  link.events.link(true);
  watch().events.lost();
  expect(log.slice(-2)).toEqual(["link true", "lost"]);
  const told = log.length;
  transport.close();
  transport.close();
  expect(link.log).toEqual(["close"]);
  expect(watch().log.at(-1)).toBe("close");
  link.events.link(false);
  link.events.stream(live);
  transport.join();
  await settle();
  expect(log).toHaveLength(told);
  expect(peers).toHaveLength(1);
  expect(await transport.sample()).toBeUndefined();
});
