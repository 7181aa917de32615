import { describe, expect, it } from "vitest";
import {
  announcement,
  badgeOf,
  clockText,
  type StageSituation,
  stageText,
  viewersText,
} from "./publish-text.ts";

const start: StageSituation = {
  picture: "camera",
  hasPicture: false,
  paused: false,
  opening: false,
  failure: undefined,
  both: false,
  obstacle: undefined,
  hasSound: false,
  sharesScreens: true,
};

const labels = (situation: Partial<StageSituation>) =>
  stageText({ ...start, ...situation })?.actions.map(({ label }) => label);

describe("over the preview", () => {
  it("stands what can be done first", () => {
    expect(labels({})).toEqual(["Turn on camera and microphone", "Share a screen"]);
    expect(labels({ sharesScreens: false })).toEqual(["Turn on camera and microphone"]);
    expect(labels({ picture: "none" })).toEqual(["Turn on the microphone"]);
    expect(labels({ picture: "screen" })).toEqual(["Share a screen", "Use the camera"]);
  });

  it("stands nothing when the picture is there", () => {
    expect(stageText({ ...start, hasPicture: true })).toBeUndefined();
    expect(labels({ hasPicture: true, paused: true })).toEqual(["Show it again"]);
  });

  it("stands that only sound is sent", () => {
    expect(stageText({ ...start, picture: "none", hasSound: true })).toMatchObject({
      title: "Sound only",
      actions: [],
    });
  });

  it("stands why there is no picture, with the code and what to do", () => {
    expect(stageText({ ...start, failure: "CAMERA_DENIED" })).toMatchObject({
      code: "CAMERA_DENIED",
      actions: [{ label: "Try again" }, { label: "Share a screen" }],
    });
    expect(labels({ picture: "screen", failure: "SCREEN_ENDED" })).toEqual([
      "Share again",
      "Use the camera",
    ]);
  });

  it("stands once what keeps both camera and microphone away", () => {
    const both = stageText({ ...start, failure: "CAMERA_DENIED", both: true });
    expect(both?.title).toContain("camera and microphone");
    expect(both?.actions[0]?.action).toBe("open");
  });

  it("offers nothing where nothing helps", () => {
    expect(stageText({ ...start, obstacle: "INSECURE_CONTEXT" })).toMatchObject({
      code: "INSECURE_CONTEXT",
      actions: [],
    });
  });

  it("waits while the browser asks", () => {
    expect(stageText({ ...start, opening: true })).toMatchObject({ busy: true, actions: [] });
    expect(stageText({ ...start, opening: true, picture: "screen" })?.detail).toContain("screen");
  });
});

it("marks what is sent", () => {
  expect(badgeOf({ type: "idle" }, false, 0)).toBeUndefined();
  expect(badgeOf({ type: "idle" }, true, 0)?.kind).toBe("preview");
  expect(badgeOf({ type: "connecting" }, true, 0)?.kind).toBe("connecting");
  expect(badgeOf({ type: "live" }, true, 67_000)).toEqual({ kind: "live", text: "Live 1:07" });
  const trouble = { code: "X", message: "" };
  expect(badgeOf({ type: "reconnecting", ...trouble }, true, 0)?.kind).toBe("reconnecting");
  expect(badgeOf({ type: "error", ...trouble }, true, 0)?.kind).toBe("error");
});

it("writes times and viewers", () => {
  expect([0, 59_999, 600_000, 3_723_000].map(clockText)).toEqual([
    "0:00",
    "0:59",
    "10:00",
    "1:02:03",
  ]);
  expect(clockText(-5)).toBe("0:00");
  expect([undefined, 0, 1, 12].map(viewersText)).toEqual([
    "",
    "nobody watches yet",
    "1 viewer",
    "12 viewers",
  ]);
});

it("tells screen readers what happens", () => {
  const idle = { type: "idle" } as const;
  const live = { type: "live" } as const;
  const broken = { type: "reconnecting", code: "INTERRUPTED", message: "" } as const;
  expect(announcement(live, { type: "connecting" }, "live/cam")).toBe("You are live as live/cam.");
  expect(announcement(broken, live, "live/cam")).toContain("interrupted");
  expect(announcement(live, broken, "live/cam")).toBe("Live again.");
  expect(announcement(idle, live, "live/cam")).toContain("Stopped");
  expect(announcement(idle, idle, "")).toBe("");
});
