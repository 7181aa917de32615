import { expect, it } from "vitest";
import { doctorAddress, doctorTarget } from "./doctor-target.ts";

it.each([
  ["", undefined],
  ["?stream=", undefined],
  ["?stream=live/cam", "live/cam"],
  ["?stream=%20/live/cam/&token=x", "live/cam"],
  ["?stream=a%2Bb", "a+b"],
  ["?stream=../x", undefined],
  ["?stream=a/b/c/d", undefined],
])("%s asks for %s", (search, stream) => {
  expect(doctorTarget(search)).toBe(stream);
});

it("an address is read as it was written", () => {
  expect(doctorAddress("https://gw.example/tv/", undefined, undefined)).toBe(
    "https://gw.example/tv/doctor",
  );
  const address = doctorAddress("https://gw.example/", "live/a+b", "k&y");
  expect(address).toBe("https://gw.example/doctor?stream=live/a%2Bb&token=k%26y");
  expect(doctorTarget(new URL(address).search)).toBe("live/a+b");
});
