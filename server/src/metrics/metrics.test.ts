import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeClock } from "../core/fake-clock.ts";
import { Registry, silentLog } from "../core/index.ts";
import { Metrics } from "./metrics.ts";

let clock: FakeClock;
let registry: Registry;
let metrics: Metrics;

beforeEach(() => {
  clock = new FakeClock();
  registry = new Registry({ clock, log: silentLog });
  metrics = new Metrics({
    registry,
    clock,
    version: "1.2.3",
    egress: () => "native",
    rtc: () => ({ growing: { stunAnswered: 7 }, present: { tcpConnections: 2 } }),
    native: () => undefined,
  });
});
afterEach(() => metrics.close());

/** The sample with that name and labels. */
async function value(sample: string): Promise<number | undefined> {
  const line = (await metrics.text()).split("\n").find((one) => one.startsWith(`${sample} `));
  return line === undefined ? undefined : Number(line.slice(sample.length + 1));
}

function publish(stream: string) {
  return registry.publish({ stream, transport: "rtmp", address: "192.0.2.1", onKick: () => {} });
}

test("what there is now is counted when it is asked for", async () => {
  expect(await value('millrace_streams{state="live"}')).toBe(0);
  const publisher = publish("live/a");
  publish("live/b");
  const viewers = ["sse", "sse", "whep"].map((transport) =>
    publisher.stream.addViewer({ transport: transport as "sse", address: "192.0.2.2" }),
  );
  expect(await value('millrace_streams{state="live"}')).toBe(2);
  expect(await value('millrace_publishers{transport="rtmp"}')).toBe(2);
  expect(await value('millrace_viewers{transport="sse"}')).toBe(2);
  expect(await value('millrace_viewers{transport="whep"}')).toBe(1);
  expect(await value('millrace_stream_buffers{state="EMPTY"}')).toBe(2);
  for (const viewer of viewers) viewer.close();
  publisher.close("CLIENT_STOPPED");
  expect(await value('millrace_viewers{transport="sse"}')).toBe(0);
  expect(await value('millrace_streams{state="waiting"}')).toBe(1);
});

test("sessions are counted when they begin, and their length when they end", async () => {
  const publisher = publish("live/a");
  const viewer = publisher.stream.addViewer({ transport: "sse", address: "192.0.2.2" });
  clock.advance(10_000);
  viewer.close();
  publisher.close("CLIENT_STOPPED");
  publish("live/a");
  expect(await value('millrace_sessions_total{action="publish",transport="rtmp"}')).toBe(2);
  expect(await value('millrace_sessions_total{action="play",transport="sse"}')).toBe(1);
  const seconds = 'millrace_session_seconds_sum{action="play",transport="sse"}';
  expect(await value(seconds)).toBe(10);
  expect(await value('millrace_publish_ends_total{reason="CLIENT_STOPPED"}')).toBe(1);
});

test("figures of others are told by name", async () => {
  expect(await value('millrace_rtc_events_total{event="stun_answered"}')).toBe(7);
  expect(await value('millrace_rtc_events_total{event="stun_answered"}')).toBe(7);
  expect(await value('millrace_rtc_present{what="tcp_connections"}')).toBe(2);
  const build = `millrace_build_info{version="1.2.3",node="${process.versions.node}",egress="native"}`;
  expect(await value(build)).toBe(1);
});

test("there are no more series than names of our own, whatever happens", async () => {
  for (let i = 0; i < 300; i++) {
    const publisher = publish(`live/cam${i}`);
    publisher.stream.addViewer({ transport: "sse", address: `192.0.2.${i % 256}` });
    publisher.close(`REASON_${i}`);
  }
  const text = await metrics.text();
  expect(text).not.toContain("live/cam");
  expect(text).not.toContain("192.0.2");
  expect(text.match(/^millrace_publish_ends_total\{/gm)).toHaveLength(101);
  expect(await value('millrace_publish_ends_total{reason="OTHER"}')).toBe(200);
});

test("one that is closed counts nothing more", async () => {
  metrics.close();
  metrics.close();
  publish("live/a");
  expect(await metrics.text()).not.toContain("millrace");
});
