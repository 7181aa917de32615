import { afterEach, expect, test } from "vitest";
import { TestMetrics } from "./test-metrics.ts";

let rig: TestMetrics;
afterEach(() => rig.metrics.close());

const lostOf = (hook: string): string => `millrace_webhook_events_lost_total{hook="${hook}"}`;

test("lost events are counted by receiver, from 0 on", async () => {
  rig = new TestMetrics();
  for (const hook of ["webhook.event", "srs.notice", "mist.notice"]) {
    expect(await rig.value(lostOf(hook))).toBe(0);
  }
  rig.metrics.webhookLost({ hook: "webhook.event", count: 1 });
  rig.metrics.webhookLost({ hook: "webhook.event", count: 41 });
  expect(await rig.value(lostOf("webhook.event"))).toBe(42);
  expect(await rig.value(lostOf("srs.notice"))).toBe(0);
});

test("all hooks that a gateway can have are told apart", async () => {
  rig = new TestMetrics();
  const asked = ["function", "webhook", "srs", "mist"].flatMap((name) =>
    ["publish", "play", "call"].map((action) => `${name}.${action}`),
  );
  const names = [...asked, "webhook.event", "srs.notice", "mist.notice"];
  for (const hook of names) rig.metrics.webhookCalled({ hook, result: "allow", seconds: 0.1 });
  for (const hook of names) {
    const count = `millrace_webhook_seconds_count{hook="${hook}",result="allow"}`;
    expect(await rig.value(count), hook).toBe(1);
  }
});
