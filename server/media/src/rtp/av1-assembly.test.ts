import { describe, expect, it } from "vitest";
import { FrameAssembler } from "./frame-assembler.ts";

const hex = (text: string): Uint8Array =>
  new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
const toHex = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString("hex");

const sequence = "08 00000003b4fdf0068020";
const sizedSequence = "0a0a00000003b4fdf0068020";

function assemble(...payloads: readonly string[]): string | undefined {
  return toHex(new FrameAssembler("av1").assemble(payloads.map(hex))?.payload[0]);
}

describe("FrameAssembler for AV1", () => {
  it("gives OBUs their sizes back", () => {
    expect(assemble("10 3030c040")).toBe("320330c040");
  });

  it("puts OBUs together that are cut anywhere", () => {
    const whole = "3430 30c040fdf8012483c0"; // with an extension byte
    const bytes = hex(whole);
    const wanted = `3630 09 ${whole.slice(5)}`.replaceAll(" ", "");
    for (let cut = 1; cut < bytes.byteLength; cut += 1) {
      const [head, tail] = [bytes.subarray(0, cut), bytes.subarray(cut)].map(toHex);
      expect(assemble(`50 ${head}`, `90 ${tail}`)).toBe(wanted);
    }
    const pieces = [...bytes].map((byte, i) => {
      const flags = (i > 0 ? 0x80 : 0) | (i < bytes.byteLength - 1 ? 0x40 : 0) | 0x10;
      return toHex(Uint8Array.of(flags, byte)) as string;
    });
    expect(assemble(...pieces)).toBe(wanted);
  });

  it("ends one OBU and begins others in one payload", () => {
    expect(assemble("50 1830", "e0 01 40 20aa", "a0 01 bb 20cc")).toBe(
      "1a023040" + "2202aabb" + "2201cc",
    );
  });

  it("leaves out temporal delimiters, tile lists and padding", () => {
    expect(assemble("00 01 10 02 40aa 02 78bb 03 3030c0")).toBe("320230c0");
    const assembler = new FrameAssembler("av1");
    expect(assembler.assemble([hex("10 10")])).toBeUndefined();
    expect(assembler.malformed).toBe(0);
  });

  it("tells a key frame by its sequence header and frame type", () => {
    const frame = (...payloads: readonly string[]) =>
      new FrameAssembler("av1").assemble(payloads.map(hex));
    const key = frame(`28 0b ${sequence} 301040`);
    expect(key).toMatchObject({ key: true, width: 160, height: 96 });
    expect(toHex(key?.payload[0])).toBe(`${sizedSequence}32021040`);
    expect(toHex(key?.config)).toBe(`81000c00${sizedSequence}`);
    // A repeated sequence header before an inter frame, a key frame without one, and one shown again.
    expect(frame(`28 0b ${sequence} 3030c0`)).toMatchObject({ key: false, width: 160 });
    expect(frame("10 301040")).toMatchObject({ key: false, config: undefined, width: 0 });
    expect(frame(`28 0b ${sequence} 1890`)?.key).toBe(false);
    expect(frame(`18 ${sequence}`)?.key).toBe(false);
    // A still picture does not say its type.
    expect(frame("28 07 0818157fbda008 3030c0")?.key).toBe(true);
  });

  it.each([
    ["that begins with the rest of an OBU", ["90 30aa"]],
    ["whose OBU does not go on", ["50 30aa", "10 30bb"]],
    ["whose OBU goes on without need", ["10 30aa", "90 bb"]],
    ["whose OBU has no end", ["50 30aa"]],
    ["whose elements do not fit", ["20 7f 30aa"]],
    ["with an OBU of nothing", ["20 00 30aa"]],
    ["with an OBU whose size does not fit", ["10 3205aa"]],
    ["with a broken sequence header", ["20 03 080000 301040"]],
  ])("refuses a temporal unit %s", (_, payloads) => {
    const assembler = new FrameAssembler("av1");
    expect(assembler.assemble(payloads.map(hex))).toBeUndefined();
    expect(assembler.malformed).toBe(1);
  });

  it("holds its limit of OBUs", () => {
    const payloads = new Array<Uint8Array>(5).fill(hex("10 3030c0"));
    expect(new FrameAssembler("av1", { maxUnits: 5 }).assemble(payloads)).toBeDefined();
    expect(new FrameAssembler("av1", { maxUnits: 4 }).assemble(payloads)).toBeUndefined();
  });
});
