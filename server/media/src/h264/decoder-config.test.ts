import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../error/index.ts";
import {
  avcCodecString,
  defaultAvcConfigLimits,
  parseAvcC,
  videoTrackInfoFromAvcC,
  writeAvcC,
} from "./decoder-config.ts";
import { avcCFixtures, spsFixtures } from "./fixtures.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
const sps = hex(spsFixtures[0]?.sps ?? "");
const pps = hex(spsFixtures[0]?.pps ?? "");

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}

/** A record with that many parameter sets. */
function record(spsCount: number, ppsCount: number): Uint8Array {
  const sets = (count: number, set: Uint8Array): number[] =>
    Array.from({ length: count }, () => [0, set.byteLength, ...set]).flat();
  return Uint8Array.of(
    1,
    66,
    0xc0,
    13,
    0xff,
    0xe0 | spsCount,
    ...sets(spsCount, sps),
    ppsCount,
    ...sets(ppsCount, pps),
  );
}

describe("AVCDecoderConfigurationRecord", () => {
  it.each(avcCFixtures)(
    "reads and writes ffmpeg's $codecString byte for byte",
    ({ avcC, codecString }) => {
      const config = hex(avcC);
      const parsed = parseAvcC(config);
      expect(parsed.lengthSize).toBe(4);
      expect(parsed.sps).toHaveLength(1);
      expect(parsed.pps).toHaveLength(1);
      expect(avcCodecString(parsed.profile, parsed.constraints, parsed.level)).toBe(codecString);
      expect(writeAvcC(parsed)).toEqual(config);
    },
  );

  it.each(spsFixtures)("round trips the parameter sets of $name", (fixture) => {
    const sets = { sps: [hex(fixture.sps)], pps: [hex(fixture.pps)], spsExtensions: [] };
    const parsed = parseAvcC(writeAvcC(sets));
    expect(parsed).toMatchObject({ ...sets, profile: fixture.expected.profile, lengthSize: 4 });
  });

  it("keeps parameter set extensions", () => {
    const high = spsFixtures[2];
    const spsExtensions = [Uint8Array.of(0x6d, 0xc0)];
    const sets = { sps: [hex(high?.sps ?? "")], pps: [hex(high?.pps ?? "")], spsExtensions };
    expect(parseAvcC(writeAvcC(sets)).spsExtensions).toEqual(spsExtensions);
  });

  it("reads a High record without its chroma part, as many muxers write it", () => {
    const whole = hex(avcCFixtures[2]?.avcC ?? "");
    const parsed = parseAvcC(whole.subarray(0, -4));
    expect(parsed.sps).toEqual(parseAvcC(whole).sps);
    expect(parsed.spsExtensions).toEqual([]);
  });

  it("reads lengths of 1, 2 and 4 bytes and refuses 3", () => {
    const config = record(1, 1);
    const lengthSize = (value: number): unknown => {
      config[4] = value;
      return codeOf(() => parseAvcC(config)) ?? parseAvcC(config).lengthSize;
    };
    expect([0xfc, 0xfd, 0xfe, 0xff, 0x03].map(lengthSize)).toEqual([
      1,
      2,
      "AVCC_LENGTH_SIZE",
      4,
      4,
    ]);
  });

  it("refuses what is no record", () => {
    const whole = record(1, 1);
    expect(codeOf(() => parseAvcC(whole))).toBeUndefined();
    for (let size = 0; size < whole.byteLength; size += 1) {
      expect(codeOf(() => parseAvcC(whole.subarray(0, size)))).toBe("AVCC_TRUNCATED");
    }
    expect(codeOf(() => parseAvcC(whole.with(0, 0)))).toBe("AVCC_VERSION");
    expect(codeOf(() => parseAvcC(whole.with(8, 0x68)))).toBe("AVCC_NAL_TYPE");
    // Annex B in place of a record.
    expect(codeOf(() => parseAvcC(hex("000000016742c00d")))).toBe("AVCC_VERSION");
  });

  it("holds its limits", () => {
    expect(parseAvcC(record(16, 64)).pps).toHaveLength(64);
    expect(codeOf(() => parseAvcC(record(17, 1)))).toBe("AVCC_TOO_MANY_SETS");
    expect(codeOf(() => parseAvcC(record(1, 65)))).toBe("AVCC_TOO_MANY_SETS");
    const whole = record(1, 1);
    const limit = (maxBytes: number) => ({ ...defaultAvcConfigLimits, maxBytes });
    expect(codeOf(() => parseAvcC(whole, limit(whole.byteLength)))).toBeUndefined();
    expect(codeOf(() => parseAvcC(whole, limit(whole.byteLength - 1)))).toBe("AVCC_TOO_LARGE");
    const times = (count: number, set: Uint8Array) => Array.from({ length: count }, () => set);
    expect(codeOf(() => writeAvcC({ sps: times(31, sps), pps: times(255, pps) }))).toBeUndefined();
    expect(codeOf(() => writeAvcC({ sps: times(32, sps), pps: [pps] }))).toBe("AVCC_TOO_MANY_SETS");
    expect(codeOf(() => writeAvcC({ sps: [sps], pps: times(256, pps) }))).toBe(
      "AVCC_TOO_MANY_SETS",
    );
    expect(codeOf(() => writeAvcC({ sps: [sps], pps: [new Uint8Array(65_536)] }))).toBe(
      "AVCC_TOO_LARGE",
    );
    expect(codeOf(() => writeAvcC({ sps: [], pps: [] }))).toBe("AVCC_NO_SPS");
  });

  it("gives a result or a ProtocolError for any bytes", () => {
    const head = fc.constantFrom(
      [],
      [1, 66, 0xc0, 13, 0xff, 0xe1],
      [1, 100, 0, 13, 0xff, 0xe1, 0, 4, 0x67],
    );
    fc.assert(
      fc.property(head, fc.uint8Array({ maxLength: 60 }), (start, rest) => {
        const bytes = Uint8Array.of(...start, ...rest);
        codeOf(() => parseAvcC(bytes));
        codeOf(() => videoTrackInfoFromAvcC(bytes));
      }),
      { numRuns: 1000 },
    );
  });
});

describe("videoTrackInfoFromAvcC", () => {
  it("tells what a player needs to know", () => {
    const config = hex(avcCFixtures[1]?.avcC ?? "");
    const info = videoTrackInfoFromAvcC(config);
    expect(info).toEqual({
      kind: "video",
      codec: "h264",
      config,
      codecString: "avc1.4d400d",
      width: 320,
      height: 240,
      reorderDepth: 2,
    });
    expect(info.config).toBe(config);
  });

  it("says 4-byte lengths whatever the publisher uses", () => {
    const config = record(1, 1);
    config[4] = 0xfd;
    const info = videoTrackInfoFromAvcC(config);
    expect(parseAvcC(info.config)).toEqual({ ...parseAvcC(config), lengthSize: 4 });
    expect(config[4]).toBe(0xfd);
  });

  it("leaves open what a record without parameter sets does not say", () => {
    expect(videoTrackInfoFromAvcC(record(0, 0))).toMatchObject({
      codecString: "avc1.42c00d",
      width: 0,
      height: 0,
      reorderDepth: undefined,
    });
  });
});
