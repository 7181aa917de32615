import { expect, test } from "vitest";
import { parseCapacityArguments } from "./capacity/index.ts";
import { defaultConfig } from "./config/index.ts";
import { estimate } from "./estimate.ts";
import { measureEgress } from "./measure-egress.ts";

async function said(...args: string[]): Promise<string> {
  let text = "";
  await estimate(defaultConfig(), parseCapacityArguments(args), (part) => {
    text += part;
  });
  return text;
}

test("says what a plan takes, what is too much and how many viewers there may be", async () => {
  const text = await said(
    ...["--quality", "2M", "--http-flv", "800", "--cores", "64", "--network", "1G"],
    ...["--record-hours", "1", "--tier", "native"],
  );
  expect(text).toContain("1 stream of 2 Mbit/s, viewers: 800 http-flv");
  expect(text).toContain("900 MB for 1 h");
  // 800 × 2 Mbit/s × 1.04, of which 80 % of a Gbit/s are planned.
  expect(text).toContain("1.66 Gbit/s of 1 Gbit/s");
  expect(text).toContain("Too much: network-out, 208 % of what is planned.");
  expect(text).toMatch(/At most 384 viewers in this mix \(network-out\)/);
});

test("says it as JSON, with the limits of the configuration", async () => {
  const report = JSON.parse(await said("--json", "--viewers", "6000", "--network", "1T"));
  expect(report).toMatchObject({
    plan: { viewers: { webrtc: 6000 } },
    measured: false,
    fits: false,
  });
  const peers = report.limits.find(({ id }: { id: string }) => id === "rtc-peers");
  expect(peers).toMatchObject({ needed: 6000, available: 5000, key: "rtc.maxPeers" });
});

test("measures the egress of this machine", async () => {
  const { tier, packetUs, packets } = await measureEgress("node", 50);
  expect(tier).toBe("node");
  expect(packetUs).toBeGreaterThan(0);
  expect(packets).toBeGreaterThanOrEqual(1000);
  const report = JSON.parse(await said("--measure", "--json"));
  expect(report.measured).toBe(true);
  expect(report.constants.packetUs[report.machine.tier]).toBeGreaterThan(0);
});
