import type { InitRecord, PartRecord } from "@millrace/media/parts";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeMediaSource, type FakeSourceBuffer, FakeVideo } from "./fake-media.ts";
import type { MediaSourceKind } from "./media-source.ts";
import { MseSink, type MseSinkLimits, type SinkElement } from "./mse.ts";

const both = 'video/mp4; codecs="avc1.42e01f,mp4a.40.2"';

let video: FakeVideo;
let told: string[];
let sink: MseSink;

function makeSink(limits: Partial<MseSinkLimits> = {}, managed = false): MseSink {
  const kind: MediaSourceKind = {
    managed,
    create: () => new FakeMediaSource() as unknown as MediaSource,
    isTypeSupported: FakeMediaSource.isTypeSupported,
  };
  return new MseSink({
    element: video as unknown as SinkElement,
    kind,
    limits,
    events: {
      attached: () => told.push("attached"),
      appended: () => {},
      failed: (code) => told.push(code),
    },
  });
}

function init(id = 1, mime = both): InitRecord {
  return { type: "init", id, mime, width: 1280, height: 720, bytes: new Uint8Array(8) };
}

/** A second of media from `seconds` of the stream on, in which the fake source believes. */
function part(sequence: number, seconds: number, fields: Partial<PartRecord> = {}): PartRecord {
  return {
    type: "part",
    sequence,
    independent: true,
    discontinuous: false,
    init: 1,
    startUs: seconds * 1e6,
    durationUs: 1e6,
    wallMs: 1_000_000 + seconds * 1000,
    bytes: Uint8Array.of(seconds * 10, 10),
    ...fields,
  };
}

function source(): FakeMediaSource {
  const newest = FakeMediaSource.all.at(-1);
  if (newest === undefined) throw new Error("There is no source.");
  return newest;
}

function buffer(): FakeSourceBuffer {
  const first = source().buffers[0];
  if (first === undefined) throw new Error("There is no buffer.");
  return first;
}

beforeEach(() => {
  FakeMediaSource.all.length = 0;
  video = new FakeVideo();
  told = [];
  vi.spyOn(URL, "createObjectURL").mockImplementation(() => "blob:source");
  vi.spyOn(URL, "revokeObjectURL").mockImplementation(() => {});
  sink = makeSink();
});

afterEach(() => {
  sink.close();
  vi.restoreAllMocks();
});

it("attaches at the first init and appends one after the other, from 0 on", () => {
  sink.push(init());
  sink.push(part(7, 5));
  sink.push(part(8, 6));
  expect(told).toEqual(["attached"]);
  expect(video.src).toBe("blob:source");
  source().open();
  expect(buffer().log).toEqual(["init"]);
  buffer().settle();
  expect(buffer().log).toEqual(["init", "offset -5.000", "part 0.0", "part 1.0"]);
  expect(sink.captureWallMs(0.5)).toBe(1_005_500);
  expect(sink.captureWallMs(1.5)).toBe(1_006_500);
  expect(sink.mime).toBe(both);
});

it("attaches a managed source as an object, without AirPlay", () => {
  sink = makeSink({}, true);
  sink.push(init());
  expect(video.srcObject).toBe(source());
  expect(video.disableRemotePlayback).toBe(true);
  sink.close();
  expect(video.srcObject).toBeNull();
});

it("leaves out what came already and what needs others that are missing", () => {
  sink.push(init());
  source().open();
  sink.push(part(1, 0, { independent: false }));
  sink.push(part(2, 1));
  sink.push(part(2, 1));
  sink.push(part(4, 3, { independent: false }));
  sink.push(part(5, 4, { independent: false }));
  sink.push(part(6, 5));
  buffer().settle();
  expect(buffer().log.filter((entry) => entry.startsWith("part"))).toEqual([
    "part 0.0",
    "part 1.0",
  ]);
});

it("closes gaps and jumps of time, so that playing goes on", () => {
  sink.push(init());
  source().open();
  sink.push(part(1, 1));
  sink.push(part(2, 12, { discontinuous: true }));
  sink.push({ type: "gap" });
  sink.push(part(0, 3));
  buffer().settle();
  expect(buffer().ranges).toEqual([[0, 3]]);
  expect(sink.captureWallMs(1.25)).toBe(1_012_250);
  expect(sink.captureWallMs(2.25)).toBe(1_003_250);
});

describe("a new init", () => {
  it("of the same type is appended", () => {
    sink.push(init());
    source().open();
    sink.push(part(1, 0));
    sink.push(init(2));
    sink.push(part(2, 1));
    buffer().settle();
    expect(buffer().log).toEqual(
      ["init", "offset 0.000", "part 0.0", "init", "part 1.0"].filter(
        (entry) => entry !== "offset 0.000",
      ),
    );
  });

  it("of another codec changes the type", () => {
    const other = 'video/mp4; codecs="av01.0.04M.08,opus"';
    sink.push(init());
    source().open();
    sink.push(part(1, 0));
    sink.push(init(2, other));
    buffer().settle();
    expect(buffer().log).toEqual(["init", "part 0.0", `type ${other}`, "init"]);
    expect(FakeMediaSource.all).toHaveLength(1);
  });

  it("with other kinds of tracks gets a new source, whose timeline begins anew", () => {
    sink.push(init());
    source().open();
    sink.push(part(1, 3));
    buffer().settle();
    sink.push(init(2, 'video/mp4; codecs="avc1.42e01f"'));
    sink.push(part(2, 4, { independent: false }));
    sink.push(part(3, 5));
    expect(FakeMediaSource.all).toHaveLength(2);
    expect(told).toEqual(["attached", "attached"]);
    source().open();
    buffer().settle();
    expect(buffer().log).toEqual(["init", "offset -5.000", "part 0.0"]);
    expect(sink.captureWallMs(0)).toBe(1_005_000);
  });
});

describe("room", () => {
  it("is kept by removing what was played long ago, at the limit", () => {
    sink = makeSink({ maxPlayedSeconds: 2, keepSeconds: 1 });
    sink.push(init());
    source().open();
    for (let second = 0; second < 5; second++) sink.push(part(second, second));
    buffer().settle();
    video.currentTime = 2;
    sink.push(part(5, 5));
    buffer().settle();
    expect(buffer().ranges).toEqual([[0, 6]]);
    video.currentTime = 2.5;
    sink.push(part(6, 6));
    buffer().settle();
    expect(buffer().log).toContain("remove 0-1.5");
    expect(buffer().ranges).toEqual([[1.5, 7]]);
  });

  it("is made when the browser refuses more: what was played goes first", () => {
    sink.push(init());
    source().open();
    for (let second = 0; second < 4; second++) sink.push(part(second, second));
    buffer().settle();
    buffer().quotaSeconds = 4;
    video.currentTime = 3;
    sink.push(part(4, 4));
    buffer().settle();
    expect(buffer().ranges).toEqual([[2.5, 5]]);
    expect(told).toEqual(["attached"]);
  });

  it("is made by removing all where nothing was played", () => {
    sink.push(init());
    source().open();
    for (let second = 0; second < 4; second++) sink.push(part(second, second));
    buffer().settle();
    buffer().quotaSeconds = 4;
    sink.push(part(4, 4));
    buffer().settle();
    expect(buffer().ranges).toEqual([[4, 5]]);
    expect(told).toEqual(["attached"]);
  });

  it("fails when even an empty buffer takes nothing", () => {
    sink.push(init());
    source().open();
    buffer().settle();
    buffer().quotaSeconds = 0;
    sink.push(part(1, 0));
    buffer().settle();
    expect(told).toEqual(["attached", "MEDIA_ERROR"]);
  });
});

describe("failures", () => {
  it("are told once: a type that nobody knows", () => {
    sink.push(init(1, 'video/mp4; codecs="unknown"'));
    sink.push(init(1, 'video/mp4; codecs="unknown"'));
    expect(told).toEqual(["MEDIA_UNSUPPORTED"]);
    expect(video.src).toBe("");
  });

  it("are told once: the element and the buffer break", () => {
    sink.push(init());
    source().open();
    buffer().dispatchEvent(new Event("error"));
    video.dispatchEvent(new Event("error"));
    expect(told).toEqual(["attached", "MEDIA_ERROR"]);
    expect(video.src).toBe("blob:source");
  });
});

describe("a source that opens late", () => {
  it("begins at the newest place when more waits than may", () => {
    sink = makeSink({ maxItems: 5 });
    sink.push(init());
    sink.push(part(1, 1));
    sink.push(part(2, 2, { independent: false }));
    sink.push(part(3, 3));
    sink.push(part(4, 4, { independent: false }));
    sink.push(part(5, 5, { independent: false }));
    source().open();
    buffer().settle();
    expect(buffer().log).toEqual(["init", "offset -3.000", "part 0.0", "part 1.0", "part 2.0"]);
  });
});

it("lets go of the element, twice without harm, and hears nothing afterwards", () => {
  sink.push(init());
  source().open();
  sink.push(part(1, 0));
  sink.close();
  sink.close();
  expect(video.src).toBe("");
  expect(video.loads).toBe(1);
  source().buffers[0]?.settle();
  video.dispatchEvent(new Event("error"));
  sink.push(part(2, 1));
  expect(told).toEqual(["attached"]);
});
