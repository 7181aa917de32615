import { expect, it } from "vitest";
import { defaultStream, initialStream, publishAddress, streamTyped } from "./publish-target.ts";

it("takes the stream from the path, then from the query", () => {
  expect(initialStream("live/a", "?stream=live/b")).toBe("live/a");
  expect(initialStream(undefined, "?stream=live/b")).toBe("live/b");
  expect(initialStream(undefined, "?stream=b")).toBe("live/b");
  expect(initialStream(undefined, "?stream=%00")).toBe(defaultStream);
  expect(initialStream(undefined, "")).toBe(defaultStream);
});

it("reads what people type", () => {
  expect(streamTyped(" /cam/ ")).toBe("live/cam");
  expect(streamTyped("a/b/c")).toBe("a/b/c");
  for (const typed of ["", " / ", "a/b/c/d", "two words", "a//b", ".."]) {
    expect(streamTyped(typed)).toBeUndefined();
  }
});

it("names the page of a stream", () => {
  expect(publishAddress("https://h/mill/", "live/cam")).toBe("https://h/mill/publish/live/cam");
});
