import { beforeEach, describe, expect, it } from "vitest";
import { FakeRungs } from "./fake-rungs.ts";

const all = ["webrtc", "ws-flv", "http-flv", "ll-hls", "long-poll", "sse", "mjpeg"] as const;

let rungs: FakeRungs;

beforeEach(() => {
  rungs = new FakeRungs();
});

describe("a fall", () => {
  beforeEach(() => {
    for (const rung of all) rungs.scripts.set(rung, { firstFrameMs: 300 });
    rungs.open(...all);
    rungs.run(10_000);
    expect(rungs.ladder.shown).toBe("webrtc");
    rungs.forget();
  });

  it("is prepared after 1 s without a frame, made at 2 s", () => {
    rungs.freeze("webrtc");
    rungs.scripts.set("webrtc", {});
    rungs.run(4000);
    expect(rungs.log.slice(0, 3)).toEqual([
      "980 start ws-flv",
      "1980 show ws-flv: FROZEN",
      "1980 stop webrtc: FROZEN",
    ]);
  });

  it.each([100, 900, 1500])(
    "has a new frame within 3 s of the path's death when the next needs %d ms",
    (firstFrameMs) => {
      rungs.scripts.set("ws-flv", { firstFrameMs });
      rungs.scripts.set("webrtc", {});
      rungs.freeze("webrtc");
      rungs.run(4000);
      expect(rungs.longestGapMs).toBeLessThanOrEqual(3000);
      expect(rungs.ladder.shown).toBe("ws-flv");
    },
  );

  it("is called off when the picture moves again", () => {
    rungs.freeze("webrtc");
    rungs.run(1500);
    rungs.thaw("webrtc");
    rungs.run(10_000);
    expect(rungs.log).toEqual(["980 start ws-flv", "2520 stop ws-flv: recovered"]);
  });

  it("comes at once when the rung fails, and the old picture stays until the new one is there", () => {
    rungs.fail("webrtc", "ICE_FAILED");
    rungs.run(400);
    expect(rungs.log).toEqual([
      "0 start ws-flv",
      "300 show ws-flv: ICE_FAILED",
      "300 stop webrtc: ICE_FAILED",
    ]);
  });

  it("goes on to the rung after that when the next fails too", () => {
    rungs.scripts.set("ws-flv", { failMs: 100, code: "SERVER_UNREACHABLE" });
    rungs.fail("webrtc", "ICE_FAILED");
    rungs.run(500);
    expect(rungs.log.slice(1, 4)).toEqual([
      "100 stop ws-flv: SERVER_UNREACHABLE",
      "100 start http-flv",
      "400 show http-flv: ICE_FAILED",
    ]);
  });

  it("ends with the owner when no rung is left", () => {
    for (const rung of all) rungs.scripts.set(rung, { failMs: 20, code: "CONNECTION_LOST" });
    rungs.fail("webrtc", "DTLS_FAILED");
    rungs.run(5000);
    expect(rungs.log.slice(-2)).toEqual(["120 failed DTLS_FAILED", "120 stop webrtc: DTLS_FAILED"]);
  });

  it("comes from too much loss for 5 s, not from less", () => {
    const lose = (ratio: number, seconds: number) => {
      for (let second = 0; second < seconds; second++) {
        rungs.feed({ type: "loss", rung: "webrtc", ratio });
        rungs.run(1000);
      }
    };
    lose(0.2, 20);
    lose(0.5, 4);
    lose(0, 1);
    lose(0.5, 4);
    lose(0, 1);
    expect(rungs.log).toEqual([]);
    rungs.forget();
    lose(0.21, 6);
    expect(rungs.log.slice(0, 2)).toEqual(["5000 start ws-flv", "5300 show ws-flv: LOSS"]);
  });

  it("does not come while the publisher is away", () => {
    rungs.feed({ type: "stream", state: "waiting" });
    rungs.freeze("webrtc");
    rungs.run(29_000);
    rungs.feed({ type: "stream", state: "live" });
    rungs.run(900);
    expect(rungs.log).toEqual([]);
    rungs.run(200);
    expect(rungs.log).toEqual(["30000 start ws-flv"]);
  });

  it("is not concluded from a sleep of the device", () => {
    rungs.sleep(60_000);
    rungs.run(5000);
    expect(rungs.log).toEqual([]);
  });

  it("does not run down the whole ladder when the stream itself stands", () => {
    for (const rung of all) rungs.scripts.set(rung, { firstFrameMs: 100, frameMs: 1e9 });
    rungs.freeze("webrtc");
    rungs.run(16_000);
    expect(rungs.log.filter((line) => line.includes("show"))).toEqual([
      "1980 show ws-flv: FROZEN",
      "7080 show webrtc: climb",
    ]);
  });

  it("rejoins the shown rung when its owner asks and nothing else is under way", () => {
    rungs.feed({ type: "join" });
    expect(rungs.log).toEqual(["0 rejoin webrtc"]);
    rungs.freeze("webrtc");
    rungs.run(1500);
    rungs.feed({ type: "join" });
    expect(rungs.log).toEqual(["0 rejoin webrtc", "1000 start ws-flv"]);
  });
});

describe("streams with few frames", () => {
  it.each([500, 800, 1000])("are not called frozen at one frame in %d ms", (frameMs) => {
    rungs.scripts.set("webrtc", { firstFrameMs: 100, frameMs });
    rungs.open(...all);
    rungs.run(60_000);
    expect(rungs.log).toEqual(["0 start webrtc", "100 show webrtc: first-frame"]);
  });
});
