import { OriginPolicy, ProxyTrust } from "@millrace/signaling/gate";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TestBeacons } from "./test-beacons.ts";

const client = "A".repeat(22);
const report = { transport: "webrtc" };
let rig: TestBeacons;

beforeEach(async () => {
  rig = await new TestBeacons().listen();
});
afterEach(() => rig.close());

async function anew(options: ConstructorParameters<typeof TestBeacons>[0]): Promise<void> {
  await rig.close();
  rig = await new TestBeacons(options).listen();
}

test("a viewer's player tells what it sees", async () => {
  rig.watch(client);
  const whole = {
    transport: "ws-flv",
    firstFrameMs: 250,
    latencyMs: 900,
    freezes: 1,
    frozenSeconds: 2.5,
    playedSeconds: 10,
    framesDropped: 3,
    framesShown: 300,
    switches: [{ from: "webrtc", to: "ws-flv", reason: "FROZEN" }],
  };
  expect(await rig.send({ client, stream: "live/cam", session: "s1", reports: [whole] })).toBe(204);
  expect(rig.results).toEqual(["taken"]);
  const { firstFrameMs: _, latencyMs: __, ...rest } = whole;
  expect(rig.reports).toEqual([
    { ...rest, firstFrameSeconds: 0.25, latencySeconds: 0.9, path: undefined },
  ]);
  expect(rig.desk.experienceOf("live/cam", client)).toMatchObject({ ...whole });
  expect(rig.desk.experienceOf("live/other", client)).toBeUndefined();
});

test("by the cookie of the viewer, which wins over what the player says", async () => {
  rig.watch(client);
  const beacon = { client: "B".repeat(22), stream: "live/cam", reports: [report] };
  expect(await rig.send(beacon, { Cookie: `millrace_client=${client}` })).toBe(204);
  expect(rig.results).toEqual(["taken"]);
  expect(rig.desk.experienceOf("live/cam", client)).toBeDefined();
});

test("whoever does not watch tells nothing", async () => {
  rig.watch(client);
  const beacons = [
    { client: "B".repeat(22), stream: "live/cam", reports: [report] },
    { client, stream: "live/other", reports: [report] },
    { stream: "live/cam", reports: [report] },
  ];
  for (const beacon of beacons) expect(await rig.send(beacon)).toBe(204);
  expect(rig.results).toEqual(["absent", "absent", "absent"]);
  expect(rig.reports).toEqual([]);
});

test("who left a moment ago may tell how it was, later nobody", async () => {
  const viewer = rig.watch(client);
  const beacon = { client, stream: "live/cam", reports: [report] };
  viewer.close();
  rig.clock.advance(60_000);
  await rig.send(beacon);
  rig.clock.advance(1);
  await rig.send(beacon);
  expect(rig.results).toEqual(["taken", "absent"]);
});

test("reasons that players do not have count as other", async () => {
  rig.watch(client);
  const switches = [{ from: "webrtc", to: "sse", reason: "<script>" }];
  await rig.send({ client, stream: "live/cam", reports: [{ ...report, switches }] });
  expect(rig.reports[0]?.switches[0]?.reason).toBe("other");
});

test("a path is told when it is another one than before", async () => {
  rig.watch(client);
  const told = (path: string) => ({ client, stream: "live/cam", reports: [{ ...report, path }] });
  for (const path of ["udp", "udp", "relay-udp", "udp"]) await rig.send(told(path));
  expect(rig.reports.map(({ path }) => path)).toEqual(["udp", undefined, "relay-udp", "udp"]);
});

test.each([
  ["no JSON", "{"],
  ["no object", "[]"],
  ["no report", { client, stream: "live/cam", reports: [] }],
  ["nine reports", { client, stream: "live/cam", reports: Array(9).fill(report) }],
  ["a short client", { client: "short", stream: "live/cam", reports: [report] }],
  ["a long stream", { client, stream: "x".repeat(129), reports: [report] }],
  ["another transport", bad({ transport: "carrier-pigeon" })],
  ["negative freezes", bad({ freezes: -1 })],
  ["more freezes than there can be", bad({ freezes: 1001 })],
  ["half a freeze", bad({ freezes: 0.5 })],
  ["a long time", bad({ frozenSeconds: 121 })],
  ["no number", bad({ playedSeconds: "1" })],
  ["a first frame of last week", bad({ firstFrameMs: 120_001 })],
  ["a frame from the future", bad({ latencyMs: -10_001 })],
  ["another path", bad({ path: "tunnel" })],
  [
    "eleven switches",
    bad({ switches: Array(11).fill({ from: "webrtc", to: "sse", reason: "x" }) }),
  ],
  ["a long reason", bad({ switches: [{ from: "webrtc", to: "sse", reason: "x".repeat(65) }] })],
])("%s is refused", async (_, beacon) => {
  rig.watch(client);
  expect(await rig.send(beacon)).toBe(400);
  expect(rig.results).toEqual(["invalid"]);
  expect(rig.reports).toEqual([]);
});

function bad(fields: object): object {
  return { client, stream: "live/cam", reports: [{ ...report, ...fields }] };
}

test("what is at the limits is taken", async () => {
  rig.watch(client);
  const switches = Array(10).fill({ from: "webrtc", to: "sse", reason: "x".repeat(64) });
  const most = { freezes: 1000, frozenSeconds: 120, latencyMs: -10_000, firstFrameMs: 120_000 };
  const reports = [{ ...report, ...most, switches }, ...Array(7).fill(report)];
  expect(await rig.send({ client, stream: "live/cam", reports })).toBe(204);
  expect(rig.reports[0]?.latencySeconds).toBe(0);
});

test("a body that is too large is refused", async () => {
  await anew({ limits: { maxBytes: 200 } });
  rig.watch(client);
  const beacon = JSON.stringify({ client, stream: "live/cam", reports: [report] });
  expect(await rig.send(beacon.padEnd(200))).toBe(204);
  expect(await rig.send(beacon.padEnd(201))).toBe(413);
});

test("pages of other origins tell nothing", async () => {
  const trust = new ProxyTrust([]);
  await anew({ origins: new OriginPolicy(["https://good.example"], trust), trust });
  rig.watch(client);
  const beacon = { client, stream: "live/cam", reports: [report] };
  expect(await rig.send(beacon, { Origin: "https://evil.example" })).toBe(403);
  expect(await rig.send(beacon, { Origin: "https://good.example" })).toBe(204);
});

test("rates of an address, of all and of one viewer have limits", async () => {
  const beacon = { client, stream: "live/cam", reports: [report] };
  const two = { perSecond: 0.001, burst: 2 };
  await anew({ limits: { perAddress: two } });
  for (const status of [204, 204, 429]) expect(await rig.send(beacon)).toBe(status);
  await anew({ limits: { inAll: two } });
  for (const status of [204, 204, 429]) expect(await rig.send(beacon)).toBe(status);
  await anew({ limits: { perViewer: two } });
  rig.watch(client);
  for (let i = 0; i < 3; i++) await rig.send(beacon);
  expect(rig.results).toEqual(["taken", "taken", "limited"]);
  expect(rig.reports).toHaveLength(2);
});

test("other requests are left alone", async () => {
  const get = await fetch(`${rig.url}/api/v1/beacons`);
  expect(get.status).toBe(404);
  const other = await fetch(`${rig.url}/api/v1/beacon`, { method: "POST" });
  expect(other.status).toBe(404);
});

test("nothing is counted of viewers who come after the end", () => {
  rig.desk.close();
  rig.desk.close();
  expect(() => rig.watch(client)).not.toThrow();
});

test("nobody tells of more time than there was", async () => {
  rig.watch(client);
  const long = { transport: "webrtc", frozenSeconds: 120, playedSeconds: 120, freezes: 1000 };
  const beacon = { client, stream: "live/cam", session: "s1", reports: [long, long, long] };
  expect(await rig.send(beacon)).toBe(204);
  expect(rig.results).toEqual(["taken"]);
  const frozen = rig.reports.reduce((sum, { frozenSeconds }) => sum + frozenSeconds, 0);
  const freezes = rig.reports.reduce((sum, told) => sum + told.freezes, 0);
  expect(frozen).toBeCloseTo(65, 0);
  expect(freezes).toBeLessThanOrEqual(4 * 131);
});
