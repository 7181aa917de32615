import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { VideoTrackInfo } from "../frame/index.ts";
import { findPictureSize } from "./picture-size.ts";

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "hex"));
/** From libx265 by ffmpeg 5.1: 64x64, its SEI array left out. */
const hvcC =
  "0101600000009000000000001ef000fcfdf8f800000f03200001001840010c01ffff01600000030090000003000003001e959809210001002842010101600000030090000003000003001ea020810596566924caf016808000000300800000050422000100074401c172b42240";

const info = (change: Partial<VideoTrackInfo>): VideoTrackInfo => ({
  kind: "video",
  codec: "h264",
  config: new Uint8Array(0),
  codecString: "",
  width: 0,
  height: 0,
  reorderDepth: undefined,
  ...change,
});
const frame = (bytes: string) => ({ ptsUs: 0, dtsUs: 0, key: true, payload: [hex(bytes)] });

describe("findPictureSize", () => {
  it("takes what the track says", () => {
    expect(findPictureSize(info({ width: 1280, height: 720 }), frame(""))).toEqual({
      width: 1280,
      height: 720,
    });
  });

  it.each([
    ["h265", hvcC, "", { width: 64, height: 64 }],
    // libaom: 64x64, one sequence header.
    ["av1", "81000c000a0a00000002afff9b5f2008", "", { width: 64, height: 64 }],
    // libvpx: profile 0, 352x288.
    ["vp9", "", "82498342" + "0015f011f600", { width: 352, height: 288 }],
    ["h264", "", "", undefined],
    ["h265", "", "", undefined],
    ["av1", "", "", undefined],
    ["vp9", "", "", undefined],
  ] as const)("%s %#: reads it", (codec, config, key, size) => {
    expect(findPictureSize(info({ codec, config: hex(config) }), frame(key))).toEqual(size);
  });

  it("gives a size or nothing for any bytes", () => {
    const codec = fc.constantFrom("h265" as const, "av1" as const, "vp9" as const);
    fc.assert(
      fc.property(codec, fc.uint8Array({ maxLength: 120 }), fc.nat(120), (name, bytes, at) => {
        const config = hex(hvcC);
        config.set(
          bytes.subarray(0, config.byteLength - Math.min(at, config.byteLength)),
          Math.min(at, config.byteLength),
        );
        const key = { ...frame(""), payload: [bytes] };
        for (const candidate of [bytes, config]) {
          const size = findPictureSize(info({ codec: name, config: candidate }), key);
          if (size !== undefined) expect(Math.min(size.width, size.height)).toBeGreaterThan(0);
        }
      }),
    );
  });
});
