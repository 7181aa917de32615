import { beforeEach, expect, it } from "vitest";
import { SourceStates } from "./source-states.ts";

const front = { kind: "videoinput", deviceId: "front", label: "" };
const back = { kind: "videoinput", deviceId: "back", label: "" };

let states: SourceStates;
beforeEach(() => {
  states = new SourceStates();
});

it("knows what is being opened, and what is wrong", () => {
  states.fail("camera", "CAMERA_IN_USE");
  expect(states.lacksSomething).toBe(true);
  states.begin("camera");
  expect(states.isOpening("camera")).toBe(true);
  expect(states.failure("camera")).toBeUndefined();
  states.end("camera");
  expect(states.isOpening("camera")).toBe(false);
  expect(states.lose("screen")).toBe("SCREEN_ENDED");
  states.forget("screen");
  expect(states.lacksSomething).toBe(false);
});

it("sees a missed device come back, but no other", () => {
  states.lose("camera");
  expect(states.isBack("camera", "back", [front], [front, back])).toBe(true);
  expect(states.isBack("camera", "front", [front], [front, back])).toBe(false);
  expect(states.isBack("camera", "", [front], [front, back])).toBe(true);
  expect(states.isBack("camera", "", [front, back], [front])).toBe(false);
});

it("misses only what was there or is not there, not what is refused", () => {
  expect(states.isBack("camera", "", [], [front])).toBe(false);
  states.fail("camera", "CAMERA_DENIED");
  expect(states.isBack("camera", "", [], [front])).toBe(false);
  states.fail("camera", "CAMERA_NOT_FOUND");
  expect(states.isBack("camera", "", [], [front])).toBe(true);
  states.fail("microphone", "MICROPHONE_NOT_FOUND");
  expect(states.isBack("microphone", "", [], [front])).toBe(false);
});
