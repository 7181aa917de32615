import { describe, expect, it } from "vitest";
import { jpegSize } from "./jpeg-output.ts";

const size = (width: number, height: number, aspect = 1, most = 1280): string => {
  const made = jpegSize({ width, height }, aspect, most);
  return `${made.width}x${made.height}`;
};

describe("jpegSize", () => {
  it("takes pictures at the limit and makes wider ones smaller, never larger ones", () => {
    expect(size(1280, 720)).toBe("1280x720");
    expect(size(1282, 720)).toBe("1280x718");
    expect(size(1920, 1080)).toBe("1280x720");
    expect(size(3840, 2160)).toBe("1280x720");
    expect(size(320, 180)).toBe("320x180");
    expect(size(1080, 1920)).toBe("1080x1920");
  });

  it("makes pixels square", () => {
    expect(size(720, 576, 64 / 45)).toBe("720x406");
    expect(size(720, 480, 8 / 9)).toBe("640x480");
    expect(size(1440, 1080, 4 / 3)).toBe("1280x720");
  });

  it("does not believe in absurd pixels, and never makes an empty picture", () => {
    expect(size(320, 180, 1000)).toBe("320x180");
    expect(size(320, 180, 0)).toBe("320x180");
    expect(size(4096, 2)).toBe("1280x2");
    expect(size(1, 1)).toBe("2x2");
  });
});
