import { beforeEach, describe, expect, it } from "vitest";
import { FakeVideo } from "../sink/fake-media.ts";
import { ElementCounter } from "./element-sample.ts";

let video: FakeVideo;

beforeEach(() => {
  video = new FakeVideo();
});

describe("counters", () => {
  it("grow for sound alone with what was played", () => {
    const counter = new ElementCounter(video, () => false);
    counter.received(100);
    expect(counter.sample(0, "").audio?.packets).toBe(0);
    video.currentTime = 2;
    const { video: pictures, audio } = counter.sample(1000, 'audio/mp4; codecs="opus"');
    expect([pictures, audio?.packets, audio?.bytes, audio?.codec]).toEqual([
      undefined,
      100,
      100,
      "opus",
    ]);
    video.currentTime = 0;
    expect(counter.sample(2000, "").audio?.packets).toBe(100);
  });

  it("grow in hidden pages with what arrives, and stand when nothing does", () => {
    let hidden = false;
    const counter = new ElementCounter(video, () => hidden);
    const mime = 'video/mp4; codecs="avc1.42e01f,mp4a.40.2"';
    video.totalVideoFrames = 30;
    expect(counter.sample(0, mime).video?.framesDecoded).toBe(30);
    hidden = true;
    counter.received(10);
    expect(counter.sample(1000, mime).video?.framesDecoded).toBe(31);
    expect(counter.sample(2000, mime).video?.framesDecoded).toBe(31);
    video.ranges = [[0, 3]];
    const { bufferDelayMs, bufferEmitted } = counter.sample(3000, mime).video ?? {};
    expect([bufferDelayMs, bufferEmitted]).toEqual([3000, 4]);
  });
});
