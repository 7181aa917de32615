import type { StreamStatus } from "@millrace/signaling/session";
import { beforeEach, describe, expect, it } from "vitest";
import { FakeScheduler, settle } from "../../player/fake-scheduler.ts";
import { planAudio, planVideo } from "../encodings.ts";
import { defaultSettings } from "../settings.ts";
import { FakeSenderPeer, FakeTrack } from "./fake-sender-peer.ts";
import type {
  PublishEvents,
  PublishGrant,
  PublishLink,
  PublishLinkEvents,
  PublishNegotiation,
} from "./publish-link.ts";
import { interruptedMs } from "./publish-session.ts";
import type { SentMedia } from "./uplink.ts";
import { WebRtcUplink } from "./webrtc-uplink.ts";

const live: StreamStatus = {
  name: "live/cam",
  state: "live",
  tracks: [],
  hints: [],
  viewers: 3,
};

class FakeGrant implements PublishGrant {
  readonly iceServers = [{ urls: ["turn:mill"], username: "u", credential: "c" }];
  readonly events: PublishEvents;
  readonly takeOver: boolean;
  readonly log: string[] = [];
  failed: (error: unknown) => void = () => {};

  constructor(takeOver: boolean, events: PublishEvents) {
    this.takeOver = takeOver;
    this.events = events;
  }
  negotiate(_peer: RTCPeerConnection, failed: (error: unknown) => void): PublishNegotiation {
    this.log.push("negotiate");
    this.failed = failed;
    return { close: () => this.log.push("stop negotiating") };
  }
  close(): void {
    this.log.push("leave");
  }
}

class FakeLink implements PublishLink {
  readonly log: string[] = [];
  readonly events: PublishLinkEvents;
  refusal: unknown;

  constructor(events: PublishLinkEvents) {
    this.events = events;
  }
  open(): void {
    this.log.push("open");
  }
  close(): void {
    this.log.push("close");
  }
  async publish(takeOver: boolean, events: PublishEvents): Promise<PublishGrant> {
    if (this.refusal !== undefined) throw this.refusal;
    const grant = new FakeGrant(takeOver, events);
    grants.push(grant);
    return grant;
  }
}

const camera = new FakeTrack("video", "camera");
const microphone = new FakeTrack("audio", "microphone");
const media: SentMedia = {
  video: {
    track: camera as unknown as MediaStreamTrack,
    plan: planVideo({ ...defaultSettings, simulcast: true }, undefined),
  },
  audio: undefined,
  codecs: [{ mimeType: "video/VP8" }],
};

let scheduler: FakeScheduler;
let link: FakeLink;
let grants: FakeGrant[];
let peers: FakeSenderPeer[];
let log: string[];
let uplink: WebRtcUplink;

beforeEach(() => {
  scheduler = new FakeScheduler();
  grants = [];
  peers = [];
  log = [];
  uplink = new WebRtcUplink({
    scheduler,
    createLink: (events) => {
      link = new FakeLink(events);
      return link;
    },
    createPeer: (configuration) => {
      const peer = new FakeSenderPeer(configuration);
      peers.push(peer);
      return peer as unknown as RTCPeerConnection;
    },
    events: {
      link: (up) => log.push(`link ${up}`),
      status: (status) => log.push(`status ${status.state} ${status.viewers}`),
      connected: () => log.push("connected"),
      interrupted: () => log.push("interrupted"),
      failed: (code, message) => log.push(`failed ${code} ${message}`.trim()),
      lost: () => log.push("lost"),
    },
  });
  uplink.setMedia(media);
  uplink.open();
});

function peer(index = -1): FakeSenderPeer {
  const found = peers.at(index);
  if (found === undefined) throw new Error("no peer was made");
  return found;
}

function grant(index = -1): FakeGrant {
  const found = grants.at(index);
  if (found === undefined) throw new Error("nothing was granted");
  return found;
}

async function begin(takeOver = false): Promise<void> {
  uplink.begin(takeOver);
  await settle();
}

async function beginConnected(): Promise<void> {
  await begin();
  peer().ice("connected");
  peer().connection("connected");
  log.length = 0;
}

describe("a session", () => {
  it("asks the server, then sends by its ICE servers", async () => {
    await begin(true);
    expect(grant().takeOver).toBe(true);
    expect(grant().log).toEqual(["negotiate"]);
    expect(peer().configuration.iceServers).toEqual([
      { urls: ["turn:mill"], username: "u", credential: "c" },
    ]);
    const line = peer().transceivers[0];
    expect(line?.sender.encodings.map((encoding) => encoding.rid)).toEqual(["l", "m", "h"]);
    expect(line?.codecs).toEqual(["video/VP8"]);
    peer().ice("connected");
    expect(log).toEqual([]);
    peer().connection("connected");
    expect(log).toEqual(["connected"]);
  });

  it("gets another line when sound is added later", async () => {
    await beginConnected();
    expect(peer().transceivers).toHaveLength(1);
    uplink.setMedia({
      ...media,
      audio: {
        track: microphone as unknown as MediaStreamTrack,
        plan: planAudio(defaultSettings, false),
      },
    });
    expect(peer().transceivers).toHaveLength(2);
    expect(peer().transceivers[1]?.sender.encodings).toEqual([{ maxBitrate: 48_000 }]);
    expect(microphone.contentHint).toBe("speech");
  });

  it("passes on who watches", async () => {
    await begin();
    grant().events.status(live);
    expect(log).toEqual(["status live 3"]);
  });

  it("passes refusals on", async () => {
    link.refusal = Object.assign(new Error("taken"), { code: "STREAM_BUSY" });
    await begin();
    expect(log).toEqual(["failed STREAM_BUSY taken"]);
    expect(peers).toEqual([]);
  });

  it("fails when its offer is refused, and is lost when the server does not know it", async () => {
    await begin();
    grant().failed(Object.assign(new Error("no"), { code: "SDP_UNSUPPORTED" }));
    expect(log).toEqual(["failed SDP_UNSUPPORTED no"]);
    expect(peer().closed).toBe(true);
    expect(grant().log).toEqual(["negotiate", "stop negotiating", "leave"]);
    await begin();
    grant().failed(Object.assign(new Error(""), { code: "SESSION_NOT_FOUND" }));
    expect(log.at(-1)).toBe("lost");
    await begin();
    grant().failed(new DOMException("broken", "OperationError"));
    expect(log.at(-1)).toBe("failed NEGOTIATION_FAILED broken");
  });

  it("ends when the server says bye, and is heard no more", async () => {
    await begin();
    grant().events.bye("TAKEN_OVER");
    grant().events.bye("TAKEN_OVER");
    grant().events.status(live);
    grant().events.lost();
    peer().ice("failed");
    peer().connection("failed");
    expect(log).toEqual(["failed TAKEN_OVER"]);
  });

  it("is left when it is granted after it was given up", async () => {
    uplink.begin(false);
    uplink.leave();
    await settle();
    expect(grant().log).toEqual(["leave"]);
    expect(peers).toEqual([]);
    expect(log).toEqual([]);
  });

  it("ends when the next one begins", async () => {
    await beginConnected();
    await begin();
    expect(peer(0).closed).toBe(true);
    expect(grant(0).log.at(-1)).toBe("leave");
    peer(0).connection("connected");
    expect(log).toEqual([]);
    peer(1).connection("connected");
    expect(log).toEqual(["connected"]);
  });
});

describe("the way", () => {
  it("may be gone for a second", async () => {
    await beginConnected();
    peer().ice("disconnected");
    await scheduler.advance(interruptedMs - 1);
    peer().ice("connected");
    await scheduler.advance(interruptedMs);
    expect(log).toEqual(["connected"]);
  });

  it("is told to be broken after that, and to be there again", async () => {
    await beginConnected();
    peer().ice("disconnected");
    await scheduler.advance(interruptedMs);
    expect(log).toEqual(["interrupted"]);
    peer().ice("checking");
    peer().connection("connecting");
    expect(log).toEqual(["interrupted"]);
    peer().ice("connected");
    peer().connection("connected");
    expect(log).toEqual(["interrupted", "connected"]);
  });

  it("is told to be broken at once when ICE gives up", async () => {
    await beginConnected();
    peer().ice("failed");
    peer().connection("failed");
    expect(log).toEqual(["interrupted"]);
  });

  it("fails for good when DTLS does", async () => {
    await begin();
    peer().ice("connected");
    peer().connection("failed");
    expect(log).toEqual(["failed DTLS_FAILED"]);
    await begin();
    peer().connection("closed");
    expect(log.at(-1)).toBe("failed DTLS_FAILED");
  });
});

it("counts what it sends", async () => {
  expect(await uplink.sample()).toBeUndefined();
  await beginConnected();
  peer().stats = ["h", "l"].map((rid) => ({ id: rid, type: "outbound-rtp", kind: "video", rid }));
  expect((await uplink.sample())?.video?.layers.map(({ rid }) => rid)).toEqual(["l", "h"]);
});

it("leaves nothing behind", async () => {
  await beginConnected();
  peer().ice("disconnected");
  uplink.close();
  uplink.close();
  link.events.link(true);
  uplink.begin(false);
  await settle();
  expect(link.log).toEqual(["open", "close"]);
  expect(peer().closed).toBe(true);
  expect(grants).toHaveLength(1);
  expect(grant().log.at(-1)).toBe("leave");
  expect(scheduler.pending).toBe(0);
  expect(log).toEqual([]);
  expect(await uplink.sample()).toBeUndefined();
});
