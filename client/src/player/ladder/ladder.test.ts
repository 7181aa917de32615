import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { transportNames } from "../transports/transport.ts";
import { FakeRungs } from "./fake-rungs.ts";
import type { LadderInput } from "./ladder-state.ts";

const all = ["webrtc", "ws-flv", "http-flv", "ll-hls", "long-poll", "sse", "mjpeg"] as const;

let rungs: FakeRungs;

beforeEach(() => {
  rungs = new FakeRungs();
});

describe("the start", () => {
  it("is WebRTC alone when it shows a frame within its head start", () => {
    rungs.scripts.set("webrtc", { firstFrameMs: 980 });
    rungs.open(...all);
    rungs.run(5000);
    expect(rungs.log).toEqual(["0 start webrtc", "980 show webrtc: first-frame"]);
  });

  it("is a race from the end of the head start on; who shows first is shown", () => {
    rungs.scripts.set("webrtc", { firstFrameMs: 1600 });
    rungs.scripts.set("ws-flv", { firstFrameMs: 200 });
    rungs.open(...all);
    rungs.run(1220);
    expect(rungs.log).toEqual([
      "0 start webrtc",
      "1000 start ws-flv",
      "1200 show ws-flv: first-frame",
    ]);
    rungs.run(5000);
    expect(rungs.log.slice(3)).toEqual(["1600 show webrtc: climb", "1600 stop ws-flv: climb"]);
  });

  it("ends the race of who comes second and is worse", () => {
    rungs.scripts.set("webrtc", { firstFrameMs: 1200 });
    rungs.scripts.set("ws-flv", { firstFrameMs: 900 });
    rungs.open(...all);
    rungs.run(5000);
    expect(rungs.log.slice(2)).toEqual([
      "1200 show webrtc: first-frame",
      "1200 stop ws-flv: first-frame",
    ]);
  });

  it("takes rung after rung, two at a time, 3 s each, down to the last", () => {
    rungs.scripts.set("mjpeg", { firstFrameMs: 500 });
    rungs.open(...all);
    rungs.run(20_000);
    expect(rungs.log.filter((line) => !line.includes("stop"))).toEqual([
      "0 start webrtc",
      "1000 start ws-flv",
      "3000 start http-flv",
      "4000 start ll-hls",
      "6000 start long-poll",
      "7000 start sse",
      "9000 start mjpeg",
      "9500 show mjpeg: first-frame",
      // From here on it climbs.
      ...rungs.log.filter((line) => !line.includes("stop")).slice(8),
    ]);
    expect(rungs.log).toContain("3000 stop webrtc: NO_FIRST_FRAME");
    expect(rungs.ladder.shown).toBe("mjpeg");
  });

  it("goes to the next rung at once when one fails", () => {
    rungs.scripts.set("webrtc", { failMs: 100, code: "ICE_FAILED" });
    rungs.scripts.set("ws-flv", { failMs: 40, code: "SERVER_UNREACHABLE" });
    rungs.scripts.set("http-flv", { firstFrameMs: 200 });
    rungs.open(...all);
    rungs.run(1000);
    expect(rungs.log).toEqual([
      "0 start webrtc",
      "100 stop webrtc: ICE_FAILED",
      "100 start ws-flv",
      "140 stop ws-flv: SERVER_UNREACHABLE",
      "140 start http-flv",
      "340 show http-flv: first-frame",
    ]);
  });

  it("gives no head start to a rung that failed lately", () => {
    rungs.scripts.set("webrtc", { failMs: 100, code: "ICE_FAILED" });
    rungs.scripts.set("ws-flv", { firstFrameMs: 100 });
    rungs.open(...all);
    rungs.run(1000);
    rungs.feed({ type: "close", reason: "paused" });
    rungs.scripts.set("webrtc", {});
    rungs.forget();
    rungs.open(...all);
    expect(rungs.log).toEqual(["0 start webrtc", "0 start ws-flv"]);
  });

  it("leaves the last one to its owner's patience, and tells the best rung's failure", () => {
    rungs.scripts.set("webrtc", { failMs: 100, code: "ICE_FAILED" });
    rungs.open("webrtc", "http-flv");
    rungs.run(60_000);
    expect(rungs.log.at(-1)).toBe("100 start http-flv");
    rungs.fail("http-flv", "CONNECTION_LOST");
    expect(rungs.log.slice(-2)).toEqual([
      "60000 stop http-flv: CONNECTION_LOST",
      "60000 failed ICE_FAILED",
    ]);
    rungs.run(60_000);
    expect(rungs.log.at(-1)).toBe("60000 failed ICE_FAILED");
    rungs.feed({ type: "join" });
    expect(rungs.log.slice(-2)).toEqual(["120000 start webrtc", "120000 start http-flv"]);
  });

  it("asks by one rung only, and for as long as it takes, while nobody publishes", () => {
    rungs.open(...all);
    rungs.feed({ type: "stream", state: "waiting" });
    rungs.run(30_000);
    expect(rungs.log).toEqual(["0 start webrtc"]);
    rungs.feed({ type: "stream", state: "live" });
    rungs.run(1000);
    expect(rungs.log.at(-1)).toBe("31000 start ws-flv");
  });
});

describe("refusals", () => {
  it.each(["UNAUTHORIZED", "FORBIDDEN", "KICKED", "STREAM_NOT_FOUND", "SERVER_CLOSING"])(
    "%s of any rung is the answer of all",
    (code) => {
      rungs.scripts.set("ws-flv", { failMs: 100, code });
      rungs.open(...all);
      rungs.run(5000);
      expect(rungs.log.slice(2)).toEqual([
        `1100 failed ${code}`,
        `1100 stop webrtc: ${code}`,
        `1100 stop ws-flv: ${code}`,
      ]);
      expect(rungs.ladder.deadlineMs).toBeUndefined();
    },
  );

  it("of a probe harm nobody while the picture moves", () => {
    rungs.scripts.set("webrtc", { failMs: 100, code: "ICE_FAILED" });
    rungs.scripts.set("ws-flv", { firstFrameMs: 100 });
    rungs.open(...all);
    rungs.run(1000);
    rungs.scripts.set("webrtc", { failMs: 100, code: "UNAUTHORIZED" });
    rungs.run(10_000);
    expect(rungs.log).toContain("5200 stop webrtc: UNAUTHORIZED");
    expect(rungs.ladder.shown).toBe("ws-flv");
  });

  it("that speak of the format keep the rung out until the stream has another one", () => {
    rungs.scripts.set("webrtc", { failMs: 100, code: "B_FRAMES" });
    rungs.scripts.set("ws-flv", { firstFrameMs: 100 });
    rungs.open(...all);
    rungs.run(900_000);
    expect(rungs.log.filter((line) => line.endsWith("start webrtc"))).toEqual(["0 start webrtc"]);
    rungs.scripts.set("webrtc", { firstFrameMs: 100 });
    rungs.feed({ type: "rungs", rungs: all });
    rungs.run(200);
    expect(rungs.ladder.shown).toBe("webrtc");
  });

  it("that speak of the format by all rungs are told", () => {
    for (const rung of all) rungs.scripts.set(rung, { failMs: 20, code: "MEDIA_UNSUPPORTED" });
    rungs.open(...all);
    rungs.run(5000);
    expect(rungs.log.at(-1)).toBe("140 failed MEDIA_UNSUPPORTED");
  });
});

describe("without any answer of the server", () => {
  it("asks by all rungs again and again, ever slower", () => {
    for (const rung of all) rungs.scripts.set(rung, { failMs: 20, code: "SERVER_UNREACHABLE" });
    rungs.feed({ type: "rungs", rungs: ["ws-flv", "http-flv"] }, { type: "open" });
    rungs.run(30_000);
    const starts = rungs.log.filter((line) => line.endsWith("start ws-flv"));
    expect(starts.map((line) => Number.parseInt(line, 10))).toEqual([
      0, 540, 1560, 3580, 7600, 15_620, 25_640,
    ]);
    rungs.scripts.set("http-flv", { firstFrameMs: 100 });
    rungs.feed({ type: "network", online: true });
    rungs.run(1000);
    expect(rungs.ladder.shown).toBe("http-flv");
  });
});

it("leaves nothing behind on close", () => {
  rungs.scripts.set("webrtc", { firstFrameMs: 100 });
  rungs.open(...all);
  rungs.run(200);
  rungs.freeze("webrtc");
  rungs.run(1100);
  rungs.forget();
  rungs.feed({ type: "close", reason: "paused" });
  expect(rungs.log).toEqual(["0 stop ws-flv: paused", "0 stop webrtc: paused"]);
  expect(rungs.ladder.deadlineMs).toBeUndefined();
  rungs.feed({ type: "join" }, { type: "time" }, { type: "network", online: true });
  expect(rungs.log).toHaveLength(2);
});

it("whatever happened, a rung that works is shown, with at most two running at any time", () => {
  const rung = fc.constantFrom(...transportNames.filter((name) => name !== "webrtc-relay"));
  const input: fc.Arbitrary<LadderInput> = fc.oneof(
    rung.map((name): LadderInput => ({ type: "progress", rung: name, fine: true })),
    fc
      .tuple(rung, fc.constantFrom("ICE_FAILED", "CONNECTION_LOST", "B_FRAMES", "UNAUTHORIZED"))
      .map(([name, code]): LadderInput => ({ type: "failed", rung: name, code, message: "" })),
    fc
      .tuple(rung, fc.boolean())
      .map(([name, up]): LadderInput => ({ type: "link", rung: name, up })),
    fc
      .constantFrom<("live" | "waiting" | "offline")[]>("live", "waiting", "offline")
      .map((state): LadderInput => ({ type: "stream", state })),
    fc.boolean().map((online): LadderInput => ({ type: "network", online })),
    fc.boolean().map((visible): LadderInput => ({ type: "visible", visible })),
    fc.constantFrom<LadderInput[]>(
      { type: "join" },
      { type: "time" },
      { type: "leave", reason: "X" },
      { type: "loss", rung: "webrtc", ratio: 1 },
    ),
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(input, fc.integer({ min: 0, max: 4000 })), { maxLength: 30 }),
      (steps) => {
        rungs = new FakeRungs();
        rungs.open(...all);
        for (const [step, ms] of steps) {
          rungs.feed(step);
          rungs.run(ms);
          expect(rungs.running.length).toBeLessThanOrEqual(2);
        }
        for (const name of all) rungs.scripts.set(name, { firstFrameMs: 200 });
        rungs.feed({ type: "stream", state: "live" }, { type: "visible", visible: true });
        rungs.feed({ type: "network", online: true }, { type: "join" });
        for (let turn = 0; turn < 100 && rungs.ladder.shown !== "webrtc"; turn++) {
          rungs.run(5000);
          // Its owner sees no frames and begins anew.
          if (rungs.ladder.shown === undefined)
            rungs.feed({ type: "leave", reason: "X" }, { type: "join" });
          expect(rungs.running.length).toBeLessThanOrEqual(2);
        }
        expect(rungs.ladder.shown).toBeDefined();
      },
    ),
    { numRuns: 100 },
  );
});
