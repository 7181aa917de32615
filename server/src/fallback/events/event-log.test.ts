import { describe, expect, test } from "vitest";
import { FakeClock } from "../../core/fake-clock.ts";
import { Registry, type Stream, silentLog } from "../../core/index.ts";
import { audioInfo, videoInfo } from "../../core/test-frames.ts";
import { EventLog } from "./event-log.ts";
import { defaultHubLimits } from "./limits.ts";

function makeStream(): Stream {
  const registry = new Registry({ clock: new FakeClock(), log: silentLog });
  const publisher = registry.publish({
    stream: "live/cam",
    transport: "rtmp",
    address: "127.0.0.1",
    onKick: () => {},
  });
  publisher.setTrack(videoInfo({ width: 0, height: 0 }));
  publisher.setTrack(audioInfo());
  return publisher.stream;
}

function makeLog(change: Partial<typeof defaultHubLimits> = {}): EventLog {
  return new EventLog(makeStream(), { ...defaultHubLimits, ...change });
}

const names = (events: readonly { readonly name: string }[]): string[] =>
  events.map(({ name }) => name);

describe("what somebody lacks", () => {
  test("a newcomer is told the state, without figures that nobody knows", () => {
    const [stream, capture] = makeLog().after(undefined);
    expect(JSON.parse(stream?.json ?? "")).toEqual({
      name: "live/cam",
      state: "live",
      tracks: [
        { kind: "video", codec: "h264" },
        { kind: "audio", codec: "aac", sampleRate: 48_000, channels: 2 },
      ],
      hints: [],
      health: { buffer: "EMPTY", sinceMs: 1_700_000_000_000, lagMs: 0, speed: 0 },
      viewers: 0,
    });
    expect(JSON.parse(capture?.json ?? "")).toEqual({
      streamTimeUs: 0,
      wallMs: 1_700_000_000_000,
    });
  });

  test("whoever was here is told what came since, each once", () => {
    const log = makeLog();
    log.append(["stream", { at: 1 }]);
    log.append(["stream", { at: 2 }], ["capture", { at: 3 }]);
    const seqs = (seq: number): number[] =>
      log.after({ epoch: log.epoch, seq }).map((event) => event.seq);
    expect([seqs(0), seqs(1), seqs(2), seqs(3)]).toEqual([[1, 2, 3], [2, 3], [3], []]);
  });

  test.each([
    ["of another incarnation", (log: EventLog) => ({ epoch: makeLog().epoch, seq: log.head })],
    ["from the future", (log: EventLog) => ({ epoch: log.epoch, seq: log.head + 1 })],
  ])("an id %s is answered with a reset and the state", (_what, place) => {
    const log = makeLog();
    log.append(["stream", {}]);
    const events = log.after(place(log));
    expect(names(events)).toEqual(["reset", "stream", "capture"]);
    expect(events[0]?.json).toBe('{"reason":"UNKNOWN_ID"}');
    expect(events.every(({ seq }) => seq === log.head)).toBe(true);
  });
});

describe("limits", () => {
  test("as many events are kept as may be; who needs an older one is told everything anew", () => {
    const log = makeLog({ maxEvents: 3 });
    for (let at = 1; at <= 4; at++) log.append(["stream", { at }]);
    expect(log.kept.events).toBe(3);
    expect(log.since(1).map(({ seq }) => seq)).toEqual([2, 3, 4]);
    const late = log.since(0);
    expect(names(late)).toEqual(["reset", "stream", "capture"]);
    expect(late[0]?.json).toBe('{"reason":"EVENTS_LOST"}');
  });

  test("as many bytes are kept as may be, and always the newest event", () => {
    const log = makeLog({ maxEventBytes: 20 });
    log.append(["stream", { a: "1234" }]);
    expect(log.kept).toEqual({ events: 1, bytes: 12 });
    log.append(["stream", { a: "" }]);
    expect(log.kept).toEqual({ events: 2, bytes: 20 });
    log.append(["stream", { a: "12345678901234567890" }]);
    expect(log.kept).toEqual({ events: 1, bytes: 28 });
  });
});

test("listeners are told once for each change, until they stop or the log ends", () => {
  const log = makeLog();
  let told = 0;
  const listener = { logged: () => void told++ };
  log.listen(listener);
  log.append(["stream", {}], ["capture", {}]);
  expect([told, log.head, log.over]).toEqual([1, 2, false]);
  log.append(["bye", { reason: "PUBLISHER_CLOSED" }]);
  log.append(["stream", {}]);
  expect([told, log.head, log.over]).toEqual([2, 3, true]);
  log.unlisten(listener);
  expect(log.listenerCount).toBe(0);
});

test("each log has another epoch, and an event is made as text once", () => {
  expect(makeLog().epoch).not.toBe(makeLog().epoch);
  const log = makeLog();
  log.append(["bye", { reason: "X" }]);
  expect(log.since(0)[0]?.sse.toString()).toBe('event: bye\ndata: {"reason":"X"}\n\n');
  expect(log.since(0)[0]?.sse).toBe(log.since(0)[0]?.sse);
});
