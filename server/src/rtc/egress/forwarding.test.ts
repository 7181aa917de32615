import { parseRtcp } from "@millrace/media/rtp";
import { describe, expect, it } from "vitest";
import { FakeClock } from "../../core/fake-clock.ts";
import { type Publisher, Registry, silentLog } from "../../core/index.ts";
import { audioInfo, videoInfo } from "../../core/test-frames.ts";
import type { PayloadFormat, RtcCodec, SendMedia } from "../peer.ts";
import { SrtpSender } from "../srtp/index.ts";
import { NodeEgressCore } from "./node-core.ts";
import { PacerDriver } from "./pacer-driver.ts";
import { StreamOutput } from "./stream-output.ts";
import { TestEncoding, TestPackets, testPayload } from "./test-encoding.ts";
import { audioMedia, type Received, TestReceiver, testKeys, videoMedia } from "./test-rig.ts";
import { ViewerEgress } from "./viewer-egress.ts";

const video = 0x1111;
const audio = 0x3333;

function format(codec: RtcCodec, payloadType: number, rtx?: number): PayloadFormat {
  return {
    codec,
    payloadType,
    clockRate: 90_000,
    profileLevelId: undefined,
    rtxPayloadType: rtx,
  };
}

const severalCodecs: Partial<SendMedia> = {
  formats: [format("h264", 102, 103), format("vp8", 96, 97), format("av1", 45, 46)],
  extensions: { mid: 4, transportCc: 3 },
};

class Rig {
  readonly clock = new FakeClock();
  readonly registry = new Registry({ clock: this.clock, log: silentLog });
  readonly core = new NodeEgressCore(this.clock);
  readonly driver = new PacerDriver({ clock: this.clock, core: this.core, log: silentLog });
  readonly publisher: Publisher = this.registry.publish({
    stream: "live/test",
    transport: "webrtc",
    address: "192.0.2.1",
    onKick() {},
  });
  readonly layers: (string | undefined)[] = [];

  announce(packets: TestPackets): void {
    const codec = packets.codec as "h264" | "vp8";
    if (packets.kind === "video") this.publisher.setTrack(videoInfo({ codec }), packets);
    else this.publisher.setTrack(audioInfo({ codec: "opus" }), packets);
  }

  output(): StreamOutput {
    const { core, clock } = this;
    return new StreamOutput({ stream: this.publisher.stream, core, clock, log: silentLog });
  }

  watch(
    output: StreamOutput,
    media: readonly SendMedia[] = [videoMedia(severalCodecs), audioMedia()],
  ) {
    const keys = testKeys();
    const receiver = new TestReceiver(this.clock, keys);
    const far = new SrtpSender(keys.profile, keys.remote);
    const egress = new ViewerEgress({
      output,
      keys,
      media,
      peer: { send: (datagram) => receiver.send(datagram), alive() {} },
      core: this.core,
      driver: this.driver,
      clock: this.clock,
      onBye() {},
      onFailed(error) {
        throw error;
      },
      onReport() {},
      onLayer: (rid) => void this.layers.push(rid),
    });
    output.add({
      videoRefused() {},
      hintsChanged() {},
      layersChanged: () => egress.layersChanged(),
    });
    egress.start();
    /** An RTCP packet of the viewer arrives. */
    const rtcp = (compound: Uint8Array) => {
      const sealed = new Uint8Array(compound.length + far.rtcpOverheadBytes);
      far.sealRtcp(sealed, 0, compound);
      egress.datagram(sealed, this.clock.nowUs());
    };
    return { egress, receiver, rtcp };
  }

  get nowUs(): number {
    return this.publisher.stream.nowUs();
  }
}

const text = (packet: Received) => new TextDecoder().decode(packet.payload);

function camera(codec: "h264" | "vp8" = "h264") {
  const encoding = new TestEncoding(undefined, { width: 1280, height: 720 }, 1_500_000);
  return { encoding, packets: new TestPackets("video", codec, [encoding]) };
}

describe("forwarding of a WebRTC publisher's packets", () => {
  it("sends payloads as they are, while the frame still comes, and marks its last packet", () => {
    const rig = new Rig();
    const { encoding, packets } = camera();
    rig.announce(packets);
    const { receiver } = rig.watch(rig.output());
    const frame = encoding.begin(rig.nowUs, { key: true, open: true });
    expect(receiver.of(video).map(text)).toEqual([`-/${frame.ptsUs}/0`]);
    encoding.grow(frame, [testPayload(undefined, frame.ptsUs, 1)], false);
    encoding.grow(frame, [testPayload(undefined, frame.ptsUs, 2)], true);
    const sent = receiver.of(video);
    expect(sent.map(text)).toEqual([0, 1, 2].map((part) => `-/${frame.ptsUs}/${part}`));
    expect(sent.map((packet) => packet.marker)).toEqual([false, false, true]);
    expect(new Set(sent.map((packet) => packet.timestamp)).size).toBe(1);
    expect(packets.wants).toEqual([]);
  });

  it("leaves a frame unmarked that turns out complete after its last packet was sent, also when that is sent again", () => {
    const rig = new Rig();
    const { encoding, packets } = camera();
    rig.announce(packets);
    const { receiver, rtcp } = rig.watch(rig.output());
    const frame = encoding.begin(rig.nowUs, { key: true, open: true });
    encoding.grow(frame, [], true);
    rig.clock.advance(33);
    encoding.begin(rig.nowUs);
    const [first, second] = receiver.of(video);
    expect([first?.marker, second?.marker]).toEqual([false, true]);
    const nack = Uint8Array.of(0x81, 205, 0, 3, 0, 0, 0, 9, 0, 0, 0x11, 0x11, 0, 0, 0, 0);
    new DataView(nack.buffer).setUint16(12, first?.sequence ?? 0);
    rtcp(nack);
    expect(receiver.of(0x2222).map((packet) => packet.marker)).toEqual([false]);
  });

  it("a frame that its source gave up does not hold up the next one", () => {
    const rig = new Rig();
    const { encoding, packets } = camera();
    rig.announce(packets);
    const { receiver } = rig.watch(rig.output());
    encoding.begin(rig.nowUs, { key: true, open: true });
    rig.clock.advance(500);
    encoding.begin(rig.nowUs, { key: true });
    expect(receiver.of(video)).toHaveLength(2);
  });

  it("uses the payload type of the codec, and changes it with the publisher's codec", () => {
    const rig = new Rig();
    const first = camera("vp8");
    rig.announce(first.packets);
    const { receiver } = rig.watch(rig.output());
    first.encoding.begin(rig.nowUs, { key: true });
    const second = camera("h264");
    rig.announce(second.packets);
    rig.clock.advance(33);
    second.encoding.begin(rig.nowUs, { key: true });
    const sent = receiver.of(video);
    expect(sent.map((packet) => packet.payloadType)).toEqual([96, 102]);
    expect(sent[1]?.extendedSequence).toBe((sent[0]?.extendedSequence ?? 0) + 1);
    expect(first.encoding.sinks.size).toBe(0);
    expect(first.packets.listeners).toBe(0);
  });

  it("sends nothing in a codec that was not agreed on", () => {
    const rig = new Rig();
    const { encoding, packets } = camera("vp8");
    rig.announce(packets);
    const { receiver } = rig.watch(rig.output(), [videoMedia()]);
    encoding.begin(rig.nowUs, { key: true });
    rig.clock.advance(100);
    expect(receiver.received).toEqual([]);
  });

  it("tells of lost sound by a gap in the sequence numbers", () => {
    const rig = new Rig();
    const encoding = new TestEncoding(undefined, { width: 0, height: 0 }, 40_000);
    rig.announce(new TestPackets("audio", "opus", [encoding]));
    const { receiver } = rig.watch(rig.output());
    encoding.begin(rig.nowUs, { key: true });
    rig.clock.advance(60);
    encoding.begin(rig.nowUs, { key: true, lostBefore: 2 });
    const [first, second] = receiver.of(audio);
    expect((second?.extendedSequence ?? 0) - (first?.extendedSequence ?? 0)).toBe(3);
    expect(((second?.timestamp ?? 0) - (first?.timestamp ?? 0)) >>> 0).toBe(2880);
  });

  it("a late viewer starts with the packets of a young group, or asks for a key frame", () => {
    const rig = new Rig();
    const { encoding, packets } = camera();
    rig.announce(packets);
    const output = rig.output();
    rig.watch(output);
    encoding.begin(rig.nowUs, { key: true });
    for (let i = 0; i < 10; i++) {
      rig.clock.advance(33);
      encoding.begin(rig.nowUs);
    }
    const requests = encoding.keyRequests;
    const young = rig.watch(output);
    rig.clock.advance(200);
    expect(young.receiver.of(video)).toHaveLength(11);
    expect(encoding.keyRequests).toBe(requests);
    for (let i = 0; i < 60; i++) {
      rig.clock.advance(33);
      encoding.begin(rig.nowUs);
    }
    const old = rig.watch(output);
    rig.clock.advance(200);
    expect(old.receiver.of(video)).toHaveLength(0);
    expect(encoding.keyRequests).toBe(requests + 1);
    encoding.begin(rig.nowUs, { key: true });
    encoding.begin(rig.nowUs + 1000);
    rig.clock.advance(50);
    expect(old.receiver.of(video)).toHaveLength(2);
  });

  it("a viewer that cannot decode makes the publisher be asked, instead of a replay", () => {
    const rig = new Rig();
    const { encoding, packets } = camera();
    rig.announce(packets);
    const { rtcp, receiver } = rig.watch(rig.output());
    encoding.begin(rig.nowUs, { key: true });
    rig.clock.advance(1000);
    encoding.begin(rig.nowUs);
    const before = encoding.keyRequests;
    const pli = Uint8Array.of(0x81, 206, 0, 2, 0, 0, 0, 9, 0, 0, 0x11, 0x11);
    rtcp(pli);
    rig.clock.advance(100);
    expect(encoding.keyRequests).toBe(before + 1);
    expect(receiver.of(video)).toHaveLength(2);
  });
});

describe("simulcast", () => {
  function layers() {
    const low = new TestEncoding("l", { width: 320, height: 180 }, 150_000);
    const middle = new TestEncoding("m", { width: 640, height: 360 }, 500_000);
    const high = new TestEncoding("h", { width: 1280, height: 720 }, 1_700_000);
    return { low, middle, high, packets: new TestPackets("video", "h264", [low, middle, high]) };
  }

  it("changes at a key frame only, with sequence numbers and times that go on", () => {
    const rig = new Rig();
    const { low, middle, high, packets } = layers();
    rig.announce(packets);
    const { egress, receiver } = rig.watch(rig.output());
    egress.prefer({ rid: "l", viewport: undefined });
    const all = (key: string | undefined) => {
      for (const layer of [low, middle, high]) {
        layer.begin(rig.nowUs, { key: layer.rid === key });
      }
      rig.clock.advance(33);
    };
    for (const layer of [low, middle, high]) layer.begin(rig.nowUs, { key: true });
    rig.clock.advance(33);
    receiver.received.length = 0;
    all(undefined);
    egress.prefer({ rid: "h", viewport: undefined });
    all(undefined);
    all("m");
    all("h");
    all(undefined);
    const sent = receiver.of(video);
    expect(sent.map((packet) => text(packet)[0])).toEqual(
      ["l", "l", "l", "l", "h", "h"].slice(-sent.length),
    );
    for (let i = 1; i < sent.length; i++) {
      expect((sent[i]?.extendedSequence ?? 0) - (sent[i - 1]?.extendedSequence ?? 0)).toBe(1);
      expect(((sent[i]?.timestamp ?? 0) - (sent[i - 1]?.timestamp ?? 0)) | 0).toBeGreaterThan(0);
    }
    expect(high.keyRequests).toBeGreaterThan(0);
  });

  it("retransmits packets of the layer before, and numbers everything for the estimate", () => {
    const rig = new Rig();
    const { low, high, packets } = layers();
    rig.announce(packets);
    const { egress, receiver, rtcp } = rig.watch(rig.output());
    egress.prefer({ rid: "l", viewport: undefined });
    low.begin(rig.nowUs, { key: true });
    rig.clock.advance(33);
    egress.prefer({ rid: "h", viewport: undefined });
    high.begin(rig.nowUs, { key: true });
    rig.clock.advance(33);
    const first = receiver.of(video)[0] as Received;
    const nack = Uint8Array.of(0x81, 205, 0, 3, 0, 0, 0, 9, 0, 0, 0x11, 0x11, 0, 0, 0, 0);
    new DataView(nack.buffer).setUint16(12, first.sequence);
    rtcp(nack);
    const again = receiver.of(0x2222)[0] as Received;
    expect(new TextDecoder().decode(again.payload.subarray(2))).toBe(text(first));
    expect(text(first)[0]).toBe("l");
  });

  it("leaves a layer at once that its publisher switched off", () => {
    const rig = new Rig();
    const { low, middle, high, packets } = layers();
    rig.announce(packets);
    const { egress, receiver } = rig.watch(rig.output());
    egress.prefer({ rid: "h", viewport: undefined });
    for (const layer of [low, middle, high]) layer.begin(rig.nowUs, { key: true });
    rig.clock.advance(33);
    high.active = false;
    packets.changed();
    rig.clock.advance(33);
    for (const layer of [low, middle]) layer.begin(rig.nowUs, { key: true });
    rig.clock.advance(33);
    expect(["l", "m"]).toContain(text(receiver.of(video).at(-1) as Received)[0]);
    expect(egress.stats.layer).not.toBe("h");
  });

  it("survives garbage in place of feedback, and counts it", () => {
    const rig = new Rig();
    const { low, packets } = layers();
    rig.announce(packets);
    const { egress, rtcp } = rig.watch(rig.output());
    low.begin(rig.nowUs, { key: true });
    const garbage = Uint8Array.of(0x8f, 205, 0, 3, 0, 0, 0, 9, 0, 0, 0x11, 0x11, 1, 2, 3, 4);
    expect(parseRtcp(garbage)[0]?.type).toBe("transport-cc");
    rtcp(garbage);
    expect(egress.stats.malformed).toBe(1);
  });

  it("one encoding again: the viewer goes on with it", () => {
    const rig = new Rig();
    const { packets, low, middle, high } = layers();
    rig.announce(packets);
    const { receiver, egress } = rig.watch(rig.output());
    for (const layer of [low, middle, high]) layer.begin(rig.nowUs, { key: true });
    rig.clock.advance(33);
    const single = camera();
    rig.announce(single.packets);
    rig.clock.advance(33);
    single.encoding.begin(rig.nowUs, { key: true });
    expect(text(receiver.of(video).at(-1) as Received)[0]).toBe("-");
    expect(egress.stats.layer).toBeUndefined();
    expect([low, middle, high].map((layer) => layer.sinks.size)).toEqual([0, 0, 0]);
  });
});
