import { describe, expect, it } from "vitest";
import { suggest, suggestion } from "./suggest.ts";

const keys = ["rtmp.port", "rtmp.host", "http.port", "http.basePath", "publisher.graceSeconds"];

describe("suggest", () => {
  it.each([
    ["rtmp.prot", "rtmp.port"],
    ["rtmp_port", "rtmp.port"],
    ["RTMPPort", "rtmp.port"],
    ["http.basepath", "http.basePath"],
    ["http.base-path", "http.basePath"],
    ["graceSeconds", "publisher.graceSeconds"],
    ["basePath", "http.basePath"],
    ["port", undefined],
    ["zzz", undefined],
    ["", undefined],
    ["x".repeat(5000), undefined],
  ])("%s: %s", (given, expected) => {
    expect(suggest(given, keys)).toBe(expected);
  });

  it("makes the end of a sentence", () => {
    expect(suggestion("rtmp.prot", keys)).toBe(" Did you mean rtmp.port?");
    expect(suggestion("zzz", keys)).toBe("");
  });
});
