import { describe, expect, it } from "vitest";
import { isStreamName, maxStreamNameLength, resolveAddress } from "./address.ts";

const page = "https://site.example/blog/post.html";
const script = "https://mill.example/player.js";
const prefixed = "https://mill.example/tv/player.js?v=1#x";

describe("resolveAddress", () => {
  it.each([
    [{ src: "https://mill.example/live/cam" }, "https://mill.example/", "live/cam"],
    [{ src: "//mill.example/live/cam" }, "https://mill.example/", "live/cam"],
    [{ src: "https://mill.example/live/cam/" }, "https://mill.example/", "live/cam"],
    [{ src: "https://mill.example/a/b/c" }, "https://mill.example/", "a/b/c"],
    [{ src: "/live/cam" }, "https://site.example/", "live/cam"],
    [{ src: "live/cam" }, "https://site.example/", "live/cam"],
    [{ src: "/live/cam", scriptUrl: script }, "https://mill.example/", "live/cam"],
    [{ src: "/live/cam", scriptUrl: prefixed }, "https://mill.example/tv/", "live/cam"],
    [{ src: "/tv/live/cam", scriptUrl: prefixed }, "https://mill.example/tv/", "live/cam"],
    [
      { src: "https://mill.example/tv/live/cam", scriptUrl: prefixed },
      "https://mill.example/tv/",
      "live/cam",
    ],
    [
      { src: "https://other.example/live/cam", scriptUrl: prefixed },
      "https://other.example/",
      "live/cam",
    ],
    [
      { src: "https://other.example/tv/live/cam", base: "https://other.example/tv" },
      "https://other.example/tv/",
      "live/cam",
    ],
    [{ src: "/live/cam", base: "/tv", scriptUrl: script }, "https://site.example/tv/", "live/cam"],
    [{ src: "/tvx/cam", base: "/tv" }, "https://site.example/tv/", "tvx/cam"],
    [{ src: "live/a%2Bb" }, "https://site.example/", "live/a+b"],
    [{ src: " live/cam " }, "https://site.example/", "live/cam"],
    [{ src: "http://[::1]:8080/live/cam" }, "http://[::1]:8080/", "live/cam"],
  ])("%j", (source, base, stream) => {
    expect(resolveAddress({ pageUrl: page, ...source })).toEqual({
      base,
      stream,
      token: undefined,
    });
  });

  it("takes the token of the address, and the attribute's first", () => {
    const src = "live/cam?token=inside";
    expect(resolveAddress({ src, pageUrl: page })?.token).toBe("inside");
    expect(resolveAddress({ src, pageUrl: page, token: "attr" })?.token).toBe("attr");
    expect(resolveAddress({ src, pageUrl: page, token: "" })?.token).toBe("inside");
  });

  it.each([
    "",
    " ",
    "/",
    "rtmp://mill.example/live/cam",
    "javascript:alert(1)",
    "https://",
    "live//cam",
    "a/b/c/d",
    "live/c am",
    "live/%zz",
    "live/%2e%2e%2fcam",
    "live/<b>",
  ])("names no stream: %j", (src) => {
    expect(resolveAddress({ src, pageUrl: page })).toBeUndefined();
  });

  it("refuses a base that is no web address", () => {
    expect(resolveAddress({ src: "live/cam", base: "data:x", pageUrl: page })).toBeUndefined();
    expect(resolveAddress({ src: "live/cam", base: "http://", pageUrl: page })).toBeUndefined();
  });
});

describe("isStreamName", () => {
  it("holds the limit of length", () => {
    expect(isStreamName("a".repeat(maxStreamNameLength))).toBe(true);
    expect(isStreamName("a".repeat(maxStreamNameLength + 1))).toBe(false);
  });
  it("refuses dots alone", () => {
    expect(isStreamName("live/..")).toBe(false);
    expect(isStreamName("./live")).toBe(false);
    expect(isStreamName("live/a..b")).toBe(true);
  });
});
