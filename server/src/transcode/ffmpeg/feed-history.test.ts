import { describe, expect, it } from "vitest";
import { frameAt } from "../../core/test-frames.ts";
import { FeedHistory } from "./feed-history.ts";

const times = (history: FeedHistory): number[] => history.frames.map(({ dtsUs }) => dtsUs / 1000);

describe("FeedHistory", () => {
  it("keeps audio from 200 ms before the last result", () => {
    const history = new FeedHistory(false, 100_000);
    for (let ms = 0; ms < 1000; ms += 100) history.push(frameAt(ms, { key: true }));
    history.delivered(650_000);
    expect(times(history)).toEqual([500, 600, 700, 800, 900]);
  });

  it("keeps video since the last key frame", () => {
    const history = new FeedHistory(true, 100_000);
    for (let ms = 0; ms < 1000; ms += 100) history.push(frameAt(ms, { key: ms % 400 === 0 }));
    history.delivered(900_000);
    expect(times(history)).toEqual([800, 900]);
  });

  it("stays within its limit: audio loses its oldest, video its group", () => {
    const audio = new FeedHistory(false, 300);
    for (let ms = 0; ms < 400; ms += 100) audio.push(frameAt(ms));
    expect(times(audio)).toEqual([100, 200, 300]);
    const video = new FeedHistory(true, 300);
    for (let ms = 0; ms < 300; ms += 100) video.push(frameAt(ms, { key: ms === 0 }));
    expect(times(video)).toEqual([0, 100, 200]);
    video.push(frameAt(300));
    expect(times(video)).toEqual([]);
  });
});
