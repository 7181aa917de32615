import { type MediaRecord, partsMediaType, writeRecordHead } from "@millrace/media/parts";
import { writeSseEvent } from "@millrace/media/text";
import { beforeEach, describe, expect, it } from "vitest";
import { FakeScheduler } from "../fake-scheduler.ts";
import { FakeFetch, flush } from "./fake-fetch.ts";
import { openHttpBytes } from "./http-bytes.ts";
import { holdSeconds, idleRestMs, openPollRecords, pollTimeoutMs } from "./poll-records.ts";
import type { RecordEvents, RecordSource } from "./record-source.ts";
import { openSseRecords } from "./sse-records.ts";

const init = { type: "init", id: 1, mime: "video/mp4", width: 2, height: 2 } as const;
const part = {
  type: "part",
  sequence: 4,
  independent: true,
  discontinuous: false,
  init: 1,
  startUs: 0,
  durationUs: 1,
  wallMs: 5,
} as const;
const bytes = Uint8Array.of(1, 2, 3);
const join = (...pieces: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(pieces));

let scheduler: FakeScheduler;
let web: FakeFetch;
let told: string[];
let events: RecordEvents;

function name(record: MediaRecord): string {
  if (record.type === "event") return `${record.event} ${JSON.stringify(record.data)}`;
  return "bytes" in record ? `${record.type} ${[...record.bytes]}` : record.type;
}

beforeEach(() => {
  scheduler = new FakeScheduler();
  web = new FakeFetch();
  told = [];
  events = {
    answered: (yes) => told.push(`answered ${yes}`),
    received: () => {},
    record: (record) => told.push(name(record)),
    ended: (code) => told.push(code),
  };
});

describe("long-polling", () => {
  const address = { base: "http://mill/", stream: "live/cam", token: undefined };
  const open = (sound: "native" | "aac" = "native"): RecordSource =>
    openPollRecords({ address, sound, fetch: web.fetch, scheduler, answered: () => {} }, events);
  const answer = (next: string) =>
    join(
      writeRecordHead({ type: "event", id: "e", event: "stream", data: { state: "live" } }),
      writeRecordHead(init, 3),
      bytes,
      writeRecordHead(part, 3),
      bytes,
      writeRecordHead({ type: "end", next, session: "S" }),
    );

  it("asks again at once for what comes next", async () => {
    const source = open("aac");
    await flush();
    const { searchParams, pathname } = web.last.url;
    expect(pathname).toBe("/live/cam.poll");
    expect(Object.fromEntries(searchParams)).toEqual({
      media: "1",
      hold: String(holdSeconds),
      sound: "aac",
    });
    web.last.answer(200, answer("P1"), { "Content-Type": partsMediaType });
    await flush();
    expect(told).toEqual(["answered true", 'stream {"state":"live"}', "init 1,2,3", "part 1,2,3"]);
    expect(web.calls).toHaveLength(2);
    expect(web.last.url.searchParams.get("after")).toBe("P1");
    expect(web.last.url.searchParams.get("session")).toBe("S");
    source.close();
    source.close();
    await flush();
    expect([web.last.aborted, scheduler.pending]).toEqual([true, 0]);
  });

  it("rests after an answer without news, and asks from where that left it", async () => {
    open();
    await flush();
    web.last.answer(204, "", { "Millrace-Next": "P2", "Millrace-Session": "S2" });
    await flush();
    expect(web.calls).toHaveLength(1);
    await scheduler.advance(idleRestMs);
    await flush();
    expect(web.last.url.searchParams.get("after")).toBe("P2");
    expect(web.last.url.searchParams.get("session")).toBe("S2");
  });

  it("tells a refusal, a break, silence and nonsense apart", async () => {
    open();
    await flush();
    web.last.refuse(503, "LISTENERS_FULL");
    await flush();
    expect(told.splice(0)).toEqual(["answered true", "LISTENERS_FULL"]);
    open();
    await flush();
    web.last.break();
    await flush();
    expect(told.splice(0)).toEqual(["answered false", "SERVER_UNREACHABLE"]);
    open();
    await flush();
    web.last.answer(200, answer("P").subarray(0, 50));
    await flush();
    expect(told.splice(0)).toEqual(["answered true", "CONNECTION_LOST"]);
    open();
    await flush();
    web.last.answer(200, new Uint8Array(100).fill(255));
    await flush();
    expect(told.splice(0)).toEqual(["answered true", "MEDIA_ERROR"]);
    open();
    await flush();
    await scheduler.advance(pollTimeoutMs);
    expect(told).toEqual(["answered false", "TIMEOUT"]);
    expect(scheduler.pending).toBe(0);
  });
});

describe("server-sent events", () => {
  const request = { url: "http://mill/live/cam.sse?media=1", headers: {} };
  const open = (): RecordSource =>
    openSseRecords(
      (byteEvents) => openHttpBytes({ request, fetch: web.fetch, scheduler }, byteEvents),
      events,
    );
  const base64 = Buffer.from(bytes).toString("base64");
  const text = [
    writeSseEvent({ id: "1", event: "stream", data: '{"state":"live"}' }),
    writeSseEvent({ event: "init", data: `${JSON.stringify(init)}\n${base64}` }),
    writeSseEvent({ id: "2", event: "part", data: `${JSON.stringify(part)}\n${base64}` }),
    writeSseEvent({ event: "gap", data: '{"type":"gap","missed":2}' }),
    writeSseEvent({ event: "bye", data: '{"reason":"STREAM_ENDED"}' }),
  ].join("");

  it("bring the same records, wherever they are split", async () => {
    open();
    await flush();
    web.last.begin();
    const all = new TextEncoder().encode(text);
    for (let at = 0; at < all.length; at += 7) web.last.send(all.subarray(at, at + 7));
    await flush();
    await flush();
    expect(told).toEqual([
      "answered true",
      'stream {"state":"live"}',
      "init 1,2,3",
      "part 1,2,3",
      "gap",
      'bye {"reason":"STREAM_ENDED"}',
    ]);
  });

  it("that cannot be read end it", async () => {
    open();
    await flush();
    web.last.begin();
    web.last.send(new TextEncoder().encode("event: part\ndata: {}\n\nevent: gap\ndata: {}\n\n"));
    await flush();
    expect(told).toEqual(["answered true", "MEDIA_ERROR"]);
    expect(web.last.aborted).toBe(true);
  });

  it("are heard no more after close", async () => {
    const source = open();
    await flush();
    web.last.begin();
    source.close();
    source.close();
    await flush();
    expect(told).toEqual([]);
  });
});
