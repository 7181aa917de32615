import { beforeEach, expect, test } from "vitest";
import { type Circumstances, findingsOf } from "./findings.ts";
import { HistoryWindow } from "./history-window.ts";
import { parseServer } from "./server-facts.ts";
import { streamEntry } from "./test-streams.ts";

const nowMs = Date.UTC(2026, 0, 1);
const well = { version: "1", ready: true, egress: "native", transcoder: "node-av" };
let history: HistoryWindow;
beforeEach(() => {
  history = new HistoryWindow();
});

function codes(change: Partial<Circumstances> & { readonly facts?: object } = {}): string[] {
  const { facts, ...rest } = change;
  const server = parseServer({ ...well, ...facts });
  const place = new URL("https://gw.example/");
  const found = findingsOf({ ...{ server, history, streams: [], place, nowMs }, ...rest });
  return found.map(({ code, status }) => `${status} ${code}`);
}

function sampled(column: string, values: readonly number[]): void {
  const times = values.map((_, at) => at + 1);
  history.take({ times, [column]: values, cores: 2 });
}

test("a server that is well needs nothing", () => {
  sampled("lagMs", [1, 2, 90, 1, 2, 1]);
  expect(codes({ streams: [streamEntry("live/a", { health: { buffer: "FULL" } })] })).toEqual([]);
  expect(
    findingsOf({
      ...{ server: undefined, history, streams: [], nowMs },
      place: new URL("http://127.0.0.1:8080"),
    }),
  ).toEqual([]);
});

test("lateness and load count only when they last", () => {
  sampled("lagMs", [0, 50, 60, 70, 80, 31]);
  expect(codes()).toEqual(["warn ADMIN_LOOP_LATE"]);
  history = new HistoryWindow();
  sampled("cpu", [1.9, 1.9, 1.95, 2, 1.9]);
  expect(codes()).toEqual(["warn ADMIN_CPU_FULL"]);
  history = new HistoryWindow();
  sampled("cpu", [1.9, 1.9, 1.9]);
  expect(codes()).toEqual([]);
});

test("what the server lacks", () => {
  expect(codes({ facts: { ready: false } })).toEqual(["fail ADMIN_NOT_READY"]);
  expect(codes({ facts: { egress: "node", transcoder: "none" } })).toEqual([
    "warn ADMIN_EGRESS_SLOW",
    "warn NO_TRANSCODER",
  ]);
  expect(codes({ place: new URL("http://gw.example/") })).toEqual(["warn ADMIN_NOT_HTTPS"]);
  expect(codes({ place: new URL("http://[::1]:8080/") })).toEqual([]);
});

test.each([
  [20, []],
  [13, ["warn ADMIN_CERTIFICATE_ENDS"]],
  [-1, ["fail ADMIN_CERTIFICATE_ENDS"]],
])("a certificate that ends in %d days", (days, expected) => {
  const expiresAt = new Date(nowMs + days * 86_400_000).toISOString();
  const later = new Date(nowMs + 90 * 86_400_000).toISOString();
  const certificates = [{ expiresAt: later }, { names: ["gw.example"], expiresAt }];
  expect(codes({ facts: { certificates } })).toEqual(expected);
});

test("why no certificate is ordered is told in the server's words", () => {
  const server = parseServer({ ...well, acme: { failure: "Port 80 is not reached." } });
  const place = new URL("https://gw.example/");
  expect(findingsOf({ server, history, streams: [], place, nowMs })).toMatchObject([
    { code: "ADMIN_CERTIFICATE_NOT_ORDERED", fix: "Port 80 is not reached." },
  ]);
});

test("streams with the same trouble are one finding, the gravest first, each hint with its setting", () => {
  const hint = { code: "B_FRAMES", message: "Set B-frames to 0." };
  const streams = [
    streamEntry("live/a", { hints: [hint], health: { buffer: "DRY" } }),
    streamEntry("live/b", { hints: [hint] }),
    streamEntry("live/c", { state: "waiting", health: { buffer: "EMPTY" } }),
  ];
  const place = new URL("https://gw.example/");
  const server = parseServer(well);
  expect(findingsOf({ server, history, streams, place, nowMs })).toMatchObject([
    { status: "fail", code: "ADMIN_STREAM_DRY", streams: ["live/a"] },
    { status: "warn", code: "ADMIN_PUBLISHER_AWAY", streams: ["live/c"] },
    { status: "warn", code: "B_FRAMES", fix: "Set B-frames to 0.", streams: ["live/a", "live/b"] },
  ]);
});
