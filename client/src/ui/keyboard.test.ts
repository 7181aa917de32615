import { expect, it } from "vitest";
import { type CommandTarget, keyCommand, runCommand, volumeStep } from "./keyboard.ts";

const press = (key: string, target: "button" | "slider" | "text" | "other" = "other") =>
  keyCommand({ key, modified: false, target })?.type;

it.each([
  [" ", "toggle-play"],
  ["k", "toggle-play"],
  ["K", "toggle-play"],
  ["m", "toggle-mute"],
  ["f", "toggle-fullscreen"],
  ["i", "toggle-stats"],
  ["Escape", "close-stats"],
  ["x", undefined],
  ["Tab", undefined],
])("%j means %s", (key, type) => {
  expect(press(key)).toBe(type);
});

it.each([
  ["ArrowUp", volumeStep],
  ["ArrowRight", volumeStep],
  ["ArrowDown", -volumeStep],
  ["ArrowLeft", -volumeStep],
])("%s changes the volume by %d", (key, by) => {
  expect(keyCommand({ key, modified: false, target: "other" })).toEqual({ type: "volume", by });
});

it("leaves keys to whoever has the focus and uses them", () => {
  expect(press(" ", "button")).toBeUndefined();
  expect(press("ArrowUp", "slider")).toBeUndefined();
  expect(press("m", "text")).toBeUndefined();
  expect(press("m", "button")).toBe("toggle-mute");
});

it("leaves the browser's own shortcuts alone", () => {
  expect(keyCommand({ key: "f", modified: true, target: "other" })).toBeUndefined();
});

it("does what the keys ask for", () => {
  const log: string[] = [];
  const target: CommandTarget = {
    active: true,
    muted: true,
    volume: 0.5,
    play: () => log.push("play"),
    pause: () => log.push("pause"),
    toggleFullscreen: () => log.push("fullscreen"),
    toggleStats: (open) => log.push(`stats ${open}`),
  };
  runCommand({ type: "toggle-play" }, target);
  runCommand({ type: "toggle-play" }, { ...target, active: false });
  runCommand({ type: "toggle-fullscreen" }, target);
  runCommand({ type: "toggle-stats" }, target);
  runCommand({ type: "close-stats" }, target);
  expect(log).toEqual(["pause", "play", "fullscreen", "stats undefined", "stats false"]);
  runCommand({ type: "volume", by: 0.05 }, target);
  expect(target.volume).toBe(0.05);
  runCommand({ type: "toggle-mute" }, target);
  expect(target.muted).toBe(false);
  runCommand({ type: "volume", by: 0.05 }, target);
  expect(target.volume).toBeCloseTo(0.1);
});
