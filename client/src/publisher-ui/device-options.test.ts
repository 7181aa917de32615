import { expect, it } from "vitest";
import { deviceOptions } from "./device-options.ts";

const devices = [
  { id: "a", label: "Front" },
  { id: "b", label: "Back" },
];

it("shows the device that is open", () => {
  expect(deviceOptions(devices, "", "b")).toEqual({
    options: [
      { value: "a", label: "Front" },
      { value: "b", label: "Back" },
    ],
    value: "b",
  });
});

it("leaves the choice to the browser before names are known", () => {
  expect(deviceOptions([], "", undefined)).toEqual({
    options: [{ value: "", label: "Chosen by the browser" }],
    value: "",
  });
  expect(deviceOptions(devices, "", undefined).options).toHaveLength(3);
});

it("shows a default that stands for no device in the list", () => {
  const { options, value } = deviceOptions(devices, "", "default");
  expect(options[0]).toEqual({ value: "default", label: "Chosen by the browser" });
  expect(value).toBe("default");
});

it("shows that the chosen device is not there", () => {
  const { options, value } = deviceOptions(devices, "gone", undefined);
  expect(options[0]).toEqual({ value: "gone", label: "Not connected" });
  expect(value).toBe("gone");
});
