import { afterEach, expect, test } from "vitest";
import { maxSwitchSeries } from "./experience.ts";
import { maxListedStreams } from "./listed-streams.ts";
import { maxReasons } from "./sessions.ts";
import { TestMetrics } from "./test-metrics.ts";

let rig: TestMetrics;

afterEach(() => rig.metrics.close());

test("10 000 streams and 10 000 viewers add no series", async () => {
  rig = new TestMetrics();
  rig.publish("live/cam0");
  const first = rig.watch("live/cam0", "sse");
  await rig.series();
  first.close();
  const before = await rig.series();
  for (let i = 1; i < 10_000; i++) {
    rig.publish(`live/cam${i}`);
    rig.watch(`live/cam${i}`, "sse");
  }
  const text = await rig.metrics.text();
  expect(text).toContain('millrace_streams{state="live"} 10000');
  expect(text).toContain('millrace_viewers{transport="sse"} 9999');
  expect(await rig.series()).toBe(before);
  expect(text).not.toContain("live/cam");
  expect(text).not.toContain("192.0.2");
}, 30_000);

test("reasons that are made up are not told apart without end", async () => {
  rig = new TestMetrics();
  for (let i = 0; i < 3 * maxReasons; i++) {
    const publisher = rig.publish("live/a");
    rig.watch("live/a", "sse").close(`WHY_${i}`);
    publisher.close(`REASON_${i}`);
  }
  const text = await rig.metrics.text();
  expect(text.match(/^millrace_publish_ends_total\{/gm)).toHaveLength(maxReasons + 1);
  expect(text.match(/^millrace_play_ends_total\{/gm)).toHaveLength(maxReasons + 1);
  expect(await rig.value('millrace_play_ends_total{reason="OTHER"}')).toBe(2 * maxReasons);
});

test("switches, hooks and their results are told apart up to a limit", async () => {
  rig = new TestMetrics();
  const { experience } = rig.metrics;
  for (let i = 0; i < 2 * maxSwitchSeries; i++) {
    const switches = [{ from: "webrtc", to: "ws-flv", reason: `R${i}` }];
    experience.told({
      transport: "ws-flv",
      freezes: 0,
      frozenSeconds: 0,
      playedSeconds: 0,
      framesDropped: 0,
      framesShown: 0,
      switches,
    });
    rig.metrics.webhookCalled({ hook: `h${i}`, result: `r${i}`, seconds: 1 });
  }
  const text = await rig.metrics.text();
  expect(text.match(/^millrace_fallback_total\{/gm)).toHaveLength(maxSwitchSeries + 1);
  const other = 'millrace_fallback_total{from="webrtc",to="ws-flv",reason="other"}';
  expect(await rig.value(other)).toBe(maxSwitchSeries);
  const webhooks = new Set(text.match(/^millrace_webhook_seconds_count\{.*?\}/gm));
  expect(webhooks.size).toBe(21);
});

test("listed streams have series of their own, as many as may be", async () => {
  rig = new TestMetrics({ streams: ["stage", "live/cam*"] });
  for (let i = 0; i < 2 * maxListedStreams; i++) rig.publish(`live/cam${i}`);
  rig.publish("live/other");
  rig.publish("live/cam1/deep");
  rig.watch("live/cam7", "sse");
  const text = await rig.metrics.text();
  expect(text.match(/^millrace_stream_live\{/gm)).toHaveLength(maxListedStreams);
  expect(text).not.toContain("live/other");
  expect(text).not.toContain("deep");
  expect(await rig.value('millrace_stream_viewers{stream="live/cam7"}')).toBe(1);
  expect(await rig.value('millrace_stream_viewers{stream="live/cam99"}')).toBe(0);
  expect(await rig.value('millrace_stream_viewers{stream="live/cam100"}')).toBeUndefined();
});
