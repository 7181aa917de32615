import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RefusedError } from "../../core/index.ts";
import { parseAddress, withoutBase } from "./address.ts";

const suffixes = new Set([".flv", ".hls", ".m3u8", ".jpg"]);
const registryOf = (...names: string[]) => ({
  get: (name: string) => (names.includes(name) ? ({} as never) : undefined),
});
const read = (target: string, ...names: string[]) => {
  const found = parseAddress(target, suffixes, registryOf(...names));
  return found && [found.stream, found.suffix, found.rest, found.query.toString()];
};

describe("an address", () => {
  test.each([
    ["/live/cam.flv", ["live/cam", ".flv", "", ""]],
    ["/cam.flv?token=a%20b", ["cam", ".flv", "", "token=a+b"]],
    ["/a/b/c.flv", ["a/b/c", ".flv", "", ""]],
    ["/live/cam.1.flv", ["live/cam.1", ".flv", "", ""]],
    ["/live/cam%2B.flv", ["live/cam+", ".flv", "", ""]],
    ["/live/cam.hls/part7.m4s", ["live/cam", ".hls", "part7.m4s", ""]],
    ["/live/cam.hls/a/b.m4s?x=1", ["live/cam", ".hls", "a/b.m4s", "x=1"]],
    ["/live/cam.hls/index.m3u8", ["live/cam", ".hls", "index.m3u8", ""]],
    ["/live/cam.flv/", ["live/cam", ".flv", "", ""]],
    ["/.flv", ["", ".flv", "", ""]],
    ["/live/cam.flv?a?b", ["live/cam", ".flv", "", "a%3Fb="]],
  ])("%s", (target, expected) => {
    expect(read(target)).toEqual(expected);
  });

  test.each(["/", "/live/cam", "/live/cam.html", "/live/flv", "/live/cam?x=.flv", "/live/cam.FLV"])(
    "%s is somebody else's",
    (target) => {
      expect(read(target)).toBeUndefined();
    },
  );

  test.each(["/assets/poster.jpg", "/api/v1/streams/live/cam.flv", "/whip/live/cam.flv"])(
    "%s belongs to another part of the server",
    (target) => {
      expect(read(target)).toBeUndefined();
    },
  );

  test("of two readings the one that names a stream counts", () => {
    expect(read("/live.hls/cam.flv")).toEqual(["live", ".hls", "cam.flv", ""]);
    expect(read("/live.hls/cam.flv", "live.hls/cam")).toEqual(["live.hls/cam", ".flv", "", ""]);
    expect(read("/live.hls/cam.flv", "live", "live.hls/cam")).toEqual([
      "live",
      ".hls",
      "cam.flv",
      "",
    ]);
  });

  test.each([
    ["/live/cam/snapshot.jpg", [], ["live/cam", ".jpg", "", ""]],
    ["/cam/snapshot.jpg?token=a", [], ["cam", ".jpg", "", "token=a"]],
    ["/a/b/c/snapshot.jpg", [], ["a/b/c", ".jpg", "", ""]],
    ["/live/cam/snapshot.jpg", ["live/cam/snapshot"], ["live/cam/snapshot", ".jpg", "", ""]],
    ["/live/cam/snapshot.jpg", ["live/cam", "live/cam/snapshot"], ["live/cam", ".jpg", "", ""]],
    ["/snapshot.jpg", [], ["snapshot", ".jpg", "", ""]],
    ["/live/snapshot.jpg", ["live/snapshot"], ["live/snapshot", ".jpg", "", ""]],
    ["/live/cam/snapshot.flv", [], ["live/cam/snapshot", ".flv", "", ""]],
  ])("of a snapshot: %s of %j (row 39)", (target, names, expected) => {
    expect(read(target, ...names)).toEqual(expected);
  });

  test("that is badly encoded is refused", () => {
    expect(() => read("/live/%zz.flv")).toThrow(expect.objectContaining({ code: "URL_INVALID" }));
  });

  test("of any kind is read or refused", () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(...suffixes), (name, suffix) => {
        try {
          read(`/${name}${suffix}`);
        } catch (error) {
          expect(error).toBeInstanceOf(RefusedError);
        }
      }),
    );
  });
});

test.each([
  ["/live/cam.flv", "", "/live/cam.flv"],
  ["/gateway/live/cam.flv", "/gateway", "/live/cam.flv"],
  ["/gatewaylive/cam.flv", "/gateway", undefined],
  ["/live/cam.flv", "/gateway", undefined],
  ["*", "", undefined],
])("%s below %j is %j", (target, base, expected) => {
  expect(withoutBase(target, base)).toBe(expected);
});
