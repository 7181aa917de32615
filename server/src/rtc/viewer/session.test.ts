import {
  joinRtcp,
  parseRtcp,
  writeBye,
  writeNack,
  writePli,
  writeReceiverReport,
} from "@millrace/media/rtp";
import { describe, expect, it } from "vitest";
import { videoInfo } from "../../core/test-frames.ts";
import type { TestReceiver } from "../egress/test-rig.ts";
import { continuityFaults } from "../egress/test-viewer.ts";
import { TestGateway, TestObserver, watchRequest } from "../gateway/test-gateway.ts";
import { maxRtcpPerSecond } from "../limits.ts";

/** Sender reports as the far end sees them. */
function reports(receiver: TestReceiver) {
  return receiver.rtcp.flatMap(({ atUs, compound }) =>
    parseRtcp(compound).flatMap((packet) =>
      packet.type === "sender-report" ? [{ ...packet, atUs }] : [],
    ),
  );
}

describe("a session", () => {
  it("is told about its stream at once, when it is connected, and at every change", async () => {
    const test = new TestGateway();
    test.stream.run(500);
    const { observer, session, peer } = await test.join();
    expect(observer.statuses[0]).toMatchObject({ name: "live/test", state: "live" });
    expect(observer.statuses[0]?.captureTime).toBeUndefined();
    const capture = observer.latest?.captureTime;
    expect(capture?.clockRate).toBe(90_000);
    test.stream.run(1000);
    // A live frame's timestamp, turned into wall clock by that, is when it entered.
    const packet = peer.receiver.of(1000).at(-1);
    const ticks = ((packet?.timestamp ?? 0) - (capture?.rtpTime ?? 0)) | 0;
    const wallMs = (capture?.wallMs ?? 0) + ticks / 90;
    expect(Math.abs(wallMs - (1_700_000_000_000 + (packet?.atUs ?? 0) / 1000))).toBeLessThan(1);
    const told = observer.statuses.length;
    test.stream.run(3000);
    expect(observer.statuses).toHaveLength(told);
    test.stream.publisher.close("GONE");
    expect(observer.latest?.state).toBe("waiting");
    test.stream.clock.advance(31_000);
    expect(observer.byes).toEqual(["STREAM_ENDED"]);
    expect(peer.closedWith).toBe("STREAM_ENDED");
    await expect(session.describe("offer")).rejects.toMatchObject({ code: "SESSION_CLOSED" });
  });

  it("answers offers one at a time and goes on after a bad one", async () => {
    const test = new TestGateway({}, { limits: { maxOfferLength: 10 } });
    const session = await test.gateway.open(watchRequest, new TestObserver());
    await expect(session.describe("x".repeat(11))).rejects.toMatchObject({ code: "SDP_TOO_LARGE" });
    await expect(session.describe("bad")).rejects.toMatchObject({ code: "SDP_INVALID" });
    const first = session.describe("x".repeat(10));
    await expect(session.describe("second")).rejects.toMatchObject({ code: "NEGOTIATING" });
    await expect(first).resolves.toBe(`answer to ${"x".repeat(10)}`);
    await expect(session.restartIce("bad", "pwd")).rejects.toMatchObject({ code: "ICE_INVALID" });
    await expect(session.restartIce("ufrag", "pwd")).resolves.toEqual({
      ufrag: "our-ufrag",
      pwd: "our-pwd",
      candidates: ["candidate:1"],
    });
  });

  it("passes on as many candidates as it may", async () => {
    const test = new TestGateway({}, { limits: { maxCandidates: 2, maxCandidateLength: 20 } });
    const session = await test.gateway.open(watchRequest, new TestObserver());
    for (const candidate of ["candidate:1", null, "x".repeat(21), "candidate:2", "candidate:3"]) {
      session.addCandidate(candidate);
    }
    expect(test.peers.latest.candidates).toEqual(["candidate:1", "candidate:2"]);
  });

  it("keeps its peer, its SSRC and its numbering over a publisher who returns", async () => {
    const test = new TestGateway();
    test.stream.run(1000);
    const { observer, peer } = await test.join();
    test.stream.run(1000);
    test.stream.publisher.close("GONE");
    test.stream.clock.advance(10_000);
    test.stream.publish();
    test.stream.run(1000);
    expect(test.peers.peers).toHaveLength(1);
    expect(peer.closedWith).toBeUndefined();
    expect(continuityFaults(peer.receiver.of(1000))).toBe(0);
    expect(peer.receiver.of(1000).at(-1)?.atUs).toBeGreaterThan(12_900_000);
    expect(observer.statuses.map((status) => status.state)).toContain("waiting");
    expect(observer.latest?.state).toBe("live");
    expect(observer.byes).toEqual([]);
  });

  it("opens so many reports a second and no more", async () => {
    const test = new TestGateway();
    test.stream.run(500);
    const { session, peer } = await test.join();
    for (let i = 0; i < maxRtcpPerSecond; i++) peer.rtcp(writePli(1, 1000));
    expect(session.stats.egress).toMatchObject({ refused: 0, keyRequests: maxRtcpPerSecond });
    for (let i = 0; i < 1000; i++) peer.rtcp(writePli(1, 1000));
    expect(session.stats.egress).toMatchObject({ refused: 1000, keyRequests: maxRtcpPerSecond });
    test.stream.clock.advance(100);
    for (let i = 0; i < 1000; i++) peer.rtcp(writePli(1, 1000));
    expect(session.stats.egress?.keyRequests).toBe(maxRtcpPerSecond + maxRtcpPerSecond / 10);
    expect(session.stats.state).toBe("connected");
  });

  it("ends when the viewer says goodbye, without telling it", async () => {
    const test = new TestGateway();
    const { observer, peer } = await test.join();
    peer.rtcp(joinRtcp([writeReceiverReport(1, []), writeBye([1])]));
    expect(peer.closedWith).toBe("PEER_BYE");
    expect(observer.byes).toEqual([]);
    expect(test.gateway.sessions.size).toBe(0);
  });

  it("tells the viewer goodbye in RTCP too", async () => {
    const test = new TestGateway();
    test.stream.run(500);
    const { session, peer } = await test.join();
    session.close("CLIENT");
    const byes = peer.receiver.rtcp.flatMap(({ compound }) =>
      parseRtcp(compound).filter((packet) => packet.type === "bye"),
    );
    expect(byes).toEqual([
      { type: "bye", ssrcs: [1000] },
      { type: "bye", ssrcs: [1002] },
    ]);
    const sent = peer.receiver.received.length;
    test.stream.run(500);
    expect(peer.receiver.received).toHaveLength(sent);
  });

  it("ends with B_FRAMES when the first group shows some and nothing can take them out", async () => {
    const test = new TestGateway();
    test.transcoder.refuses = "NO_TRANSCODER";
    test.stream.publisher.setTrack(videoInfo({ reorderDepth: undefined }));
    const { observer } = await test.join();
    const publish = (dtsMs: number, ptsMs: number, key: boolean) =>
      test.stream.publisher.frame("video", {
        dtsUs: dtsMs * 1000,
        ptsUs: ptsMs * 1000,
        key,
        payload: [Uint8Array.of(key ? 0x65 : 0x41, 1, 2, 3)],
      });
    publish(0, 33, true);
    publish(33, 133, false);
    publish(67, 67, false);
    expect(observer.byes).toEqual(["B_FRAMES"]);
  });

  it("reports figures for the API", async () => {
    const test = new TestGateway();
    test.stream.run(1000);
    const { session, peer } = await test.join();
    test.stream.run(1000);
    const lost = peer.receiver.of(1000).slice(5, 8);
    peer.rtcp(
      writeNack(
        1,
        1000,
        lost.map((packet) => packet.sequence),
      ),
    );
    const info = test.stream.publisher.stream.viewers.get(session.viewerId)?.info;
    expect(info?.stats?.()).toMatchObject({
      state: "connected",
      egress: {
        nacks: 1,
        refused: 0,
        pacer: { state: "live", replays: 1, droppedFrames: 0, queuedBytes: 0 },
        lines: [
          { kind: "video", packets: peer.receiver.of(1000).length, retransmitted: 3 },
          { kind: "audio", packets: 0 },
        ],
      },
    });
    info?.onKick?.("KICKED");
    expect(peer.closedWith).toBe("KICKED");
  });
});

describe("RTCP of a viewer", () => {
  it("keeps the peer alive and asks for frames, but only once and only if it is authentic", async () => {
    const test = new TestGateway();
    test.stream.run(1000);
    const { session, peer } = await test.join();
    test.stream.run(3000);
    const replays = () => session.stats.egress?.pacer?.replays;
    expect(replays()).toBe(1);
    const datagram = peer.rtcp(writePli(7, 1000));
    expect(peer.aliveUs).toBe(test.stream.clock.nowUs());
    expect(replays()).toBe(2);
    test.stream.run(3000);
    peer.datagram(datagram);
    const forged = Buffer.from(datagram);
    forged[forged.length - 1] = (forged[forged.length - 1] ?? 0) ^ 1;
    peer.datagram(forged);
    // A viewer sends no RTP.
    peer.datagram(Buffer.concat([Buffer.of(0x80, 96), Buffer.alloc(60)]));
    expect(replays()).toBe(2);
    expect(peer.aliveUs).toBeLessThan(test.stream.clock.nowUs() - 2_000_000);
    expect(session.stats.egress).toMatchObject({ refused: 3, keyRequests: 1 });
  });

  it("measures the round trip from our reports", async () => {
    const test = new TestGateway();
    test.stream.run(500);
    const { session, peer } = await test.join();
    const report = reports(peer.receiver)[0];
    const lastSenderReport =
      (((report?.ntp.seconds ?? 0) & 0xffff) * 65_536 + ((report?.ntp.fraction ?? 0) >>> 16)) >>> 0;
    test.stream.clock.advance(80);
    peer.rtcp(
      writeReceiverReport(1, [
        {
          ssrc: 1000,
          fractionLost: 26,
          cumulativeLost: 3,
          highestSequence: 5,
          jitter: 90,
          lastSenderReport,
          delaySinceLastSenderReport: Math.round(0.05 * 65_536),
        },
      ]),
    );
    expect(session.stats.egress?.roundTripMs).toBeCloseTo(30, 0);
    expect(session.stats.egress?.lines[0]).toMatchObject({ packetsLost: 3, jitterMs: 1 });
  });
});

describe("a viewer that fails", () => {
  it("costs the others nothing", async () => {
    const test = new TestGateway();
    test.stream.run(500);
    const broken = await test.join();
    const good = await test.join();
    test.stream.run(500);
    broken.peer.broken = true;
    test.stream.run(1000);
    expect(broken.observer.byes).toEqual(["INTERNAL_ERROR"]);
    expect(good.observer.byes).toEqual([]);
    expect(continuityFaults(good.peer.receiver.of(1010))).toBe(0);
    expect(good.peer.receiver.of(1010).at(-1)?.atUs).toBeGreaterThan(1_900_000);
    expect(test.gateway.sessions.size).toBe(1);
  });

  it("or asks for everything all the time does not slow the others", async () => {
    const test = new TestGateway();
    test.stream.run(1000);
    const greedy = await test.join();
    const good = await test.join();
    for (let i = 0; i < 60; i++) {
      test.stream.run(33);
      const sequences = greedy.peer.receiver.of(1000).slice(-300);
      greedy.peer.rtcp(
        writeNack(
          1,
          1000,
          sequences.map((packet) => packet.sequence),
        ),
      );
      greedy.peer.rtcp(writePli(1, 1000));
    }
    const packets = good.peer.receiver.of(1010);
    expect(continuityFaults(packets)).toBe(0);
    expect(good.session.stats.egress?.pacer).toMatchObject({ state: "live", queuedBytes: 0 });
    // Each live frame went to the other in the turn in which it came.
    expect(packets.at(-1)?.atUs).toBeGreaterThan(test.stream.clock.nowUs() - 34_000);
  });
});
