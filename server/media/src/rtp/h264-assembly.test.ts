import { describe, expect, it } from "vitest";
import { parseAvcC, parseSps } from "../h264/index.ts";
import { otherSenders } from "./fixtures.ts";
import { FrameAssembler } from "./frame-assembler.ts";
import { packetizeH264 } from "./h264-packetizer.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

const sps = hex("6742c00b8c8d4105bcb37010d01078442350");
/** Another size, the same seq_parameter_set_id. */
const otherSps = hex("6742c00dda0507ec0440000003004000000f23c50aa8");
const pps = hex("68ce3c80");
const otherPps = hex("68ce0fc8");
/** x264 with identifiers 1. */
const spsOfId1 = hex("6764000a4b36511ec044000003000400000300f03c489658");
const ppsOfId1 = hex("684abe3cb22c");
const idr = hex("65b80004000013ff");
const slice = hex("61e0004000be4138");
const delimiter = hex("0910");

describe("FrameAssembler for H.264", () => {
  it("leaves parameter sets out of the frame and keeps the rest in order", () => {
    const assembler = new FrameAssembler("h264");
    const frame = assembler.assemble(packetizeH264([delimiter, sps, pps, idr], 1200));
    expect(frame?.payload.map(toHex)).toEqual([delimiter, idr].map(toHex));
    expect(frame).toMatchObject({ key: true, width: 128, height: 72 });
    expect(assembler.assemble(packetizeH264([delimiter, slice], 1200))).toMatchObject({
      key: false,
      config: undefined,
      width: 128,
      height: 72,
    });
  });

  it("reads the access units of x264 as ffmpeg sends them", () => {
    const fixture = otherSenders.find(({ codec }) => codec === "h264");
    if (fixture === undefined) throw new Error("no fixture");
    const assembler = new FrameAssembler("h264");
    const frame = assembler.assemble([hex(fixture.key)]);
    expect(frame).toMatchObject({ key: true, width: 64, height: 48 });
    expect(frame?.payload.map((nal) => (nal[0] as number) & 31)).toEqual([9, 6, 5]);
  });

  it("puts a NAL unit together however it was cut", () => {
    const long = new Uint8Array(1000).map((_, i) => (i === 0 ? 0x65 : i % 251));
    for (const maxBytes of [16, 17, 100, 500, 999, 1000]) {
      const assembler = new FrameAssembler("h264");
      const frame = assembler.assemble(packetizeH264([sps, pps, long], maxBytes));
      expect(frame?.payload).toEqual([long]);
    }
  });

  it("tells of parameter sets that came alone with the next frame", () => {
    const assembler = new FrameAssembler("h264");
    expect(assembler.assemble([sps])).toBeUndefined();
    expect(assembler.assemble([pps])).toBeUndefined();
    const frame = assembler.assemble([idr]);
    expect(frame?.config).toBeDefined();
    expect(frame).toMatchObject({ key: true, width: 128, height: 72 });
    expect(assembler.assemble([idr])?.config).toBeUndefined();
    expect(assembler.malformed).toBe(0);
  });

  it("waits with the configuration until it has sets of both kinds", () => {
    const assembler = new FrameAssembler("h264");
    expect(assembler.assemble([sps, idr])).toMatchObject({ key: true, config: undefined });
    expect(assembler.assemble([slice])?.config).toBeUndefined();
    expect(assembler.assemble([pps, slice])?.config).toBeDefined();
  });

  it("takes one kind of set alone for a change", () => {
    const assembler = new FrameAssembler("h264");
    const first = assembler.assemble([sps, pps, idr])?.config;
    const second = assembler.assemble([otherPps, slice])?.config;
    expect(second).not.toEqual(first);
    expect(parseAvcC(second as Uint8Array)).toMatchObject({ sps: [sps], pps: [otherPps] });
    const third = assembler.assemble([otherSps, idr]);
    expect(third).toMatchObject({ width: 320, height: 240 });
    expect(parseAvcC(third?.config as Uint8Array)).toMatchObject({
      sps: [otherSps],
      pps: [otherPps],
    });
  });

  it("forgets the sets of an encoder that began anew with other identifiers", () => {
    const assembler = new FrameAssembler("h264");
    expect(parseSps(spsOfId1).id).toBe(1);
    expect(assembler.assemble([spsOfId1, ppsOfId1, idr])?.width).toBe(64);
    const frame = assembler.assemble([sps, pps, idr]);
    expect(parseAvcC(frame?.config as Uint8Array)).toMatchObject({ sps: [sps], pps: [pps] });
  });

  it("gives no frame whose sequence parameter set is broken", () => {
    const assembler = new FrameAssembler("h264");
    expect(assembler.assemble([sps.subarray(0, 5), pps, idr])).toBeUndefined();
    expect(assembler.malformed).toBe(1);
    expect(assembler.assemble([sps, pps, idr])?.key).toBe(true);
  });

  it("ignores payloads of padding", () => {
    const assembler = new FrameAssembler("h264");
    const empty = new Uint8Array(0);
    expect(assembler.assemble([empty, sps, pps, empty, idr, empty])?.payload).toEqual([idr]);
    expect(assembler.assemble([empty])).toBeUndefined();
    expect(assembler.malformed).toBe(0);
  });

  it("holds its limit of NAL units", () => {
    const units = new Array<Uint8Array>(5).fill(slice);
    expect(new FrameAssembler("h264", { maxUnits: 5 }).assemble(units)?.payload).toHaveLength(5);
    expect(new FrameAssembler("h264", { maxUnits: 4 }).assemble(units)).toBeUndefined();
  });

  it("goes on when its inner sequence numbers wrap", () => {
    const assembler = new FrameAssembler("h264");
    for (let i = 0; i < 66_000; i += 1) {
      if (assembler.assemble([slice]) === undefined) throw new Error(`no frame ${i}`);
    }
    expect(assembler.malformed).toBe(0);
  });
});
