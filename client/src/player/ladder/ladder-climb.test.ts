import { beforeEach, describe, expect, it } from "vitest";
import { FakeRungs } from "./fake-rungs.ts";

const all = ["webrtc", "ws-flv", "http-flv", "ll-hls", "long-poll", "sse", "mjpeg"] as const;

let rungs: FakeRungs;

beforeEach(() => {
  rungs = new FakeRungs();
});

describe("a climb", () => {
  beforeEach(() => {
    rungs.scripts.set("webrtc", { failMs: 100, code: "ICE_FAILED" });
    rungs.scripts.set("ws-flv", { firstFrameMs: 100 });
    rungs.open(...all);
    rungs.run(200);
    expect(rungs.ladder.shown).toBe("ws-flv");
  });

  const starts = () =>
    rungs.log
      .filter((line) => line.endsWith("start webrtc"))
      .map((line) => Number.parseInt(line, 10));

  it("is tried after 5, 10, 20 … 300 s", () => {
    rungs.forget();
    rungs.run(1_500_000);
    const gaps = starts().map((at, index, all) =>
      Math.round((at - (all[index - 1] ?? -200)) / 1000),
    );
    expect(gaps).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300]);
    expect(rungs.longestGapMs).toBeLessThan(100);
  });

  it("is made at the first decoded frame; the old picture goes on until then", () => {
    rungs.scripts.set("webrtc", { firstFrameMs: 700 });
    rungs.forget();
    rungs.run(6000);
    expect(rungs.log).toEqual([
      "4900 start webrtc",
      "5600 show webrtc: climb",
      "5600 stop ws-flv: climb",
    ]);
    expect(rungs.longestGapMs).toBeLessThan(100);
  });

  it("is tried at once when the browser has a network again, with the waits from the start", () => {
    rungs.run(100_000);
    rungs.forget();
    rungs.feed({ type: "network", online: true });
    rungs.run(16_000);
    expect(starts()).toEqual([0, 5100, 15_200]);
  });

  it("is not tried without a network", () => {
    rungs.feed({ type: "network", online: false });
    rungs.forget();
    rungs.run(100_000);
    expect(starts()).toEqual([]);
  });

  it("is not tried on a hidden page, and at once when it is shown", () => {
    rungs.feed({ type: "visible", visible: false });
    rungs.forget();
    rungs.run(100_000);
    expect(starts()).toEqual([]);
    rungs.feed({ type: "visible", visible: true });
    expect(starts()).toEqual([100_000]);
  });

  it("is not hurried more than every 5 s, however often the page is shown", () => {
    rungs.run(60_000);
    rungs.forget();
    for (let turn = 0; turn < 50; turn++) {
      rungs.feed({ type: "visible", visible: false }, { type: "visible", visible: true });
      rungs.run(200);
    }
    expect(starts().length).toBeLessThanOrEqual(3);
  });

  it("is tried when the signaling of that rung is up again", () => {
    rungs.feed({ type: "link", rung: "webrtc", up: false });
    rungs.run(60_000);
    rungs.forget();
    rungs.feed({ type: "link", rung: "webrtc", up: true });
    rungs.run(1000);
    expect(starts()).toEqual([0]);
  });

  it("that fails again within 30 s doubles the wait; one that lasts starts it anew", () => {
    rungs.scripts.set("webrtc", { firstFrameMs: 200, failMs: 10_000, code: "ICE_FAILED" });
    rungs.forget();
    rungs.run(300_000);
    const gaps = starts().map((at, index, all) => Math.round((at - (all[index - 1] ?? at)) / 1000));
    // Each plays for 10 s, then the wait.
    expect(gaps.slice(1)).toEqual([20, 30, 50, 90]);
    rungs.scripts.set("webrtc", { firstFrameMs: 200, failMs: 40_000, code: "ICE_FAILED" });
    rungs.feed({ type: "network", online: true });
    rungs.forget();
    rungs.run(200_000);
    expect(starts().map((at) => Math.round(at / 1000))).toEqual([45, 90, 135, 180]);
  });

  it("gives way when the shown rung is in trouble itself", () => {
    rungs.scripts.set("webrtc", {});
    rungs.scripts.set("http-flv", { firstFrameMs: 100 });
    rungs.forget();
    rungs.run(5000);
    expect(starts()).toEqual([4900]);
    rungs.freeze("ws-flv");
    rungs.run(2500);
    expect(rungs.log.slice(1, 4)).toEqual([
      "6000 stop webrtc: postponed",
      "6000 start http-flv",
      "7000 show http-flv: FROZEN",
    ]);
  });
});
