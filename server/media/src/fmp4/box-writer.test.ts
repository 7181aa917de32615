import { describe, expect, it } from "vitest";
import { BoxWriter } from "./box-writer.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("BoxWriter", () => {
  it("writes boxes one into another", () => {
    const out = new BoxWriter(4);
    out.begin("moof");
    out.beginFull("mfhd", 1, 0x020304);
    out.u32(7);
    out.end();
    out.box("free", Uint8Array.of(0xaa));
    out.end();
    expect(hex(out.finish())).toBe(
      "00000021" +
        "6d6f6f66" +
        "00000010" +
        "6d666864" +
        "01020304" +
        "00000007" +
        "00000009" +
        "66726565" +
        "aa",
    );
  });

  it.each([
    [0, "0000000000000000"],
    [2 ** 32 - 1, "00000000ffffffff"],
    [2 ** 32, "0000000100000000"],
    [2 ** 53 - 1, "001fffffffffffff"],
  ])("writes %d in 64 bits", (value, expected) => {
    const out = new BoxWriter(8);
    out.u64(value);
    expect(hex(out.finish())).toBe(expected);
  });

  it("keeps a buffer of exact size and patches what it wrote", () => {
    const out = new BoxWriter(6);
    out.u32(0);
    out.u16(0x1234);
    out.patchU32(0, 0xdeadbeef);
    expect(out.offset).toBe(6);
    expect(hex(out.finish())).toBe("deadbeef1234");
    expect(() => out.patchU32(3, 1)).toThrow(RangeError);
  });

  it("refuses to end what is not open and to finish what is", () => {
    const out = new BoxWriter();
    expect(() => out.end()).toThrow(RangeError);
    out.begin("moov");
    expect(() => out.finish()).toThrow(RangeError);
  });
});
