import { expect, it } from "vitest";
import { deviceChoices, facesUser, listedId, maxDevices, nextDevice } from "./devices.ts";

const cameras = [
  { kind: "videoinput", deviceId: "a", label: "HD Webcam (046d:0825)" },
  { kind: "audioinput", deviceId: "default", label: "Default - Desk" },
  { kind: "audioinput", deviceId: "m", label: "Desk" },
  { kind: "videoinput", deviceId: "b", label: "" },
  { kind: "videoinput", deviceId: "b", label: "again" },
  { kind: "audiooutput", deviceId: "o", label: "Speaker" },
];

it("lists the devices of a kind, each once, under a name that people know", () => {
  expect(deviceChoices(cameras, "videoinput")).toEqual([
    { id: "a", label: "HD Webcam" },
    { id: "b", label: "Camera 2" },
  ]);
  expect(deviceChoices(cameras, "audioinput")).toEqual([{ id: "m", label: "Desk" }]);
});

it("finds the device behind an alias, by its group or its label", () => {
  const grouped = [
    { kind: "audioinput", deviceId: "default", label: "Default", groupId: "g" },
    { kind: "audioinput", deviceId: "x", label: "X", groupId: "f" },
    { kind: "audioinput", deviceId: "y", label: "Y", groupId: "g" },
  ];
  expect(listedId(grouped, "audioinput", "default")).toBe("y");
  expect(listedId(cameras, "audioinput", "default")).toBe("m");
  expect(listedId(cameras, "audioinput", "communications")).toBe("communications");
  expect(listedId(cameras, "audioinput", "m")).toBe("m");
  expect(listedId(cameras, "audioinput", undefined)).toBeUndefined();
});

it("lists nothing before a permission was given", () => {
  expect(deviceChoices([{ kind: "videoinput", deviceId: "", label: "" }], "videoinput")).toEqual(
    [],
  );
});

it(`lists at most ${maxDevices}`, () => {
  const many = Array.from({ length: maxDevices + 1 }, (_, index) => ({
    kind: "videoinput",
    deviceId: `c${index}`,
    label: "",
  }));
  expect(deviceChoices(many, "videoinput")).toHaveLength(maxDevices);
});

it("goes round the cameras", () => {
  const choices = deviceChoices(cameras, "videoinput");
  expect(nextDevice(choices, "a")?.id).toBe("b");
  expect(nextDevice(choices, "b")?.id).toBe("a");
  expect(nextDevice(choices, "gone")?.id).toBe("a");
  expect(nextDevice(choices.slice(0, 1), "a")).toBeUndefined();
  expect(nextDevice([], "")).toBeUndefined();
});

it("mirrors cameras that look at the person", () => {
  expect(facesUser("user", "")).toBe(true);
  expect(facesUser("environment", "Front")).toBe(false);
  expect(facesUser(undefined, "HD Webcam")).toBe(true);
  expect(facesUser(undefined, "camera2 0, facing back")).toBe(false);
  expect(facesUser("", "HDMI Capture")).toBe(false);
});
