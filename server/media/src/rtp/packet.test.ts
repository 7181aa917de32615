import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../error/index.ts";
import { findExtension, makeExtension } from "./header-extension.ts";
import {
  maxRtpPacketBytes,
  parseRtp,
  putRtpHeader,
  type RtpHeader,
  rtpHeaderBytes,
  rtpHeaderSizeBytes,
} from "./packet.ts";

const hex = (text: string): Uint8Array =>
  new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));

function codeOf(bytes: Uint8Array): string | undefined {
  try {
    parseRtp(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}

const header: RtpHeader = {
  marker: true,
  payloadType: 102,
  sequence: 0xfffe,
  timestamp: 0xffff_fed8,
  ssrc: 0x9234_5678,
};

describe("parseRtp", () => {
  it("reads a packet of GStreamer", () => {
    expect(parseRtp(hex("80e60000fffff3201234567858000209f00006419a3816e580"))).toEqual({
      marker: true,
      payloadType: 102,
      sequence: 0,
      timestamp: 0xffff_f320,
      ssrc: 0x1234_5678,
      csrcs: [],
      payload: hex("58000209f00006419a3816e580"),
      paddingBytes: 0,
    });
  });

  it("reads sources, extension and padding", () => {
    const packet = parseRtp(
      hex(
        "b2 66 fffd 00000001 00000002  aaaaaaaa bbbbbbbb  bede 0002 10aa21bb cc000000  010203 00000003",
      ),
    );
    expect(packet).toMatchObject({
      marker: false,
      csrcs: [0xaaaa_aaaa, 0xbbbb_bbbb],
      extension: { profile: 0xbede, data: hex("10aa21bbcc000000") },
      payload: hex("01020300"),
      paddingBytes: 3,
    });
    expect(findExtension(packet.extension, 1)).toEqual(hex("aa"));
    expect(findExtension(packet.extension, 2)).toEqual(hex("bbcc"));
  });

  it("reads a packet that is all padding", () => {
    const packet = parseRtp(hex("a0 66 fffd 00000001 00000002 000003"));
    expect([packet.payload.byteLength, packet.paddingBytes]).toEqual([0, 3]);
  });

  it("gives views, not copies", () => {
    const bytes = hex("806600010000000100000002aabb");
    expect(parseRtp(bytes).payload.buffer).toBe(bytes.buffer);
  });

  it("refuses what is no RTP packet", () => {
    const whole = hex("92 66 fffd 00000001 00000002 aaaaaaaa bbbbbbbb bede 0001 10aa0000");
    for (let size = 0; size < whole.byteLength; size += 1) {
      expect(codeOf(whole.subarray(0, size))).toBe("RTP_TRUNCATED");
    }
    expect(codeOf(whole)).toBeUndefined();
    expect(codeOf(whole.with(0, 0x52))).toBe("RTP_VERSION");
    expect(codeOf(hex("a0 66 fffd 00000001 00000002 aa00"))).toBe("RTP_PADDING");
    expect(codeOf(hex("a0 66 fffd 00000001 00000002 aa03"))).toBe("RTP_PADDING");
    expect(codeOf(hex("a0 66 fffd 00000001 00000000"))).toBe("RTP_PADDING");
    expect(codeOf(hex("90 66 fffd 00000001 00000002 bede ffff"))).toBe("RTP_TRUNCATED");
  });

  it("holds its limit", () => {
    const bytes = new Uint8Array(maxRtpPacketBytes + 1).fill(0x80, 0, 1);
    expect(codeOf(bytes)).toBe("RTP_TOO_LARGE");
    expect(codeOf(bytes.subarray(1).fill(0x80, 0, 1))).toBeUndefined();
  });

  it("gives a result or a ProtocolError for any bytes", () => {
    const first = fc.constantFrom(0x80, 0x90, 0xa0, 0xb2, 0xbf, 0x40);
    fc.assert(
      fc.property(first, fc.uint8Array({ maxLength: 90 }), (byte, rest) => {
        codeOf(Uint8Array.of(byte, ...rest));
      }),
      { numRuns: 1000 },
    );
  });
});

describe("putRtpHeader", () => {
  it("writes at an offset and touches nothing else", () => {
    const out = new Uint8Array(20).fill(0xee);
    expect(putRtpHeader(out, 3, header)).toBe(15);
    expect(out).toEqual(hex("eeeeee 80e6fffefffffed892345678 eeeeeeeeee"));
    expect(rtpHeaderSizeBytes(header)).toBe(rtpHeaderBytes);
  });

  it("cuts fields to their bits", () => {
    const out = new Uint8Array(12);
    putRtpHeader(out, 0, {
      ...header,
      marker: false,
      sequence: 65_537,
      timestamp: 2 ** 32 + 5,
      payloadType: 130,
    });
    expect(out).toEqual(hex("8002 0001 00000005 92345678"));
  });

  it("refuses what has no room", () => {
    expect(() => putRtpHeader(new Uint8Array(12), 1, header)).toThrow(RangeError);
    const csrcs = new Array<number>(16).fill(1);
    expect(() => putRtpHeader(new Uint8Array(200), 0, { ...header, csrcs })).toThrow(RangeError);
    const extension = { profile: 0xbede, data: new Uint8Array(3) };
    expect(() => putRtpHeader(new Uint8Array(200), 0, { ...header, extension })).toThrow(
      RangeError,
    );
  });

  it("is read as it is written", () => {
    const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
    const fields = fc.record({
      marker: fc.boolean(),
      payloadType: fc.nat(127),
      sequence: fc.nat(65_535),
      timestamp: uint32,
      ssrc: uint32,
      csrcs: fc.array(uint32, { maxLength: 15 }),
      words: fc.nat(4),
      payload: fc.uint8Array({ maxLength: 20 }),
    });
    fc.assert(
      fc.property(fields, ({ words, payload, ...wanted }) => {
        const extension = { profile: 0xbede, data: new Uint8Array(words * 4).fill(7) };
        const full = words === 0 ? wanted : { ...wanted, extension };
        const out = new Uint8Array(rtpHeaderSizeBytes(full) + payload.byteLength);
        out.set(payload, putRtpHeader(out, 0, full));
        expect(parseRtp(out)).toEqual({ ...full, payload, paddingBytes: 0 });
      }),
    );
  });
});

describe("header extensions", () => {
  const find = (profile: number, data: string, id: number): Uint8Array | undefined =>
    findExtension({ profile, data: hex(data) }, id);

  it("reads the one-byte example of RFC 8285 section 4.2", () => {
    const data = "30aa 41bbbb 0000 53cccccccc 00";
    expect(find(0xbede, data, 3)).toEqual(hex("aa"));
    expect(find(0xbede, data, 4)).toEqual(hex("bbbb"));
    expect(find(0xbede, data, 5)).toEqual(hex("cccccccc"));
    expect(find(0xbede, data, 6)).toBeUndefined();
  });

  it("reads the two-byte form, with empty elements and any application bits", () => {
    const data = "0100 0201aa 00 1e03bbbbbb";
    for (const profile of [0x1000, 0x100f]) {
      expect(find(profile, data, 1)).toEqual(hex(""));
      expect(find(profile, data, 2)).toEqual(hex("aa"));
      expect(find(profile, data, 30)).toEqual(hex("bbbbbb"));
    }
  });

  it("stops at identifier 15, at identifier 0 with a length, and where elements are cut off", () => {
    expect(find(0xbede, "f0aa 10bb", 1)).toBeUndefined();
    expect(find(0xbede, "01aaaa 10bb", 1)).toBeUndefined();
    expect(find(0xbede, "13aabb", 1)).toBeUndefined();
    expect(find(0x1000, "0103aabb", 1)).toBeUndefined();
    expect(find(0x1000, "01", 1)).toBeUndefined();
    expect(find(0x1234, "10aa", 1)).toBeUndefined();
    expect(findExtension(undefined, 1)).toBeUndefined();
  });

  it("writes the shortest form that fits", () => {
    expect(makeExtension([{ id: 5, data: hex("000000") }])).toEqual({
      profile: 0xbede,
      data: hex("52000000"),
    });
    expect(makeExtension([])).toEqual({ profile: 0xbede, data: hex("") });
    expect(makeExtension([{ id: 15, data: hex("aa") }])).toEqual({
      profile: 0x1000,
      data: hex("0f01aa00"),
    });
    expect(makeExtension([{ id: 1, data: hex("") }])).toEqual({
      profile: 0x1000,
      data: hex("01000000"),
    });
    expect(makeExtension([{ id: 1, data: new Uint8Array(17) }]).profile).toBe(0x1000);
    for (const wrong of [
      { id: 0, data: hex("aa") },
      { id: 256, data: hex("aa") },
      { id: 1, data: new Uint8Array(256) },
    ]) {
      expect(() => makeExtension([wrong])).toThrow(RangeError);
    }
  });

  it("reads what it writes", () => {
    const element = fc.record({
      id: fc.integer({ min: 1, max: 30 }),
      data: fc.uint8Array({ maxLength: 20 }),
    });
    const elements = fc.uniqueArray(element, { maxLength: 10, selector: ({ id }) => id });
    fc.assert(
      fc.property(elements, (list) => {
        const extension = makeExtension(list);
        expect(extension.data.byteLength % 4).toBe(0);
        for (const { id, data } of list) expect(findExtension(extension, id)).toEqual(data);
        expect(findExtension(extension, 31)).toBeUndefined();
      }),
    );
  });

  it("never throws for any bytes", () => {
    const profile = fc.constantFrom(0xbede, 0x1000, 0x1001, 0);
    fc.assert(
      fc.property(
        profile,
        fc.uint8Array({ maxLength: 40 }),
        fc.integer({ min: 1, max: 255 }),
        (p, data, id) => {
          findExtension({ profile: p, data }, id);
        },
      ),
    );
  });
});
