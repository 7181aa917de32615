import { TagType, writeFlvHeader, writeFlvTag } from "@millrace/media/flv";
import type { MediaRecord } from "@millrace/media/parts";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeScheduler, settle } from "../fake-scheduler.ts";
import { FakeMediaSource, FakeVideo } from "../sink/fake-media.ts";
import type { ByteStreamEvents } from "./byte-stream.ts";
import type { FlvEngineOptions } from "./flv-engine.ts";
import { FlvSession, maxEarlyBytes } from "./flv-session.ts";
import type { MediaSessionEvents } from "./media-session.ts";
import { PartsSession } from "./parts-session.ts";
import type { RecordEvents } from "./record-source.ts";
import { soundFor } from "./sound-choice.ts";

let scheduler: FakeScheduler;
let video: FakeVideo;
let log: string[];
let events: MediaSessionEvents;
let bytes: ByteStreamEvents;

const openBytes = (told: ByteStreamEvents) => {
  bytes = told;
  return { close: () => log.push("bytes closed") };
};

beforeEach(() => {
  scheduler = new FakeScheduler();
  video = new FakeVideo();
  log = [];
  events = {
    link: (up) => log.push(`link ${up}`),
    status: (status) => log.push(status.state),
    ready: () => log.push("ready"),
    media: () => log.push("media"),
    shown: (sample) => log.push(`shown ${sample?.latencyMs}`),
    failed: (code) => log.push(code),
  };
});

describe("FLV", () => {
  const opening = new Uint8Array(
    Buffer.concat([
      writeFlvHeader({ audio: false, video: true }),
      writeFlvTag(TagType.video, 0, Uint8Array.of(0x17, 1, 0, 0, 0, 9)),
    ]),
  );
  const tag = () => writeFlvTag(TagType.video, 33, Uint8Array.of(0x27, 1, 0, 0, 0, 9));
  let engine: FlvEngineOptions | undefined;
  let session: FlvSession;
  let load: (found: boolean) => void;

  beforeEach(() => {
    engine = undefined;
    const loaded = new Promise<boolean>((resolve) => {
      load = resolve;
    });
    session = new FlvSession({
      video: video as unknown as HTMLVideoElement,
      events,
      scheduler,
      openBytes,
      edgeLimits: {},
      loadEngine: async () => {
        if (!(await loaded)) throw new Error();
        return (options) => {
          engine = options;
          return {
            mime: "",
            push: (piece) => log.push(`piece ${piece.byteLength}`),
            close: () => log.push("engine closed"),
          };
        };
      },
    });
    session.start();
  });

  afterEach(() => session.close());

  it("takes the surface when library and media are there", async () => {
    bytes.answered(true);
    bytes.bytes(opening.slice());
    bytes.bytes(tag());
    expect(log).toEqual(["link true"]);
    load(true);
    await settle();
    expect(log.splice(0)).toEqual([
      "link true",
      "ready",
      "media",
      `piece ${opening.length}`,
      `piece ${tag().length}`,
    ]);
    bytes.bytes(tag());
    expect(log).toEqual([`piece ${tag().length}`]);
    video.videoWidth = 640;
    expect(session.sample().video?.bytes).toBe(opening.length + 2 * tag().length);
  });

  it("plays out what it has when the bytes end, and lets go when it is closed", async () => {
    load(true);
    await settle();
    bytes.bytes(opening.slice());
    bytes.ended("PUBLISHER_GONE", "");
    engine?.failed("MEDIA_ERROR");
    expect(log.filter((entry) => /^[A-Z_]+$/.test(entry))).toEqual(["PUBLISHER_GONE"]);
    expect(log).not.toContain("engine closed");
    video.playbackRate = 1.1;
    session.close();
    session.close();
    expect(log.filter((entry) => entry === "engine closed")).toHaveLength(1);
    expect([video.playbackRate, scheduler.pending]).toEqual([1, 0]);
  });

  it("fails without the library, with wrong bytes, and with what cannot be decoded", async () => {
    load(false);
    await settle();
    expect(log).toContain("LOAD_FAILED");
    expect(log).toContain("bytes closed");
  });

  it("fails with bytes that are no FLV", () => {
    bytes.bytes(new TextEncoder().encode("<!doctype html>"));
    expect(log).toContain("MEDIA_ERROR");
  });

  it("fails when more comes than may wait for the library, at the limit", () => {
    const size = 6 * 1024 * 1024;
    const large = () => {
      const body = new Uint8Array(size);
      body.set([0x27, 1]);
      return writeFlvTag(TagType.video, 33, body);
    };
    bytes.bytes(opening.slice());
    let sent = opening.length;
    while (sent + size + 15 <= maxEarlyBytes) {
      bytes.bytes(large());
      sent += size + 15;
    }
    expect(log).toEqual([]);
    bytes.bytes(large());
    expect(log).toContain("MEDIA_ERROR");
  });

  it("does nothing when it was closed while the library came", async () => {
    bytes.bytes(opening.slice());
    session.close();
    load(true);
    await settle();
    expect(log).toEqual(["bytes closed"]);
  });
});

describe("parts", () => {
  let records: RecordEvents;
  let session: PartsSession;
  const init: MediaRecord = {
    type: "init",
    id: 1,
    mime: 'video/mp4; codecs="avc1.42e01f"',
    width: 2,
    height: 2,
    bytes: new Uint8Array(8),
  };
  const part: MediaRecord = {
    type: "part",
    sequence: 1,
    independent: true,
    discontinuous: false,
    init: 1,
    startUs: 5_000_000,
    durationUs: 1_000_000,
    wallMs: 77_000,
    bytes: Uint8Array.of(50, 10),
  };

  beforeEach(() => {
    FakeMediaSource.all.length = 0;
    vi.spyOn(URL, "createObjectURL").mockImplementation(() => "blob:source");
    vi.spyOn(URL, "revokeObjectURL").mockImplementation(() => {});
    session = new PartsSession({
      video: video as unknown as HTMLVideoElement,
      events,
      scheduler,
      stream: "live/cam",
      kind: {
        managed: false,
        create: () => new FakeMediaSource() as unknown as MediaSource,
        isTypeSupported: FakeMediaSource.isTypeSupported,
      },
      edgeLimits: {},
      openRecords: (told) => {
        records = told;
        return { close: () => log.push("records closed") };
      },
    });
    session.start();
  });

  afterEach(() => {
    session.close();
    vi.restoreAllMocks();
  });

  it("take the surface with the first init and tell what the stream is", () => {
    records.answered(true);
    records.record({ type: "event", id: "1", event: "stream", data: { state: "live" } });
    records.record(init);
    records.record(part);
    expect(log).toEqual(["link true", "live", "ready", "media"]);
    FakeMediaSource.all[0]?.open();
    FakeMediaSource.all[0]?.buffers[0]?.settle();
    expect(session.captureWallMs(0.5)).toBe(77_500);
    records.received(10);
    expect(session.sample().video).toMatchObject({ bytes: 10, codec: "H264" });
  });

  it("end with the server's reason, and leave the picture until they are closed", () => {
    records.record(init);
    records.record({ type: "event", id: "1", event: "bye", data: { reason: "KICKED" } });
    records.record(init);
    records.ended("CONNECTION_LOST", "");
    expect(log).toEqual(["ready", "media", "records closed", "KICKED"]);
    expect(video.src).toBe("blob:source");
    session.close();
    session.close();
    expect([video.src, scheduler.pending]).toEqual(["", 0]);
  });

  it("fail where the browser cannot play them", () => {
    records.record({ ...init, mime: "unknown" });
    expect(log).toContain("MEDIA_UNSUPPORTED");
    expect(soundFor({ isTypeSupported: () => true })).toBe("native");
    expect(soundFor({ isTypeSupported: () => false })).toBe("aac");
  });
});
