import { adtsHeaderBytes, maxAdtsFrameBytes, parseAdtsHeader } from "@millrace/media/aac";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { audioInfo } from "../../core/test-frames.ts";
import { framerOf } from "./format.ts";
import { PieceMaker } from "./piece-maker.ts";
import { PieceRing, type SoundPiece } from "./piece-ring.ts";
import { aacFrameUs, aacInfo, mp3Info, opusInfo, soundFrame } from "./test-sound.ts";

const plain = { header: () => new Uint8Array(0) };

const piece = (startUs: number, bytes = 10): SoundPiece => ({
  startUs,
  lastUs: startUs + 40_000,
  frames: 3,
  framesBefore: 0,
  bytes: new Uint8Array(bytes),
});

describe("framerOf", () => {
  it("writes ADTS headers for AAC and nothing for MP3", () => {
    const header = framerOf(aacInfo, "aac")?.header(340);
    expect(header && parseAdtsHeader(header)).toMatchObject({
      objectType: 2,
      sampleRate: 48_000,
      channelConfiguration: 2,
      frameBytes: 347,
    });
    expect(framerOf(mp3Info, "mp3")?.header(400)).toHaveLength(0);
  });

  it("has none for other codecs and for AAC that ADTS has no word for", () => {
    expect(framerOf(opusInfo, "aac")).toBeUndefined();
    expect(framerOf(aacInfo, "mp3")).toBeUndefined();
    expect(framerOf(mp3Info, "aac")).toBeUndefined();
    for (const config of ["", "11", "1194", "f8f03000"]) {
      const info = audioInfo({ config: new Uint8Array(Buffer.from(config, "hex")) });
      expect(framerOf(info, "aac"), config).toBeUndefined();
    }
  });

  it("leaves out access units that are longer than ADTS can say", () => {
    const framer = framerOf(aacInfo, "aac");
    const longest = maxAdtsFrameBytes - adtsHeaderBytes;
    expect(framer?.header(longest)).toHaveLength(7);
    expect(framer?.header(longest + 1)).toBeUndefined();
  });
});

describe("PieceMaker", () => {
  it("puts frames together until they are long enough", () => {
    const maker = new PieceMaker(60_000, 1_000);
    const made: SoundPiece[] = [];
    for (let number = 0; number < 7; number++) {
      const one = maker.push(soundFrame(number, aacFrameUs(number), 20), plain);
      if (one !== undefined) made.push(one);
    }
    expect(
      made.map(({ frames, framesBefore, startUs, lastUs, bytes }) => [
        frames,
        framesBefore,
        startUs,
        lastUs,
        bytes.length,
      ]),
    ).toEqual([
      [3, 0, 0, 42_667, 60],
      [3, 3, 64_000, 106_667, 60],
    ]);
    expect(maker.flush()).toMatchObject({ frames: 1, framesBefore: 6 });
    expect(maker.flush()).toBeUndefined();
  });

  it("completes a piece of many bytes that has no length", () => {
    const maker = new PieceMaker(60_000, 100);
    expect(maker.push(soundFrame(1, 0, 99), plain)).toBeUndefined();
    expect(maker.push(soundFrame(2, 1, 1), plain)).toMatchObject({ frames: 2 });
  });

  it("leaves out frames without bytes", () => {
    const maker = new PieceMaker(0, 1_000);
    expect(maker.push(soundFrame(1, 0, 0), plain)).toBeUndefined();
    expect(maker.flush()).toBeUndefined();
    expect(maker.push(soundFrame(1, 0, 1), plain)?.frames).toBe(1);
  });

  it("loses and changes no byte", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.uint8Array({ maxLength: 20 }), fc.nat(50_000)), { maxLength: 60 }),
        fc.nat(100_000),
        (frames, pieceUs) => {
          const maker = new PieceMaker(pieceUs, 100);
          const out: Uint8Array[] = [];
          let ptsUs = 0;
          for (const [payload, stepUs] of frames) {
            ptsUs += stepUs;
            const one = maker.push({ ptsUs, dtsUs: ptsUs, key: true, payload: [payload] }, plain);
            if (one !== undefined) out.push(one.bytes);
          }
          out.push(maker.flush()?.bytes ?? new Uint8Array(0));
          expect(Buffer.concat(out)).toEqual(Buffer.concat(frames.map(([payload]) => payload)));
        },
      ),
    );
  });
});

describe("PieceRing", () => {
  it("numbers pieces and forgets old ones", () => {
    const ring = new PieceRing(1_000_000, 1_000_000);
    expect([ring.first, ring.next, ring.from(0)]).toEqual([0, 0, 0]);
    for (let number = 0; number < 1000; number++) ring.push(piece(number * 64_000));
    expect(ring.next).toBe(1000);
    expect(ring.at(ring.first)?.startUs).toBeGreaterThanOrEqual(999 * 64_000 + 40_000 - 1_000_000);
    expect(ring.at(ring.first - 1)).toBeUndefined();
    expect(ring.at(1000)).toBeUndefined();
    expect(ring.at(999)?.startUs).toBe(999 * 64_000);
    expect(ring.bytes).toBe((ring.next - ring.first) * 10);
  });

  it("keeps no more bytes than it may, but always the newest piece", () => {
    const ring = new PieceRing(1_000_000_000, 100);
    for (let number = 0; number < 10; number++) ring.push(piece(number, 30));
    expect([ring.first, ring.bytes]).toEqual([7, 90]);
    ring.push(piece(10, 10));
    expect([ring.first, ring.bytes]).toEqual([7, 100]);
    ring.push(piece(11, 500));
    expect([ring.first, ring.next, ring.bytes]).toEqual([11, 12, 500]);
  });

  it("finds where a time begins", () => {
    const ring = new PieceRing(10_000_000, 1_000_000);
    for (let number = 0; number < 10; number++) ring.push(piece(number * 100));
    expect(ring.from(-1)).toBe(0);
    expect(ring.from(500)).toBe(5);
    expect(ring.from(501)).toBe(6);
    expect(ring.from(901)).toBe(10);
  });
});
