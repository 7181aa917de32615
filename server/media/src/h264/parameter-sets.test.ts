import { describe, expect, it } from "vitest";
import { BitWriter } from "../bits/index.ts";
import { ProtocolError } from "../error/index.ts";
import { splitAnnexB } from "./annexb.ts";
import { parseAvcC } from "./decoder-config.ts";
import { spsFixtures, tinyAnnexB } from "./fixtures.ts";
import { insertEmulationPrevention, nalType } from "./nal.ts";
import { maxPpsBytes, ParameterSets } from "./parameter-sets.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));

function pps(id: number): Uint8Array {
  const bits = new BitWriter();
  bits.ue(id);
  bits.ue(0);
  bits.rbspTrailingBits();
  return Uint8Array.of(0x68, ...insertEmulationPrevention(bits.bytes()));
}

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}

describe("ParameterSets", () => {
  const stream = splitAnnexB(hex(tinyAnnexB));

  it("takes the parameter sets out and makes an avcC of them", () => {
    const sets = new ParameterSets();
    expect(sets.config).toBeUndefined();
    expect(sets.take(stream).map(nalType)).toEqual([5, 1, 1]);
    const config = sets.config;
    expect(config && parseAvcC(config)).toMatchObject({ sps: [stream[0]], pps: [stream[1]] });
  });

  it("gives the list itself back when there is nothing to take", () => {
    const list = stream.slice(2);
    expect(new ParameterSets().take(list)).toBe(list);
  });

  it("keeps the same configuration until something changes", () => {
    const sets = new ParameterSets();
    sets.take(stream);
    const config = sets.config;
    sets.take(stream.map((nal) => nal.slice()));
    expect(sets.config).toBe(config);
    sets.take([hex(spsFixtures[1]?.sps ?? "")]);
    expect(sets.config).not.toBe(config);
    expect(sets.config?.[1]).toBe(77);
  });

  it("copies what it keeps", () => {
    const sets = new ParameterSets();
    const own = stream.map((nal) => nal.slice());
    sets.take(own);
    for (const nal of own) nal.fill(0);
    expect(parseAvcC(sets.config ?? new Uint8Array())).toMatchObject({ pps: [stream[1]] });
  });

  it("orders by identifier and replaces by identifier", () => {
    const sets = new ParameterSets();
    sets.take([stream[0] as Uint8Array, pps(200), pps(3), pps(40), pps(3)]);
    expect(parseAvcC(sets.config ?? new Uint8Array()).pps).toEqual([pps(3), pps(40), pps(200)]);
  });

  it("holds its limits", () => {
    const sets = new ParameterSets(2);
    expect(codeOf(() => sets.take([pps(0), pps(255), pps(0)]))).toBeUndefined();
    expect(codeOf(() => sets.take([pps(7)]))).toBe("H264_PPS_TOO_MANY");
    expect(codeOf(() => sets.take([pps(256)]))).toBe("H264_PPS_INVALID");
    const long = (size: number) =>
      Uint8Array.of(...pps(0), ...new Uint8Array(size - pps(0).byteLength));
    expect(codeOf(() => sets.take([long(maxPpsBytes)]))).toBeUndefined();
    expect(codeOf(() => sets.take([long(maxPpsBytes + 1)]))).toBe("H264_PPS_TOO_LARGE");
    expect(codeOf(() => sets.take([Uint8Array.of(0x67, 1)]))).toBe("BITS_EXHAUSTED");
  });
});
