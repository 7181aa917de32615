import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasJpegEnds, parseJpeg, parseJpegSize } from "./image.ts";

const hex = (text: string): Uint8Array =>
  new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));

/** ffmpeg's mjpeg encoder, a red picture of 32x16, tables and scan included. */
const red = hex(
  "ffd8ffe000104a46494600010200000100010000fffe00104c61766335392e33372e31303000ffdb004300083e3e49" +
    "3e49555555555555645d6468686864646464686868707070838383707070686870707c7c83838f938f878783879393" +
    "9b9b9bbabab2b2d9d9e0ffffffffc4004d000101000000000000000000000000000000060101010100000000000000" +
    "000000000000000607100100000000000000000000000000000000110100000000000000000000000000000000ffc0" +
    "0011080010002003012200021100031100ffda000c03010002110311003f008b0128dfc001ffd9",
);

const sof = (width: number, height: number, code = "c0"): string =>
  `ff${code}000b08${height.toString(16).padStart(4, "0")}${width.toString(16).padStart(4, "0")}01011100`;
const sos = "ffda0008010100003f00";

/** Progressive, with restarts, stuffed bytes, fill bytes in front of a marker, and two scans. */
const progressive = hex(
  `ffd8 ${sof(65535, 1, "c2")} ffdd00040001 ${sos} 11ff0022ffd033ff00ffd1 ffffffc40003aa ${sos} 44 ffffd9`,
);

const code = (bytes: Uint8Array, read: (bytes: Uint8Array) => unknown): string => {
  try {
    read(bytes);
  } catch (error) {
    return (error as { code: string }).code;
  }
  return "";
};

describe("parseJpeg", () => {
  it("reads what ffmpeg encodes", () => {
    expect(parseJpeg(red)).toEqual({ width: 32, height: 16, components: 3, scans: 1 });
    expect(parseJpegSize(red)).toEqual({ width: 32, height: 16, components: 3 });
    expect(hasJpegEnds(red)).toBe(true);
  });

  it("walks through several scans, restarts and stuffed bytes", () => {
    expect(parseJpeg(progressive)).toEqual({ width: 65535, height: 1, components: 1, scans: 2 });
  });

  it("refuses an image cut off anywhere", () => {
    for (let size = 0; size < red.length; size++) {
      const part = red.subarray(0, size);
      expect(code(part, parseJpeg)).toBe(size < 2 ? "JPEG_INVALID" : "JPEG_TRUNCATED");
      expect(hasJpegEnds(part)).toBe(false);
    }
  });

  it("refuses bytes behind the image and between segments", () => {
    expect(code(hex(`${Buffer.from(red).toString("hex")}00`), parseJpeg)).toBe("JPEG_INVALID");
    for (const wrong of [
      "",
      "ffd9",
      "ffd800",
      "ffd8ff00",
      "ffd8ffd8ffd9",
      "ffd8ffd9",
      "ffd8ffe00001ffd9",
      `ffd8${sof(1, 1)}ffd9`,
      `ffd8${sof(1, 1)}${sof(1, 1)}${sos}ffd9`,
      `ffd8${sos}00ffd9`,
      "ffd8ffc00007080001000101ffd9",
      "ffd8ffc000080800010001 00 ffd9",
    ]) {
      expect(code(hex(wrong), parseJpeg)).toBe("JPEG_INVALID");
    }
  });

  it("refuses a size of 0", () => {
    for (const [width, height] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const bytes = hex(`ffd8${sof(width, height)}${sos}00ffd9`);
      expect(code(bytes, parseJpeg)).toBe("JPEG_SIZE_UNKNOWN");
      expect(code(bytes, parseJpegSize)).toBe("JPEG_SIZE_UNKNOWN");
    }
  });

  it("reads the size without the rest, unless there is none", () => {
    expect(parseJpegSize(hex(`ffd8${sof(640, 360)}`))).toMatchObject({ width: 640, height: 360 });
    expect(code(hex("ffd8ffd9"), parseJpegSize)).toBe("JPEG_INVALID");
    expect(code(hex(`ffd8${sos}`), parseJpegSize)).toBe("JPEG_INVALID");
    expect(code(hex(`ffd8${sof(640, 360)}`.slice(0, -8)), parseJpegSize)).toBe("JPEG_TRUNCATED");
  });

  it("gives a result or a ProtocolError for any bytes", () => {
    const byte = fc.oneof(fc.constantFrom(0xff, 0xd8, 0xd9, 0xda, 0xc0, 0, 2, 8), fc.nat(255));
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 60 }), (rest) => {
        const bytes = Uint8Array.of(0xff, 0xd8, ...rest);
        expect(["", "JPEG_INVALID", "JPEG_TRUNCATED", "JPEG_SIZE_UNKNOWN"]).toContain(
          code(bytes, parseJpeg),
        );
        hasJpegEnds(bytes);
      }),
      { numRuns: 1000 },
    );
  });
});
