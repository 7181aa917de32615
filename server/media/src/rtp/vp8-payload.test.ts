import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inspectVp8Payload, plainVp8Payload, vp8DescriptorBytes } from "./vp8-payload.ts";

const hex = (text: string): Uint8Array =>
  new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));

const none = { begins: false, key: false, reference: true, width: 0, height: 0 };
const start = { ...none, begins: true };
const key = { ...start, key: true, width: 128, height: 72 };
const keyFrame = "b02300 9d012a 8000 4800";

/** RFC 7741 section 4.2: every combination of extensions, with its size. */
const descriptors = [
  ["none", "10", 1],
  ["no extension in the extension byte", "9000", 2],
  ["short picture id", "9080 11", 3],
  ["long picture id", "9080 9234", 4],
  ["TL0PICIDX", "9040 07", 3],
  ["TID", "9020 40", 3],
  ["KEYIDX", "9010 05", 3],
  ["TID and KEYIDX in one byte", "9030 45", 3],
  ["short picture id, TL0PICIDX", "90c0 11 07", 4],
  ["long picture id, TL0PICIDX, TID", "90e0 9234 07 40", 6],
  ["all (Chromium with temporal layers)", "90f0 fd2b db 20", 6],
] as const;

describe("VP8 payload descriptors", () => {
  it.each(descriptors)("with %s", (_, text, size) => {
    const descriptor = hex(text);
    expect(vp8DescriptorBytes(hex(`${text} ${keyFrame}`))).toBe(size);
    expect(vp8DescriptorBytes(descriptor)).toBe(size);
    expect(inspectVp8Payload(hex(`${text} ${keyFrame}`))).toEqual(key);
    expect(plainVp8Payload(hex(`${text} ${keyFrame}`))).toEqual(hex(`10 ${keyFrame}`));
    for (let cut = 0; cut < descriptor.byteLength; cut += 1) {
      expect(vp8DescriptorBytes(descriptor.subarray(0, cut))).toBe(0);
      expect(inspectVp8Payload(descriptor.subarray(0, cut))).toEqual(none);
    }
    expect(inspectVp8Payload(descriptor)).toEqual(none);
  });
});

describe("inspectVp8Payload", () => {
  it.each([
    ["inter frame", "10 110600", start],
    ["inter frame that nobody refers to", "30 110600", { ...start, reference: false }],
    ["rest of the first partition", "00 110600", none],
    ["rest of a needless frame", "20 110600", { ...none, reference: false }],
    ["start of another partition", "11 b02300", none],
    ["rest of another partition", "07 b02300", none],
    ["reserved bits", "58 b02300 9d012a 8000 4800", key],
    ["largest picture", "10 b02300 9d012a ffff ffff", { ...key, width: 16_383, height: 16_383 }],
    ["key frame without start code", "10 b02300 9d012b 8000 4800", none],
    ["key frame cut off in its header", "10 b02300 9d012a 8000 48", none],
    ["inter frame of one byte", "10 11", start],
  ])("reads %s", (_, text, wanted) => {
    expect(inspectVp8Payload(hex(text))).toEqual(wanted);
  });

  it("takes arbitrary bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => {
        const { begins, key: isKey, width, height } = inspectVp8Payload(bytes);
        if (isKey) expect(begins).toBe(true);
        expect(width * height > 0).toBe(isKey);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("plainVp8Payload", () => {
  it("gives a plain payload back as it is", () => {
    for (const text of ["", "10", `10 ${keyFrame}`, "37 01", "7f"]) {
      const payload = hex(text);
      expect(plainVp8Payload(payload)).toBe(payload);
    }
  });

  it("keeps N, S and PID, and does not touch the payload", () => {
    const payload = hex("f7f0 fd2b db 20 aabbcc");
    expect(plainVp8Payload(payload)).toEqual(hex("37 aabbcc"));
    expect(payload).toEqual(hex("f7f0 fd2b db 20 aabbcc"));
  });

  it("has no body when the descriptor is cut off", () => {
    expect(plainVp8Payload(hex("90f0 fd2b db"))).toEqual(hex("10"));
    expect(plainVp8Payload(hex("90"))).toEqual(hex("10"));
  });

  it("says the same of any payload as before, but for what counts pictures", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 30 }), (bytes) => {
        const plain = plainVp8Payload(bytes);
        expect((plain[0] as number) & 0x80).toBe(0);
        expect(plainVp8Payload(plain)).toBe(plain);
        const size = vp8DescriptorBytes(bytes);
        if (size > 0) {
          expect(plain.subarray(1)).toEqual(bytes.subarray(size));
          expect(inspectVp8Payload(plain)).toEqual(inspectVp8Payload(bytes));
        }
      }),
      { numRuns: 1000 },
    );
  });
});
