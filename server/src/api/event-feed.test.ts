import { expect, test } from "vitest";
import { defaultEventFeedLimits, EventFeed, type EventListener } from "./event-feed.ts";
import type { EventDocument } from "./schemas/events.ts";

const at = "2026-01-01T00:00:00.000Z";
const happening = (id: string, stream = "live/cam"): EventDocument => ({
  id,
  at,
  type: "stream.live",
  stream,
  reason: "PUBLISHED",
});

class Heard implements EventListener {
  readonly ids: string[] = [];
  readonly events: EventDocument[] = [];
  ended = 0;

  tell(id: string, data: string): void {
    this.ids.push(id);
    if (data !== "") this.events.push(JSON.parse(data) as EventDocument);
  }

  end(): void {
    this.ended++;
  }

  get said(): readonly unknown[] {
    return this.events.map((event) => (event.type === "events.lost" ? event.count : event.id));
  }
}

function listen(feed: EventFeed, after?: string, stream?: string): Heard & { stop(): void } {
  const heard = new Heard();
  const stop = feed.listen({ after, stream }, heard);
  return Object.assign(heard, { stop });
}

const make = (limits = {}) => new EventFeed(() => 0, limits);

test("tells what happens from now on, of all streams or of one", () => {
  const feed = make();
  feed.push(happening("before"));
  const [all, one] = [listen(feed), listen(feed, undefined, "live/cam")];
  feed.push(happening("a"));
  feed.push(happening("b", "live/other"));
  expect([all.said, one.said]).toEqual([["a", "b"], ["a"]]);
  all.stop();
  feed.push(happening("c"));
  expect([all.said, one.said]).toEqual([
    ["a", "b"],
    ["a", "c"],
  ]);
});

test("whoever comes back is told what it missed, even when it had heard nothing yet", () => {
  const feed = make();
  const first = listen(feed);
  first.stop();
  for (const id of ["a", "b"]) feed.push(happening(id));
  const second = listen(feed, first.ids.at(-1));
  expect(second.said).toEqual(["a", "b"]);
  second.stop();
  expect(listen(feed, second.ids[0]).said).toEqual(["b"]);
  expect(listen(feed, second.ids[1]).said).toEqual([]);
});

test("what is kept no more is counted; of another run it is not known", () => {
  const feed = make({ maxKeptEvents: 3 });
  const first = listen(feed);
  first.stop();
  for (let at = 1; at <= 10; at++) feed.push(happening(String(at)));
  expect(listen(feed, first.ids[0]).said).toEqual([7, "8", "9", "10"]);
  for (const foreign of ["other.3", "nonsense", "", `${first.ids[0]?.split(".")[0]}.11`]) {
    expect(listen(feed, foreign).said).toEqual([0, "8", "9", "10"]);
  }
  const exact = listen(feed, `${first.ids[0]?.split(".")[0]}.7`);
  expect(exact.said).toEqual(["8", "9", "10"]);
});

test("takes as many listeners as may be, and others when one went", () => {
  const feed = make();
  const all = Array.from({ length: defaultEventFeedLimits.maxEventListeners }, () => listen(feed));
  const full = expect.objectContaining({ code: "LISTENERS_FULL", status: 503 });
  expect(() => listen(feed)).toThrow(full);
  all[0]?.stop();
  listen(feed);
  expect(feed.listeners).toBe(defaultEventFeedLimits.maxEventListeners);
});

test("ends with everybody told, once", () => {
  const feed = make();
  const heard = listen(feed);
  feed.close();
  feed.close();
  feed.push(happening("late"));
  expect([heard.ended, heard.said]).toEqual([1, []]);
  expect(() => listen(feed)).toThrow(expect.objectContaining({ code: "SHUTTING_DOWN" }));
});
