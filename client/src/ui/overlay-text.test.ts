import { describe, expect, it } from "vitest";
import type { PlayerState } from "../player/state.ts";
import { announcement, overlayText } from "./overlay-text.ts";

const error = (code: string, retrying: boolean, message = ""): PlayerState => ({
  type: "error",
  code,
  message,
  retrying,
});

describe("overlayText", () => {
  it("leaves the picture alone while it plays", () => {
    expect(overlayText({ type: "playing" }, "live/cam")).toBeUndefined();
  });

  it("offers play when nothing was started", () => {
    const text = overlayText({ type: "idle", reason: "start" }, "live/cam");
    expect(text).toMatchObject({ title: "", action: "Play" });
  });

  it("names the stream that is offline", () => {
    expect(overlayText({ type: "offline" }, "live/cam")?.title).toBe("live/cam is offline");
  });

  it("offers to try again only when the player has stopped trying", () => {
    expect(overlayText(error("UNAUTHORIZED", false), "x")).toMatchObject({
      title: "Not allowed",
      action: "Try again",
      busy: false,
    });
    expect(overlayText(error("NO_FIRST_FRAME", true), "x")).toMatchObject({
      action: undefined,
      busy: true,
    });
  });

  it("prefers the server's hint, and shows its sentence for codes not known here", () => {
    const hints = [{ code: "B_FRAMES", message: "In OBS set Max B-frames to 0." }];
    expect(overlayText(error("B_FRAMES", true), "x", hints)?.detail).toContain("In OBS");
    expect(overlayText(error("NEW_CODE", true, "Something new."), "x")).toMatchObject({
      detail: "Something new.",
      code: "NEW_CODE",
    });
  });
});

it("announces every state but the first", () => {
  expect(announcement({ type: "idle", reason: "start" }, "live/cam")).toBe("");
  expect(announcement({ type: "playing" }, "live/cam")).toBe("Playing live/cam");
  expect(announcement({ type: "waiting" }, "live/cam")).toContain("away");
  expect(announcement(error("ICE_FAILED", true), "live/cam")).toContain("Trying again");
  expect(announcement(error("FORBIDDEN", false), "live/cam")).not.toContain("Trying again");
});
