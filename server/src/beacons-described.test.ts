import { describe, expect, test } from "vitest";
import { beaconSchema } from "./api/schemas/beacons.ts";
import { parseBeacon } from "./beacons/beacon.ts";

const report = { transport: "webrtc" };
const beacon = { stream: "live/cam", reports: [report] };
const full = {
  client: "abcdefghijklmnop",
  stream: "live/cam",
  session: "s1",
  reports: [
    {
      transport: "ws-flv",
      firstFrameMs: 300.5,
      latencyMs: -20,
      freezes: 1,
      frozenSeconds: 0.5,
      playedSeconds: 10,
      framesDropped: 2,
      framesShown: 250,
      switches: [{ from: "webrtc-relay", to: "ws-flv", reason: "FROZEN" }],
      path: "relay-tls",
    },
    ...["webrtc", "webrtc-relay", "http-flv", "ll-hls", "long-poll", "sse", "mjpeg"].map(
      (transport) => ({ transport }),
    ),
  ],
};
const withReport = (more: object): object => ({ ...beacon, reports: [{ ...report, ...more }] });
const aSwitch = { from: "webrtc", to: "sse", reason: "LOSS" };
const counts = ["freezes", "framesDropped", "framesShown"] as const;
const most = { freezes: 1000, framesDropped: 100_000, framesShown: 100_000 } as const;

const taken: readonly object[] = [
  beacon,
  full,
  { ...beacon, client: "a".repeat(64), session: "b".repeat(64), stream: "c".repeat(128) },
  withReport({ firstFrameMs: 0, latencyMs: -10_000, frozenSeconds: 0, playedSeconds: 0 }),
  withReport({ firstFrameMs: 120_000, latencyMs: 120_000, frozenSeconds: 120, playedSeconds: 120 }),
  ...counts.flatMap((name) => [withReport({ [name]: 0 }), withReport({ [name]: most[name] })]),
  ...["udp", "tcp", "relay-udp", "relay-tcp", "relay-tls"].map((path) => withReport({ path })),
  withReport({ switches: Array(10).fill({ ...aSwitch, reason: "x".repeat(64) }) }),
];
const refused: readonly unknown[] = [
  null,
  [],
  {},
  { ...beacon, stream: "" },
  { ...beacon, stream: "c".repeat(129) },
  { ...beacon, stream: 1 },
  { ...beacon, client: "a".repeat(15) },
  { ...beacon, client: "a".repeat(65) },
  { ...beacon, client: "a b".repeat(8) },
  { ...beacon, session: "" },
  { ...beacon, session: "b".repeat(65) },
  { stream: "live/cam" },
  { ...beacon, reports: [] },
  { ...beacon, reports: Array(9).fill(report) },
  { ...beacon, reports: [{}] },
  withReport({ transport: "rtmp" }),
  withReport({ path: "dccp" }),
  withReport({ firstFrameMs: -1 }),
  withReport({ firstFrameMs: 120_001 }),
  withReport({ latencyMs: -10_001 }),
  withReport({ latencyMs: 120_001 }),
  withReport({ latencyMs: "fast" }),
  withReport({ frozenSeconds: -1 }),
  withReport({ frozenSeconds: 121 }),
  withReport({ playedSeconds: 121 }),
  ...counts.flatMap((name) => [
    withReport({ [name]: -1 }),
    withReport({ [name]: 0.5 }),
    withReport({ [name]: most[name] + 1 }),
  ]),
  withReport({ switches: Array(11).fill(aSwitch) }),
  withReport({ switches: [{ ...aSwitch, reason: "x".repeat(65) }] }),
  withReport({ switches: [{ ...aSwitch, to: "tape" }] }),
  withReport({ switches: [{ from: "webrtc", to: "sse" }] }),
];

function isTaken(body: unknown): boolean {
  try {
    parseBeacon(JSON.stringify(body));
    return true;
  } catch {
    return false;
  }
}

describe("the described beacon is the one that is taken", () => {
  test.each(taken.map((body) => [JSON.stringify(body), body]))("%s", (_, body) => {
    expect(isTaken(body)).toBe(true);
    expect(beaconSchema.safeParse(body).error).toBeUndefined();
  });

  test.each(refused.map((body) => [JSON.stringify(body), body]))("not %s", (_, body) => {
    expect(isTaken(body)).toBe(false);
    expect(beaconSchema.safeParse(body).success).toBe(false);
  });

  test("has the same members", () => {
    const told = parseBeacon(JSON.stringify(full));
    expect(Object.keys(told).sort()).toEqual(Object.keys(full).sort());
    expect(Object.keys(told.reports[0] ?? {}).sort()).toEqual(
      Object.keys(full.reports[0] ?? {}).sort(),
    );
  });
});
