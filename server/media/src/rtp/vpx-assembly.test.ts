import { describe, expect, it } from "vitest";
import { FrameAssembler } from "./frame-assembler.ts";

const hex = (text: string): Uint8Array =>
  new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));

describe("FrameAssembler for VP8", () => {
  const key = "b02300 9d012a 8000 4800";

  it("joins partitions that begin in payloads of their own", () => {
    const assembler = new FrameAssembler("vp8");
    const frame = assembler.assemble([hex(`10 ${key}`), hex("00 aa"), hex("11 bb"), hex("12 cc")]);
    expect(frame).toEqual({
      payload: [hex(`${key} aabbcc`)],
      key: true,
      config: undefined,
      width: 128,
      height: 72,
    });
    expect(assembler.assemble([hex("30 110600")])).toMatchObject({ key: false, width: 128 });
  });

  it("takes a frame in one payload without copying it", () => {
    const payload = hex("10 110600");
    const frame = new FrameAssembler("vp8").assemble([payload]);
    expect(frame?.payload[0]?.buffer).toBe(payload.buffer);
  });

  it.each([
    ["without its beginning", ["00 110600"]],
    ["with two beginnings", ["10 110600", "10 110600"]],
    ["whose descriptor is cut off", ["10 110600", "90"]],
    ["without a whole frame tag", ["10 11"]],
    ["that is a key frame without start code", ["10 b02300 000000 8000 4800"]],
  ])("refuses a frame %s", (_, payloads) => {
    const assembler = new FrameAssembler("vp8");
    expect(assembler.assemble(payloads.map(hex))).toBeUndefined();
    expect(assembler.malformed).toBe(1);
  });
});

describe("FrameAssembler for VP9", () => {
  const key = "824983420009f005f0 38";
  const inter = "86004092";

  it("keeps the lowest of several spatial layers", () => {
    const assembler = new FrameAssembler("vp9");
    const frame = assembler.assemble([
      hex(`28 00 05 ${key}`),
      hex("24 00 05 aa"),
      hex(`2c 03 05 ${inter}`),
      hex(`28 05 05 ${inter}`),
      hex("24 05 05 bb"),
    ]);
    expect(frame).toMatchObject({ payload: [hex(`${key} aa`)], key: true, width: 160, height: 96 });
  });

  it("is told by the frame, not by the P bit, what a key frame is", () => {
    const assembler = new FrameAssembler("vp9");
    expect(assembler.assemble([hex(`0c ${inter}`)])?.key).toBe(false);
    expect(assembler.assemble([hex(`4c ${key}`)])?.key).toBe(true);
  });

  it("takes a frame in one payload without copying it", () => {
    const payload = hex(`0c ${inter}`);
    const frame = new FrameAssembler("vp9").assemble([payload]);
    expect(frame?.payload[0]?.buffer).toBe(payload.buffer);
  });

  it.each([
    ["without its beginning", [`04 ${inter}`]],
    ["without its end", [`08 ${inter}`]],
    ["with two beginnings", [`08 ${inter}`, `0c ${inter}`]],
    ["that goes on after its end", [`0c ${inter}`, `04 ${inter}`]],
    ["whose descriptor is cut off", [`08 ${inter}`, "8c 80"]],
    ["that is no VP9", ["0c 0000"]],
  ])("refuses a frame %s", (_, payloads) => {
    const assembler = new FrameAssembler("vp9");
    expect(assembler.assemble(payloads.map(hex))).toBeUndefined();
    expect(assembler.malformed).toBe(1);
  });
});
