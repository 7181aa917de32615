import { beforeEach, describe, expect, it } from "vitest";
import { FakeScheduler } from "../fake-scheduler.ts";
import { FakeVideo } from "../sink/fake-media.ts";
import { FakeFetch, flush } from "./fake-fetch.ts";
import { NativeHlsSession } from "./native-hls-session.ts";

let web: FakeFetch;
let video: FakeVideo & { getStartDate?: () => Date };
let log: string[];
let session: NativeHlsSession;

beforeEach(() => {
  web = new FakeFetch();
  video = new FakeVideo();
  log = [];
  session = new NativeHlsSession({
    video: video as unknown as HTMLVideoElement,
    scheduler: new FakeScheduler(),
    fetch: web.fetch,
    request: { url: "http://mill/live/cam.m3u8", headers: {} },
    url: "http://mill/live/cam.m3u8?token=T",
    answered: () => {},
    events: {
      link: (up) => log.push(`link ${up}`),
      status: () => {},
      ready: () => log.push("ready"),
      media: () => log.push("media"),
      shown: () => {},
      failed: (code) => log.push(code),
    },
  });
  session.start();
});

describe("HLS by the browser", () => {
  it("is given to the element when there is a playlist", async () => {
    web.last.answer(200, "#EXTM3U");
    await flush();
    expect(log).toEqual(["link true", "ready", "media"]);
    expect(video.src).toBe("http://mill/live/cam.m3u8?token=T");
    expect(session.captureWallMs(1)).toBeUndefined();
    video.getStartDate = () => new Date(5000);
    expect(session.captureWallMs(1)).toBe(6000);
    session.close();
    session.close();
    expect([video.src, video.loads]).toEqual(["", 1]);
  });

  it.each([
    [2, "CONNECTION_LOST"],
    [3, "MEDIA_ERROR"],
    [4, "MEDIA_UNSUPPORTED"],
  ])("fails as the element says: %i", async (number, code) => {
    web.last.answer(200, "#EXTM3U");
    await flush();
    video.error = { code: number };
    video.dispatchEvent(new Event("error"));
    video.dispatchEvent(new Event("ended"));
    expect(log.slice(3)).toEqual([code]);
  });

  it("is over when the playlist is", async () => {
    web.last.answer(200, "#EXTM3U");
    await flush();
    video.dispatchEvent(new Event("ended"));
    expect(log.at(-1)).toBe("STREAM_ENDED");
  });

  it("says why there is none", async () => {
    web.last.refuse(404, "STREAM_NOT_FOUND");
    await flush();
    expect(log).toEqual(["link true", "STREAM_NOT_FOUND"]);
    expect(video.src).toBe("");
  });

  it("tells that nobody answers, and nothing after close", async () => {
    web.last.break();
    await flush();
    expect(log).toEqual(["link false", "SERVER_UNREACHABLE"]);
    session.close();
    expect(video.loads).toBe(0);
  });
});
