import { writeOpening, writePart } from "@millrace/media/multipart";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeScheduler, settle } from "../fake-scheduler.ts";
import { LatencyEstimator } from "../latency.ts";
import type { ByteStreamEvents } from "./byte-stream.ts";
import { CaptureLatency } from "./capture-latency.ts";
import type { MediaSessionEvents } from "./media-session.ts";
import { MjpegSession } from "./mjpeg-session.ts";

let scheduler: FakeScheduler;
let log: string[];
let events: MediaSessionEvents;
let bytes: ByteStreamEvents;

const openBytes = (told: ByteStreamEvents) => {
  bytes = told;
  return { close: () => log.push("bytes closed") };
};

beforeEach(() => {
  scheduler = new FakeScheduler();
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

describe("M-JPEG", () => {
  const urls: string[] = [];
  let decoded: (() => void)[];
  let session: MjpegSession;
  const image = {
    src: "",
    naturalWidth: 640,
    naturalHeight: 360,
    decode: () => new Promise<void>((resolve) => decoded.push(resolve)),
    removeAttribute: () => {
      image.src = "";
    },
  };
  const picture = (seconds: number, body = [seconds]) =>
    writePart("imgboundary", [["X-Timestamp", seconds.toFixed(6)]], Uint8Array.from(body));

  beforeEach(() => {
    urls.length = 0;
    decoded = [];
    session = new MjpegSession({
      image,
      events,
      scheduler,
      openBytes,
      urls: {
        create: (jpeg) => {
          urls.push(`blob:${[...jpeg]}`);
          return `blob:${[...jpeg]}`;
        },
        revoke: (url) => urls.splice(urls.indexOf(url), 1),
      },
      latency: new CaptureLatency(new LatencyEstimator({ settleMs: 0 })),
      serverWallMs: () => 10_400,
    });
    session.start();
    bytes.bytes(writeOpening("imgboundary"));
  });

  afterEach(() => session.close());

  it("shows pictures one after the other, the newest first, and their age", async () => {
    bytes.bytes(picture(8));
    bytes.bytes(picture(9));
    bytes.bytes(picture(10));
    expect(log).toEqual(["ready", "media"]);
    expect(image.src).toBe("blob:8");
    decoded[0]?.();
    await settle();
    expect(image.src).toBe("blob:10");
    decoded[1]?.();
    await settle();
    expect(log.slice(2)).toEqual(["shown 2400", "shown 400"]);
    expect(session.sample().video).toMatchObject({
      framesDecoded: 2,
      framesDropped: 1,
      width: 640,
    });
    expect(urls).toEqual(["blob:10"]);
  });

  it("takes no repeated picture for a new one", async () => {
    bytes.bytes(picture(8));
    decoded[0]?.();
    await settle();
    bytes.bytes(picture(8));
    await settle();
    expect(session.sample().video?.framesDecoded).toBe(1);
  });

  it("ends with its bytes, keeps the last picture, and lets go of it when it is closed", async () => {
    bytes.bytes(picture(8));
    decoded[0]?.();
    await settle();
    bytes.ended("CONNECTION_LOST", "");
    expect(log.at(-1)).toBe("CONNECTION_LOST");
    expect(image.src).toBe("blob:8");
    session.close();
    session.close();
    expect([image.src, urls]).toEqual(["", []]);
  });

  it("keeps nothing that was decoded after it was closed", async () => {
    bytes.bytes(picture(8));
    session.close();
    decoded[0]?.();
    await settle();
    expect([urls, log.includes("shown")]).toEqual([[], false]);
  });

  it("fails with what is no M-JPEG", () => {
    bytes.bytes(new TextEncoder().encode("no colon\r\n\r\n"));
    expect(log).toContain("MEDIA_ERROR");
  });
});
