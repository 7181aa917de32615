import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chromiumFrames, chromiumLayers, otherSenders } from "./fixtures.ts";
import { inspectPayload, type RtpVideoCodec } from "./inspect-payload.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
const codecs: readonly RtpVideoCodec[] = ["h264", "vp8", "vp9", "av1"];

describe("inspectPayload", () => {
  it.each(codecs)("finds Chromium's key frame and its size, %s", (codec) => {
    const [first, ...others] = chromiumFrames[codec];
    const [start, ...rest] = first?.payloads.map((text) => inspectPayload(codec, hex(text))) ?? [];
    expect(start).toEqual({ begins: true, key: true, reference: true, width: 128, height: 72 });
    // H.264: the IDR slice begins behind the aggregate of parameter sets.
    const begins = rest.filter((payload) => payload.begins);
    expect(begins).toHaveLength(codec === "h264" ? 1 : 0);
    for (const { payloads } of others) {
      const [inter, ...more] = payloads.map((text) => inspectPayload(codec, hex(text)));
      expect(inter).toEqual({ begins: true, key: false, reference: true, width: 0, height: 0 });
      expect(more.some((payload) => payload.begins || payload.key)).toBe(false);
    }
  });

  it.each(["h264", "vp8", "vp9"] as const)(
    "finds that nobody refers to frames of the highest temporal layer, %s",
    (codec) => {
      const layers = chromiumLayers[codec];
      const highest = Math.max(...layers.map(({ layer }) => layer));
      expect(highest).toBeGreaterThan(0);
      for (const { layer, start } of layers) {
        const found = inspectPayload(codec, hex(start));
        expect(found).toMatchObject({ begins: true, key: false, reference: layer < highest });
      }
    },
  );

  it.each(otherSenders)("finds the key frame of $name", ({ codec, key, inter }) => {
    expect(inspectPayload(codec, hex(key))).toEqual({
      begins: true,
      key: true,
      reference: true,
      width: 64,
      height: 48,
    });
    expect(inspectPayload(codec, hex(inter))).toMatchObject({ begins: true, key: false });
  });

  it.each(codecs)("takes a real payload cut off anywhere, or with broken bytes, %s", (codec) => {
    const whole = hex(chromiumFrames[codec][0]?.payloads[0] as string);
    const { width, height } = inspectPayload(codec, whole);
    for (let size = 0; size < Math.min(whole.byteLength, 64); size += 1) {
      const cut = inspectPayload(codec, whole.subarray(0, size));
      expect([0, width]).toContain(cut.width);
      expect([0, height]).toContain(cut.height);
      if (!cut.begins) expect(cut.key).toBe(false);
    }
    expect(inspectPayload(codec, whole.subarray(0, 1))).toMatchObject({
      begins: false,
      key: false,
    });
    fc.assert(
      fc.property(fc.nat(40), fc.nat(255), (at, byte) => {
        const broken = whole.slice(0, 64);
        broken[at % broken.byteLength] = byte;
        const found = inspectPayload(codec, broken);
        if (found.key) expect(found.begins).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it.each(codecs)("makes no object for payloads that are no key frame's, %s", (codec) => {
    const inter = hex(chromiumFrames[codec][1]?.payloads[0] as string);
    expect(inspectPayload(codec, inter)).toBe(inspectPayload(codec, inter));
  });
});
