import { afterEach, beforeEach, expect, test } from "vitest";
import { RefusedError } from "../core/index.ts";
import { TestMetrics } from "./test-metrics.ts";

let rig: TestMetrics;

beforeEach(() => {
  rig = new TestMetrics();
});
afterEach(() => rig.metrics.close());

test("what there is now is counted when it is asked for", async () => {
  expect(await rig.value('millrace_streams{state="live"}')).toBe(0);
  const publisher = rig.publish("live/a");
  rig.publish("live/b");
  const viewers = (["sse", "sse", "whep"] as const).map((by) => rig.watch("live/a", by));
  expect(await rig.value('millrace_streams{state="live"}')).toBe(2);
  expect(await rig.value('millrace_publishers{transport="rtmp"}')).toBe(2);
  expect(await rig.value('millrace_viewers{transport="sse"}')).toBe(2);
  expect(await rig.value('millrace_viewers{transport="whep"}')).toBe(1);
  expect(await rig.value('millrace_stream_buffers{state="EMPTY"}')).toBe(2);
  expect(await rig.value("millrace_gop_cache_bytes")).toBe(0);
  for (const viewer of viewers) viewer.close();
  publisher.close("CLIENT_STOPPED");
  expect(await rig.value('millrace_viewers{transport="sse"}')).toBe(0);
  expect(await rig.value('millrace_streams{state="waiting"}')).toBe(1);
});

test("sessions are counted when they begin, and their length when they end", async () => {
  const publisher = rig.publish("live/a");
  const viewer = rig.watch("live/a", "sse");
  rig.clock.advance(200);
  viewer.mediaStarted();
  rig.clock.advance(9_800);
  viewer.mediaStarted();
  viewer.close("KICKED");
  publisher.close("CLIENT_STOPPED");
  rig.publish("live/a");
  const started = (action: string, transport: string): string =>
    `millrace_sessions_total{action="${action}",transport="${transport}",result="started"}`;
  expect(await rig.value(started("publish", "rtmp"))).toBe(2);
  expect(await rig.value(started("play", "sse"))).toBe(1);
  const seconds = 'millrace_session_seconds_sum{action="play",transport="sse"}';
  expect(await rig.value(seconds)).toBe(10);
  expect(await rig.value('millrace_publish_ends_total{reason="CLIENT_STOPPED"}')).toBe(1);
  expect(await rig.value('millrace_play_ends_total{reason="KICKED"}')).toBe(1);
  expect(await rig.value('millrace_join_seconds_sum{transport="sse"}')).toBe(0.2);
  expect(await rig.value('millrace_join_seconds_count{transport="sse"}')).toBe(1);
});

test("whoever is refused counts by the kind of refusal, wherever it came from", async () => {
  const answers = [
    new RefusedError("UNAUTHORIZED", 401, ""),
    new RefusedError("HOOK_DENIED", 403, ""),
    new RefusedError("HOOK_UNAVAILABLE", 503, ""),
    new Error("broken"),
  ];
  const access = rig.metrics.counting({
    authorize: () => Promise.reject(answers.shift()),
  });
  const asked = { stream: "live/a", token: undefined, address: "", userAgent: undefined };
  const play = { action: "play", transport: "whep", ...asked } as const;
  for (const _ of [...answers]) await expect(access.authorize(play)).rejects.toThrow();
  answers.push(new RefusedError("UNAUTHORIZED", 401, ""));
  await expect(access.authorize({ ...play, look: true })).rejects.toThrow();
  rig.publish("live/a");
  expect(() => rig.publish("live/a")).toThrow("publishes");
  rig.registry.refused({ ...play, code: "STREAM_NOT_FOUND", status: 404 });
  const count = (action: string, transport: string, result: string) =>
    rig.value(
      `millrace_sessions_total{action="${action}",transport="${transport}",result="${result}"}`,
    );
  expect(await count("play", "whep", "unauthorized")).toBe(1);
  expect(await count("play", "whep", "forbidden")).toBe(1);
  expect(await count("play", "whep", "unavailable")).toBe(1);
  expect(await count("play", "whep", "error")).toBe(1);
  expect(await count("play", "whep", "not_found")).toBe(1);
  expect(await count("publish", "rtmp", "busy")).toBe(1);
});

test("a stream that is full refuses, which counts", async () => {
  rig = new TestMetrics({ maxViewers: 1 });
  rig.publish("live/a");
  rig.watch("live/a", "icy");
  expect(() => rig.watch("live/a", "icy")).toThrow("viewers");
  const full = 'millrace_sessions_total{action="play",transport="icy",result="full"}';
  expect(await rig.value(full)).toBe(1);
});

test("figures of others are told by name", async () => {
  const relay = { allocations: 3, bytesIn: 100, bytesOut: 7, restarts: 0 };
  rig = new TestMetrics({
    relay: () => relay,
    certificates: () => [{ name: "http", expiresWallMs: 5_000 }],
    logLines: () => ({ warn: 4 }),
    transcoder: () => ({ growing: { framesDropped: 2 }, present: { processes: 1 } }),
  });
  expect(await rig.value('millrace_rtc_events_total{event="stun_answered"}')).toBe(7);
  expect(await rig.value('millrace_rtc_events_total{event="stun_answered"}')).toBe(7);
  expect(await rig.value('millrace_rtc_present{what="tcp_connections"}')).toBe(2);
  const build = `millrace_build_info{version="1.2.3",node="${process.versions.node}",egress="native"}`;
  expect(await rig.value(build)).toBe(1);
  expect(await rig.value("millrace_turn_allocations")).toBe(3);
  const expiry = 'millrace_certificate_expiry_timestamp_seconds{certificate="http"}';
  expect(await rig.value(expiry)).toBe(5);
  expect(await rig.value('millrace_log_lines_total{level="warn"}')).toBe(4);
  expect(await rig.value('millrace_transcoder_present{what="processes"}')).toBe(1);
  expect(await rig.value('millrace_frames_dropped_total{reason="transcoder_full"}')).toBe(2);
});

test("what is not there has no series", async () => {
  const text = await rig.metrics.text();
  expect(text).not.toMatch(/^millrace_turn_allocations /m);
  expect(text).not.toMatch(/^millrace_certificate_expiry_timestamp_seconds\{/m);
  expect(text).not.toMatch(/^millrace_egress_events_total\{/m);
});

test("bytes of the relay go on when its process is replaced", async () => {
  let bytesIn = 100;
  rig = new TestMetrics({ relay: () => ({ allocations: 0, bytesIn, bytesOut: 0, restarts: 0 }) });
  expect(await rig.value('millrace_turn_bytes_total{direction="in"}')).toBe(100);
  bytesIn = 30;
  expect(await rig.value('millrace_turn_bytes_total{direction="in"}')).toBe(130);
  bytesIn = 40;
  expect(await rig.value('millrace_turn_bytes_total{direction="in"}')).toBe(140);
});

test("webhooks are timed", async () => {
  rig.metrics.webhookCalled({ hook: "play", result: "allowed", seconds: 0.5 });
  const sum = 'millrace_webhook_seconds_sum{hook="play",result="allowed"}';
  expect(await rig.value(sum)).toBe(0.5);
});

test("one that is closed counts nothing more", async () => {
  rig.metrics.close();
  rig.metrics.close();
  rig.publish("live/a");
  expect(await rig.metrics.text()).not.toContain("millrace");
});
