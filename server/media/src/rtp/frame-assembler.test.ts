import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { writeAnnexB } from "../h264/index.ts";
import { chromiumFrames } from "./fixtures.ts";
import { FrameAssembler, videoTrackInfoOf } from "./frame-assembler.ts";
import type { AssembledFrame } from "./frame-assembly.ts";
import { inspectPayload, type RtpVideoCodec } from "./inspect-payload.ts";
import { plainVp8Payload } from "./vp8-payload.ts";

const hex = (text: string): Uint8Array =>
  new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
const toHex = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString("hex");
const codecs: readonly RtpVideoCodec[] = ["h264", "vp8", "vp9", "av1"];

const sent = (codec: RtpVideoCodec): Uint8Array[][] =>
  chromiumFrames[codec].map(({ payloads }) => payloads.map(hex));

function sha256(codec: RtpVideoCodec, frame: AssembledFrame): string {
  const bytes = codec === "h264" ? writeAnnexB(frame.payload) : (frame.payload[0] as Uint8Array);
  return createHash("sha256").update(bytes).digest("hex");
}

const configs = {
  h264: "0142c00bffe100126742c00b8c8d4105bcb37010d0107844235001000468ce3c80",
  vp8: undefined,
  vp9: "01000000000a820202020000",
  av1: "81000c000a0a00000003",
};

describe("FrameAssembler", () => {
  it.each(codecs)("gives what came out of Chromium's encoder, %s", (codec) => {
    const assembler = new FrameAssembler(codec);
    for (const [i, { sha256: wanted, bytes }] of chromiumFrames[codec].entries()) {
      const frame = assembler.assemble(sent(codec)[i] as Uint8Array[]);
      if (frame === undefined) throw new Error("no frame");
      expect(sha256(codec, frame)).toBe(wanted);
      expect(frame).toMatchObject({ key: i === 0, width: 128, height: 72 });
      if (codec !== "h264") expect(frame.payload.map((p) => p.byteLength)).toEqual([bytes]);
      if (i > 0) expect(frame.config).toBeUndefined();
      else if (codec === "av1") expect(toHex(frame.config)?.startsWith(configs.av1)).toBe(true);
      else expect(toHex(frame.config)).toBe(configs[codec]);
    }
    expect(assembler.malformed).toBe(0);
  });

  it("gives the same VP8 frame of plain payloads", () => {
    const assembler = new FrameAssembler("vp8");
    for (const [i, payloads] of sent("vp8").entries()) {
      const frame = assembler.assemble(payloads.map(plainVp8Payload));
      expect(frame && sha256("vp8", frame)).toBe(chromiumFrames.vp8[i]?.sha256);
    }
  });

  it.each(codecs)("agrees with inspectPayload about key frames, %s", (codec) => {
    const assembler = new FrameAssembler(codec);
    for (const payloads of sent(codec)) {
      const key = payloads.some((payload) => inspectPayload(codec, payload).key);
      expect(assembler.assemble(payloads)?.key).toBe(key);
    }
  });

  it.each(codecs)("keeps the same configuration object until it changes, %s", (codec) => {
    const assembler = new FrameAssembler(codec);
    const [key] = sent(codec) as [Uint8Array[]];
    const first = assembler.assemble(key)?.config;
    const again = assembler.assemble(key.map((payload) => payload.slice()))?.config;
    expect(again).toBe(first);
  });

  it.each(codecs)(
    "gives no frame, and goes on, when the first or last payload is missing, %s",
    (codec) => {
      const [key, ...others] = sent(codec) as [Uint8Array[], ...Uint8Array[][]];
      const assembler = new FrameAssembler(codec);
      for (const i of [0, key.length - 1]) {
        const frame = assembler.assemble(key.filter((_, at) => at !== i));
        // Without its parameter sets an H.264 frame is whole, and VP8 does not say where a frame ends.
        const isWhole = (codec === "h264" && i === 0) || (codec === "vp8" && i === key.length - 1);
        expect(frame !== undefined).toBe(isWhole);
      }
      expect(assembler.malformed).toBe(codec === "h264" || codec === "vp8" ? 1 : 2);
      expect(assembler.assemble(key)?.key).toBe(true);
      for (const payloads of others) expect(assembler.assemble(payloads)?.key).toBe(false);
    },
  );

  it.each(codecs)("gives no frame of payloads in wrong order or of two frames, %s", (codec) => {
    const [key, inter] = sent(codec) as [Uint8Array[], Uint8Array[]];
    const assembler = new FrameAssembler(codec);
    expect(assembler.assemble([...key].reverse())).toBeUndefined();
    expect(assembler.malformed).toBe(1);
    // H.264 and AV1 do not say where a frame begins.
    const says = codec === "vp8" || codec === "vp9";
    expect(assembler.assemble([...key, ...inter]) === undefined).toBe(says);
  });

  it.each(codecs)("gives nothing for no payloads and for empty ones, %s", (codec) => {
    const assembler = new FrameAssembler(codec);
    expect(assembler.assemble([])).toBeUndefined();
    expect(assembler.malformed).toBe(0);
    expect(assembler.assemble([new Uint8Array(0)])).toBeUndefined();
    expect(assembler.assemble(sent(codec)[0] as Uint8Array[])?.key).toBe(true);
  });

  it.each(codecs)("holds its limits, %s", (codec) => {
    const [key] = sent(codec) as [Uint8Array[]];
    const size = key.reduce((sum, payload) => sum + payload.byteLength, 0);
    const fits = new FrameAssembler(codec, { maxFrameBytes: size, maxPayloads: key.length });
    expect(fits.assemble(key)?.key).toBe(true);
    for (const limits of [{ maxFrameBytes: size - 1 }, { maxPayloads: key.length - 1 }]) {
      const small = new FrameAssembler(codec, limits);
      expect(small.assemble(key)).toBeUndefined();
      expect(small.malformed).toBe(1);
    }
  });

  it("describes the track", () => {
    const info = (codec: RtpVideoCodec) => {
      const assembler = new FrameAssembler(codec);
      const [key, inter] = sent(codec) as [Uint8Array[], Uint8Array[]];
      const [first, second] = [assembler.assemble(key), assembler.assemble(inter)];
      if (first === undefined || second === undefined) throw new Error("no frame");
      expect(videoTrackInfoOf(codec, second)).toBeUndefined();
      return videoTrackInfoOf(codec, first);
    };
    for (const codec of codecs) {
      expect(info(codec)).toMatchObject({
        kind: "video",
        codec,
        width: 128,
        height: 72,
        reorderDepth: 0,
      });
    }
    expect(codecs.map((codec) => info(codec)?.codecString)).toEqual([
      "avc1.42c00b",
      "vp8",
      "vp09.00.10.08",
      "av01.0.00M.08",
    ]);
    expect(info("vp8")?.config.byteLength).toBe(0);
  });

  it.each(codecs)("takes arbitrary bytes, %s", (codec) => {
    const assembler = new FrameAssembler(codec);
    const [key] = sent(codec) as [Uint8Array[]];
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 }),
        fc.nat(1000),
        fc.nat(255),
        (payloads, at, byte) => {
          assembler.assemble(payloads);
          const [first, ...rest] = key as [Uint8Array, ...Uint8Array[]];
          assembler.assemble([
            first.slice(0, 400).with(at % Math.min(first.byteLength, 400), byte),
            ...rest,
          ]);
          assembler.assemble([first, ...payloads]);
        },
      ),
      { numRuns: 300 },
    );
    expect(assembler.assemble(key)?.key).toBe(true);
  });
});
