import { expect, it } from "vitest";
import { pagePlace } from "./place.ts";

it.each([
  ["https://h/live/cam", "", "", "https://h/", "live/cam"],
  ["https://h/live/cam/", "", "", "https://h/", "live/cam"],
  ["https://h/tv/live/cam", "/tv", "", "https://h/tv/", "live/cam"],
  ["https://h/tv/live/cam", "/tv/", "", "https://h/tv/", "live/cam"],
  ["https://h/embed/live/cam", "", "embed/", "https://h/", "live/cam"],
  ["https://h/a/b/embed/live/cam", "/a/b", "embed/", "https://h/a/b/", "live/cam"],
  ["https://h/", "", "", "https://h/", undefined],
  ["https://h/live/%zz", "", "", "https://h/", undefined],
  ["https://h/other/live/cam", "/tv", "", "https://h/tv/", undefined],
])("%s below %j", (address, prefix, folder, base, stream) => {
  expect(pagePlace(address, prefix, folder)).toEqual({
    base,
    publicBase: base,
    stream,
    token: undefined,
  });
});

it("gives away the server's public address where it has one", () => {
  for (const url of ["https://mill.example/tv", "https://mill.example/tv/"]) {
    expect(pagePlace("http://10.0.0.1:8080/live/cam", "", "", url)).toMatchObject({
      base: "http://10.0.0.1:8080/",
      publicBase: "https://mill.example/tv/",
    });
  }
});

it("takes the token from the address", () => {
  expect(pagePlace("https://h/live/cam?token=T", "").token).toBe("T");
  expect(pagePlace("https://h/live/cam?token=", "").token).toBeUndefined();
});
