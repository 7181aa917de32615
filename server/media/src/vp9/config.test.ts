import { describe, expect, it } from "vitest";
import { parseVp9FrameHeader, videoTrackInfoFromVpcC, vpcCBytes, writeVpcC } from "./index.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
const toHex = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString("hex");

function sized(width: number, height: number): Uint8Array {
  const header = parseVp9FrameHeader(hex("824983420003f002f6"));
  return writeVpcC({ ...header, width, height }) as Uint8Array;
}

describe("writeVpcC", () => {
  it.each([
    // Frames of libvpx and the vpcC that ffmpeg's muxer writes for them.
    ["4:2:0", "824983420003f002f6", "01000000000a820202020000"],
    ["4:2:2", "a249834208007e005ec0", "01000000010a840202020000"],
    ["4:4:4", "a249834200007e005ec0", "01000000010a860202020000"],
    ["10 bits", "924983420001f8017b04", "01000000020aa20202020000"],
    ["12 bits 4:4:4", "b124c1a140001f8017b0", "01000000030ac60202020000"],
    // ffmpeg says level 3.1, since it knows that this one has 30 frames per second.
    ["BT.709 full range", "82498342504ff02cf6", "010000000028830101010000"],
    // ffmpeg leaves primaries and transfer unspecified.
    ["RGB", "a2498342e003f002f6", "01000000010a87010d000000"],
  ])("describes %s", (_, frame, wanted) => {
    expect(toHex(writeVpcC(parseVp9FrameHeader(hex(frame))))).toBe(wanted);
  });

  it("cannot describe 4:4:0 and frames that are no key frames", () => {
    expect(writeVpcC(parseVp9FrameHeader(hex("a249834204007e005ec0")))).toBeUndefined();
    expect(writeVpcC(parseVp9FrameHeader(hex("860040929c")))).toBeUndefined();
  });

  it.each([
    [64, 48, 10],
    [176, 144, 11],
    [320, 240, 20],
    [512, 32, 11],
    [514, 32, 11],
    [640, 360, 30],
    [640, 480, 30],
    [854, 480, 31],
    [1280, 720, 40],
    [1920, 1080, 41],
    [2560, 1440, 50],
    [3840, 2160, 51],
    [7680, 4320, 61],
    [16_384, 8704, 62],
    [65_536, 65_536, 62],
  ])(
    "a picture of %i x %i has room in level %i at 60 frames per second",
    (width, height, level) => {
      expect(sized(width, height)[5]).toBe(level);
    },
  );
});

describe("videoTrackInfoFromVpcC", () => {
  it("makes a track", () => {
    const config = sized(1280, 720);
    expect(config.byteLength).toBe(vpcCBytes);
    expect(videoTrackInfoFromVpcC(config, 1280, 720)).toEqual({
      kind: "video",
      codec: "vp9",
      config,
      codecString: "vp09.00.40.08",
      width: 1280,
      height: 720,
      reorderDepth: 0,
    });
    expect(videoTrackInfoFromVpcC(hex("01000000030ac60202020000"), 0, 0).codecString).toBe(
      "vp09.03.10.12",
    );
  });

  it.each(["", "00000000000a820202020000", "01000000000a8202020200"])("refuses %s", (config) => {
    expect(() => videoTrackInfoFromVpcC(hex(config), 0, 0)).toThrow(
      expect.objectContaining({ code: "VP9_CONFIG_INVALID" }),
    );
  });
});
