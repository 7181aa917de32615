import { afterEach, beforeEach, expect, test } from "vitest";
import { TestMetrics } from "./test-metrics.ts";

let rig: TestMetrics;

beforeEach(() => {
  rig = new TestMetrics();
});
afterEach(() => rig.metrics.close());

const sent = (transport: string): string =>
  `millrace_bytes_total{direction="sent",transport="${transport}"}`;
const received = (transport: string): string =>
  `millrace_bytes_total{direction="received",transport="${transport}"}`;

test("bytes are those of running and of ended sessions, and never fall", async () => {
  let bytesSent = 100;
  rig.publish("live/a", () => ({ bytesReceived: 50, bytesSent: 4 }));
  const first = rig.watch("live/a", "http-flv", () => ({ bytesSent, bytesReceived: 1 }));
  rig.watch("live/a", "http-flv", () => ({ bytesSent: 7 }));
  rig.watch("live/a", "sse");
  expect(await rig.value(sent("http-flv"))).toBe(107);
  bytesSent = 200;
  expect(await rig.value(sent("http-flv"))).toBe(207);
  bytesSent = 250;
  first.close();
  expect(await rig.value(sent("http-flv"))).toBe(257);
  bytesSent = 900;
  expect(await rig.value(sent("http-flv"))).toBe(257);
  expect(await rig.value(received("http-flv"))).toBe(1);
  expect(await rig.value(received("rtmp"))).toBe(50);
  expect(await rig.value(sent("sse"))).toBe(0);
  rig.registry.close("SERVER_CLOSING");
  expect(await rig.value(received("rtmp"))).toBe(50);
});

test("a session that counts anew makes no counter fall", async () => {
  let bytesSent = 500;
  rig.publish("live/a");
  rig.watch("live/a", "ll-hls", () => ({ bytesSent }));
  expect(await rig.value(sent("ll-hls"))).toBe(500);
  bytesSent = 3;
  expect(await rig.value(sent("ll-hls"))).toBe(500);
});

test("what WebRTC counts is told of viewers and publishers", async () => {
  const egress = {
    nacks: 3,
    keyRequests: 2,
    lines: [
      { kind: "video", packets: 1000, retransmitted: 5 },
      { kind: "audio", packets: 300, retransmitted: 0 },
    ],
  };
  const ingest = {
    encodings: [
      { kind: "video", packets: 90, nacks: 4, keyRequests: 6, retransmitted: 8 },
      { kind: "audio", packets: 20 },
    ],
  };
  rig.publish("live/a", () => ({ ingest, bytesReceived: 9 }));
  const viewer = rig.watch("live/a", "webrtc", () => ({ egress, framesDropped: 11 }));
  const whole = async (): Promise<unknown> => ({
    sent: await rig.value('millrace_rtp_packets_total{direction="sent",kind="video"}'),
    sound: await rig.value('millrace_rtp_packets_total{direction="sent",kind="audio"}'),
    received: await rig.value('millrace_rtp_packets_total{direction="received",kind="video"}'),
    nacks: await rig.value('millrace_nack_total{from="viewers"}'),
    asked: await rig.value('millrace_nack_total{from="gateway"}'),
    plis: await rig.value('millrace_pli_total{from="viewers"}'),
    keys: await rig.value('millrace_pli_total{from="gateway"}'),
    again: await rig.value('millrace_rtx_packets_total{direction="sent"}'),
    recovered: await rig.value('millrace_rtx_packets_total{direction="received"}'),
    dropped: await rig.value('millrace_frames_dropped_total{reason="slow_viewer"}'),
  });
  const expected = {
    sent: 1000,
    sound: 300,
    received: 90,
    nacks: 3,
    asked: 4,
    plis: 2,
    keys: 6,
    again: 5,
    recovered: 8,
    dropped: 11,
  };
  expect(await whole()).toEqual(expected);
  viewer.close();
  expect(await whole()).toEqual(expected);
});

test("figures that are none count as nothing", async () => {
  rig.publish("live/a");
  rig.watch("live/a", "icy", () => ({ bytesSent: Number.NaN, egress: { lines: [null, 3] } }));
  expect(await rig.value(sent("icy"))).toBe(0);
});
