import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeClock } from "../core/fake-clock.ts";
import { Registry, silentLog } from "../core/index.ts";
import { Documents } from "./documents.ts";
import { EventFeed } from "./event-feed.ts";
import { History } from "./history.ts";
import { apiOperations } from "./operations.ts";
import { historySchema } from "./schemas/history.ts";
import { maxFigureStreams } from "./schemas/queries.ts";
import { figuresSchema } from "./schemas/streams.ts";
import { SrsDocuments } from "./srs-documents.ts";

let registry: Registry;
let clock: FakeClock;
let history: History;

beforeEach(() => {
  clock = new FakeClock(1_700_000_000_000);
  registry = new Registry({ clock, log: silentLog });
  const machine = { cores: 2, cpuUs: () => 0, memoryBytes: () => 1, lagMs: () => 0, close() {} };
  history = new History({ registry, clock, machine });
});
afterEach(() => {
  history.close();
  registry.close("TEST");
});

function ask(id: string, query: Readonly<Record<string, string>>): unknown {
  const documents = new Documents(registry, {
    version: "1.2.3",
    startedWallMs: 0,
    addresses: () => ({}),
    publicUrls: [],
    basePath: "",
    transcoder: () => "none",
    egress: () => "node",
    isReady: () => true,
  });
  const srs = new SrsDocuments(registry, clock, "1.2.3");
  const events = new EventFeed(() => clock.wallMs());
  const operations = apiOperations({ documents, srs, events, history, srsStreams: false });
  const operation = operations.find((one) => one.id === id);
  const asked = { params: {}, query, admin: true, base: "", lastEventId: undefined };
  const answer = operation?.answer(asked);
  return answer?.type === "document" ? answer.document : undefined;
}

function publish(stream: string): void {
  registry.publish({ stream, transport: "rtmp", address: "203.0.113.7", onKick: () => {} });
}

test("figures of the streams that are asked for, without viewers one by one and without those that are gone", () => {
  publish("live/a");
  publish("live/b");
  const figures = ask("getFigures", { streams: "live/b,live/gone,live/b,live/a" });
  const { streams } = figuresSchema.parse(figures);
  expect(streams.map(({ name }) => name)).toEqual(["live/b", "live/a"]);
  expect(streams.every((stream) => !("viewerList" in stream))).toBe(true);
});

test("as many streams as there may be, not one more", () => {
  const many = (count: number): string =>
    Array.from({ length: count }, (_, at) => `live/cam${at}`).join(",");
  expect(ask("getFigures", { streams: many(maxFigureStreams) })).toEqual({ streams: [] });
  const refused = expect.objectContaining({ code: "REQUEST_INVALID", status: 400 });
  expect(() => ask("getFigures", { streams: many(maxFigureStreams + 1) })).toThrow(refused);
  expect(() => ask("getFigures", { streams: "" })).toThrow(refused);
  expect(() => ask("getFigures", {})).toThrow(refused);
});

test("the history after a time, as it is described", () => {
  clock.advance(6000);
  const whole = historySchema.parse(ask("getHistory", {}));
  expect(whole.times).toHaveLength(3);
  expect(ask("getHistory", { after: String(whole.times[1]) })).toMatchObject({
    times: [whole.times[2]],
  });
});

test.each(["", "x", "-1", "1e3", "1".repeat(16)])("after=%s is no time", (after) => {
  expect(() => ask("getHistory", { after })).toThrow(
    expect.objectContaining({ code: "REQUEST_INVALID", status: 400 }),
  );
});
