import { wallMsToNtp, writeSenderReport } from "@millrace/media/rtp";
import { describe, expect, it } from "vitest";
import { audioLine, type TestPacket, videoLine, vp8Delta, vp8Key } from "../ingest/test-packets.ts";
import { type OpenedPublisher, publishRequest, TestPublish } from "./test-publish.ts";

const key = (sequence: number): TestPacket => ({
  sequence,
  timestamp: 3000 * sequence,
  marker: true,
  payload: vp8Key(),
});
const delta = (sequence: number): TestPacket => ({ ...key(sequence), payload: vp8Delta() });
const sound = (sequence: number): TestPacket => ({
  ssrc: 0x2000,
  payloadType: 111,
  sequence,
  timestamp: 960 * sequence,
  payload: Uint8Array.of(0xfc, sequence),
});

const typesOf = ({ peer }: OpenedPublisher) => peer.rtcp.map(({ type }) => type);

describe("a publish session", () => {
  it("has the stream's name from the beginning, and refuses everybody else", () => {
    const test = new TestPublish();
    const { session } = test.open();
    expect(test.registry.get("live/cam")?.state).toBe("live");
    expect(test.registry.publisher("live/cam")?.id).toBe(session.publisherId);
    expect(session.iceServers[0]?.username).toBe(session.publisherId);
    expect(session.publisherId).not.toBe(session.id);
    expect(() => test.open()).toThrow(
      expect.objectContaining({ code: "STREAM_BUSY", status: 409 }),
    );
    expect(test.peers.open).toBe(1);
  });

  it("makes room for somebody who takes over, and tells why", async () => {
    const test = new TestPublish();
    const first = await test.join();
    first.peer.rtp(key(1));
    const stream = first.session.stream;
    const second = await test.join({ takeOver: true });
    expect(first.client.byes).toEqual(["TAKEN_OVER"]);
    expect(first.peer.closedWith).toBe("TAKEN_OVER");
    expect(second.session.stream).toBe(stream);
    expect(stream.state).toBe("live");
    expect(test.sessions.size).toBe(1);
  });

  it("makes nobody give way when there is no room for its own peer", async () => {
    const test = new TestPublish();
    const first = await test.join();
    test.peers.full = true;
    expect(() => test.open({ takeOver: true })).toThrow(
      expect.objectContaining({ code: "PEERS_FULL" }),
    );
    expect(first.client.byes).toEqual([]);
  });

  it("gives the name back when the handshake never completes", async () => {
    const test = new TestPublish();
    const { client, peer, session } = test.open();
    await session.describe("offer");
    peer.vanish("JOIN_TIMEOUT");
    expect(client.byes).toEqual(["JOIN_TIMEOUT"]);
    expect(test.registry.get("live/cam")?.state).toBe("waiting");
    expect(() => test.open()).not.toThrow();
  });

  it("opens what comes and announces the tracks; the client hears of them and of how many watch", async () => {
    const test = new TestPublish();
    const { client, peer, session } = await test.join();
    peer.rtp(key(1));
    peer.rtp(sound(1));
    expect(client.latest?.tracks.map(({ codec }) => codec)).toEqual(["vp8", "opus"]);
    expect(client.latest).toMatchObject({ name: "live/cam", state: "live", viewers: 0 });
    expect(peer.aliveUs).toBe(test.clock.nowUs());
    const viewer = session.stream.addViewer({ transport: "webrtc", address: "::1" });
    test.clock.advance(1000);
    expect(client.latest?.viewers).toBe(1);
    const told = client.statuses.length;
    test.clock.advance(2000);
    expect(client.statuses).toHaveLength(told);
    viewer.close();
    test.clock.advance(1000);
    expect(client.latest?.viewers).toBe(0);
  });

  it("answers with feedback, NACKs and reports over its own keys, at their time", async () => {
    const test = new TestPublish();
    const opened = await test.join();
    const { peer } = opened;
    peer.rtp({ ...key(1), transportCc: 1 });
    peer.rtp({ ...delta(3), transportCc: 3 });
    expect(peer.rtcp).toEqual([]);
    test.clock.advance(60);
    expect(typesOf(opened)).toContain("transport-cc");
    expect(peer.rtcp.find(({ type }) => type === "nack")).toMatchObject({ sequences: [2] });
    test.clock.advance(1000);
    expect(typesOf(opened)).toContain("receiver-report");
    const source = test.registry.get("live/cam")?.track("video")?.packets;
    source?.encodings[0]?.requestKeyFrame();
    expect(typesOf(opened)).toContain("pli");
    // An early wish of a viewer is repeated by the timer alone.
    const asked = typesOf(opened).filter((type) => type === "pli").length;
    source?.encodings[0]?.requestKeyFrame();
    test.clock.advance(310);
    expect(typesOf(opened).filter((type) => type === "pli").length).toBe(asked + 1);
  });

  it("refuses what is not authentic, comes twice or is no media, and counts it", async () => {
    const test = new TestPublish();
    const { peer, session } = await test.join();
    const datagram = peer.rtp(key(1));
    peer.datagram(datagram);
    const forged = Buffer.from(datagram);
    forged[20] = (forged[20] ?? 0) ^ 1;
    forged[3] = 9;
    peer.datagram(forged);
    peer.datagram(Buffer.alloc(0));
    peer.datagram(Buffer.alloc(40, 0x80));
    peer.datagram(Buffer.from([0x80, 200, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    expect(session.stats.ingest).toMatchObject({ refused: 5, packets: 1 });
    peer.sendRtcp(Uint8Array.of(0x80, 200, 0, 9, 1, 2, 3, 4));
    expect(session.stats.ingest?.malformed).toBe(1);
    expect(session.stats.state).toBe("connected");
  });

  it("takes sender reports into the capture time of the stream", async () => {
    const test = new TestPublish();
    const { peer, session } = await test.join();
    peer.rtp(key(1));
    const ntp = wallMsToNtp(1.6e12);
    // The frame was captured 100 ms before the report was sent.
    const rtpTime = 3000 + 9000;
    const counts = { packetCount: 1, octetCount: 1 };
    peer.sendRtcp(writeSenderReport({ ssrc: 0x1000, ntp, rtpTime, ...counts }));
    expect(session.stream.captureDelayUs).toBeCloseTo(100_000, -2);
  });
});

describe("negotiation", () => {
  it("answers offers one at a time, up to the limit, and goes on after a bad one", async () => {
    const limits = { maxSessions: 1, maxOfferLength: 10, maxCandidates: 2, maxCandidateLength: 20 };
    const test = new TestPublish();
    const { peer, session } = test.open({}, { limits });
    await expect(session.describe("x".repeat(11))).rejects.toMatchObject({ code: "SDP_TOO_LARGE" });
    await expect(session.describe("bad")).rejects.toMatchObject({ code: "SDP_INVALID" });
    const first = session.describe("x".repeat(10));
    await expect(session.describe("second")).rejects.toMatchObject({ code: "NEGOTIATING" });
    await expect(first).resolves.toBe(`answer to ${"x".repeat(10)}`);
    for (const candidate of ["candidate:1", null, "x".repeat(21), "candidate:2", "candidate:3"]) {
      session.addCandidate(candidate);
    }
    expect(peer.candidates).toEqual(["candidate:1", "candidate:2"]);
    await expect(session.restartIce("bad", "pwd")).rejects.toMatchObject({ code: "ICE_INVALID" });
    await expect(session.restartIce("ufrag", "pwd")).resolves.toMatchObject({ ufrag: "our-ufrag" });
  });

  it("later on adds a track and takes one away; one that stays goes on", async () => {
    const test = new TestPublish();
    const { client, peer, session } = test.open();
    peer.lines = [videoLine()];
    await session.describe("offer");
    peer.connect();
    peer.rtp(key(1));
    const video = session.stream.track("video")?.packets;
    peer.lines = [videoLine(), audioLine()];
    await session.describe("offer 2");
    peer.rtp(sound(1));
    peer.rtp(delta(2));
    expect(session.stream.tracks.map(({ kind }) => kind)).toEqual(["video", "audio"]);
    expect(session.stream.track("video")?.packets).toBe(video);
    expect(video?.encodings[0]?.group).toHaveLength(2);
    peer.lines = [videoLine(), audioLine({ active: false })];
    await session.describe("offer 3");
    expect(session.stream.tracks.map(({ kind }) => kind)).toEqual(["video"]);
    expect(client.latest?.tracks).toHaveLength(1);
  });
});

describe("the end", () => {
  it("by the client leaves the stream waiting with its tracks, and tells the client nothing", async () => {
    const test = new TestPublish();
    const { client, peer, session } = await test.join();
    peer.rtp(key(1));
    session.close("LEFT");
    session.close("LEFT");
    session.bye("AGAIN");
    const stream = test.registry.get("live/cam");
    expect(stream?.state).toBe("waiting");
    expect(stream?.track("video")).toBeDefined();
    expect(client.byes).toEqual([]);
    expect(peer.closedWith).toBe("LEFT");
    await expect(session.describe("offer")).rejects.toMatchObject({ code: "SESSION_CLOSED" });
    await expect(session.restartIce("a", "b")).rejects.toMatchObject({ code: "SESSION_CLOSED" });
    expect(session.stats.state).toBe("closed");
    // The one who comes back is the same stream, with another source.
    const before = stream?.track("video")?.packets;
    const again = await test.join();
    again.peer.rtp(key(500));
    expect(again.session.stream).toBe(stream);
    expect(stream?.track("video")?.packets).not.toBe(before);
  });

  it("by the network, by an operator or with the stream tells the client why", async () => {
    const test = new TestPublish();
    const lost = await test.join();
    lost.peer.vanish();
    expect(lost.client.byes).toEqual(["PEER_TIMEOUT"]);
    const kicked = await test.join();
    test.registry.publisher("live/cam")?.info.onKick("KICKED");
    expect(kicked.client.byes).toEqual(["KICKED"]);
    const ended = await test.join();
    ended.session.stream.end("OPERATOR");
    expect(ended.client.byes).toEqual(["STREAM_ENDED"]);
    const closing = await test.join();
    test.registry.close("SHUTTING_DOWN");
    expect(closing.client.byes).toEqual(["SHUTTING_DOWN"]);
    expect(test.sessions.size).toBe(0);
  });

  it("comes to one who sends no RTP for 30 s though ICE lives, not to one who sends little", async () => {
    const test = new TestPublish();
    const { client, peer } = await test.join();
    for (let i = 1; i <= 4; i++) {
      peer.rtp(i === 1 ? key(1) : delta(i));
      test.clock.advance(20_000);
      peer.sendRtcp(Uint8Array.of(0x80, 201, 0, 1, 0, 0, 0x10, 0));
    }
    expect(client.byes).toEqual([]);
    expect(test.registry.get("live/cam")?.track("video")?.packets?.encodings[0]?.active).toBe(
      false,
    );
    test.clock.advance(9_000);
    expect(client.byes).toEqual([]);
    test.clock.advance(2_000);
    expect(client.byes).toEqual(["PUBLISHER_SILENT"]);
    expect(test.registry.get("live/cam")?.state).toBe("waiting");
  });

  it("comes to one who never sends, but not to one whose lines are all inactive", async () => {
    const test = new TestPublish();
    const never = await test.join();
    const muted = test.open({ stream: "live/muted" });
    muted.peer.lines = [videoLine({ active: false })];
    await muted.session.describe("offer");
    muted.peer.connect();
    const kept = await test.join({ stream: "live/kept" }, { publishLimits: { silentMs: 0 } });
    test.clock.advance(31_000);
    expect(never.client.byes).toEqual(["PUBLISHER_SILENT"]);
    test.clock.advance(300_000);
    expect(muted.client.byes).toEqual([]);
    expect(kept.client.byes).toEqual([]);
    // With a line again, it has as long as anybody.
    muted.peer.lines = [videoLine()];
    await muted.session.describe("offer");
    test.clock.advance(29_000);
    expect(muted.client.byes).toEqual([]);
    test.clock.advance(3_000);
    expect(muted.client.byes).toEqual(["PUBLISHER_SILENT"]);
  });

  it("comes with an error in our own code, to this session alone", async () => {
    const test = new TestPublish();
    const dataOpener = () => () => ({
      receive() {
        throw new Error("a bug");
      },
      close() {},
    });
    const opened = test.open({}, { dataOpener });
    opened.peer.offersData = true;
    await opened.session.describe("offer");
    opened.peer.connect();
    opened.peer.receiveData(Uint8Array.of(1));
    expect(opened.client.byes).toEqual(["INTERNAL_ERROR"]);
  });
});

describe("data channels", () => {
  it("are opened when negotiated and connected, once, and closed with the session", async () => {
    const test = new TestPublish();
    const received: number[][] = [];
    const events: string[] = [];
    const { peer, session } = test.open(
      {},
      {
        dataOpener: () => (send, media) => {
          events.push(`open ${media.sctpPort}`);
          send(Uint8Array.of(7));
          return {
            receive: (bytes) => void received.push([...bytes]),
            close: () => void events.push("close"),
          };
        },
      },
    );
    await session.describe("offer");
    peer.connect();
    peer.receiveData(Uint8Array.of(9));
    expect(events).toEqual([]);
    peer.offersData = true;
    await session.describe("with data");
    await session.describe("again");
    peer.receiveData(Uint8Array.of(1, 2));
    expect(events).toEqual(["open 5000"]);
    expect(peer.data).toEqual([Uint8Array.of(7)]);
    expect(received).toEqual([[1, 2]]);
    session.close("LEFT");
    peer.receiveData(Uint8Array.of(3));
    expect(events).toEqual(["open 5000", "close"]);
    expect(received).toHaveLength(1);
  });
});

it("a hundred sessions, ended in every way, leave no timer, stream, peer or listener", async () => {
  const test = new TestPublish();
  const ends: ((opened: OpenedPublisher) => void)[] = [
    ({ session }) => session.close("LEFT"),
    ({ session }) => session.bye("KICKED"),
    ({ peer }) => peer.vanish(),
    ({ session }) => session.stream.end("OPERATOR"),
  ];
  for (let i = 0; i < 100; i++) {
    const opened = test.open({ stream: `live/${i % 7}`, takeOver: true });
    if (i % 5 !== 0) {
      await opened.session.describe("offer");
      opened.peer.connect();
      opened.peer.rtp(key(1));
      opened.peer.rtp({ ...delta(4), transportCc: 1 });
      opened.peer.rtp(sound(1));
    }
    if (i % 3 !== 0) ends[i % 4]?.(opened);
  }
  test.registry.close("SHUTTING_DOWN");
  await Promise.resolve();
  expect(test.sessions.size).toBe(0);
  expect(test.peers.open).toBe(0);
  expect(test.registry.list()).toEqual([]);
  expect(test.clock.timers).toBe(0);
  expect(publishRequest.action).toBe("publish");
});
