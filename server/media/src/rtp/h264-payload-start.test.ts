import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packetizeH264 } from "./h264-packetizer.ts";
import { inspectH264Payload } from "./h264-payload-start.ts";

const hex = (text: string): Uint8Array =>
  new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));

const wholeSps = "6742c00b8c8d4105bcb37010d01078442350";
const none = { begins: false, key: false, reference: true, width: 0, height: 0 };
const start = { ...none, begins: true };
const key = { ...start, key: true };

function stapA(indicator: string, ...nals: readonly string[]): string {
  const sized = nals.map((nal) => (nal.length / 2).toString(16).padStart(4, "0") + nal);
  return indicator + sized.join("");
}

describe("inspectH264Payload", () => {
  it.each([
    ["IDR slice", "65b80004", key],
    ["later IDR slice", "651c0004", key],
    ["SPS", wholeSps, { ...key, width: 128, height: 72 }],
    ["SPS that breaks off", wholeSps.slice(0, 12), key],
    ["slice", "61e00040", start],
    ["slice that nobody refers to", "01e00040", { ...start, reference: false }],
    ["access unit delimiter", "0930", start],
    ["supplemental information", "0605ff", start],
    ["PPS", "68ce3c80", start],
    ["last single type", "7700", start],
  ])("reads a single %s", (_, text, wanted) => {
    expect(inspectH264Payload(hex(text))).toEqual(wanted);
  });

  it.each([
    ["first of IDR slice", "7c85b800", key],
    ["rest of IDR slice", "7c05b800", none],
    ["end of IDR slice", "7c45b800", none],
    ["first of SPS", "7c8742c0", key],
    ["first of slice", "7c819a00", start],
    ["rest of slice", "7c019a00", none],
    ["first of needless slice", "1c819a00", { ...start, reference: false }],
    ["rest of needless slice", "1c019a00", { ...none, reference: false }],
    ["first of supplemental information", "1c860500", start],
    ["nothing", "7c85", none],
    ["no header", "7c", none],
    ["a type that cannot be cut", "7c98b800", none],
  ])("reads an FU-A of the %s", (_, text, wanted) => {
    expect(inspectH264Payload(hex(text))).toEqual(wanted);
  });

  it.each([
    [
      "Chromium's SPS and PPS",
      stapA("78", wholeSps, "68ce3c80"),
      { ...key, width: 128, height: 72 },
    ],
    ["IDR after a delimiter", stapA("18", "0910", "65b800"), key],
    // x264 writes 0 into nal_ref_idc of the aggregate, though the slice has another.
    ["delimiter and slice", stapA("18", "0930", "419a3b"), start],
    ["delimiter and needless slice", stapA("58", "0930", "019a3b"), { ...start, reference: false }],
    ["needless and needed slice", stapA("58", "019a3b", "419a3b"), start],
    ["delimiter alone", stapA("18", "0930"), start],
    ["SPS that breaks off", stapA("78", wholeSps.slice(0, 12)), key],
    ["nothing", "78", none],
    ["NAL unit cut off", stapA("78", wholeSps).slice(0, -2), none],
    ["size cut off", `${stapA("78", "65b800")}00`, none],
    ["size without NAL unit", `${stapA("78", "65b800")}0003`, none],
    ["empty NAL unit", stapA("78", "65b800", ""), none],
    ["aggregate in an aggregate", stapA("78", "65b800", "780001"), none],
  ])("reads a STAP-A with %s", (_, text, wanted) => {
    expect(inspectH264Payload(hex(text))).toEqual(wanted);
  });

  it.each([
    ["nothing", ""],
    ["type 0", "6000"],
    ["STAP-B", "790001"],
    ["MTAP16", "7a0001"],
    ["MTAP24", "7b0001"],
    ["FU-B", "7d85b800"],
    ["type 30", "7eb800"],
    ["type 31", "7fb800"],
  ])("sees nothing in %s", (_, text) => {
    expect(inspectH264Payload(hex(text))).toEqual(none);
  });

  it("finds the key frame in its first payloads and nowhere else, however it is cut", () => {
    const idr = new Uint8Array(500).fill(0x55);
    idr[0] = 0x65;
    for (const maxBytes of [24, 100, 1200]) {
      const payloads = packetizeH264([hex(wholeSps), hex("68ce3c80"), idr], maxBytes);
      const keys = payloads.map((payload) => inspectH264Payload(payload).key);
      const last = keys.lastIndexOf(true);
      expect(keys[0]).toBe(true);
      expect(payloads.slice(last + 1).every((p) => !inspectH264Payload(p).begins)).toBe(true);
    }
  });

  it("takes arbitrary bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const found = inspectH264Payload(bytes);
        if (found.key) expect(found.begins).toBe(true);
        if (!found.key) expect(found.width).toBe(0);
      }),
      { numRuns: 1000 },
    );
  });
});
