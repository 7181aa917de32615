import { execFileSync, spawnSync } from "node:child_process";
import { parseAvcC } from "@millrace/media/h264";
import { describe, expect, it } from "vitest";
import { MacroblockEncoder } from "./macroblock-encoder.ts";
import { Mosaic } from "./mosaic.ts";
import { demoVideoInfo } from "./parameter-sets.ts";
import { Pattern, patternColumns, patternRows } from "./pattern.ts";

const hasFfmpeg = spawnSync("ffmpeg", ["-version"]).status === 0;
if (!hasFfmpeg && process.env["CI"]) throw new Error("ffmpeg is needed for these tests");

const startCode = Buffer.from([0, 0, 0, 1]);

/** Decodes with ffmpeg; planar 4:2:0. */
function decode(columns: number, rows: number, nals: readonly Uint8Array[]): Buffer {
  const { sps, pps } = parseAvcC(demoVideoInfo(columns, rows, 30).config);
  const stream = [...sps, ...pps, ...nals].flatMap((nal) => [startCode, nal]);
  const args =
    "-hide_banner -loglevel error -xerror -f h264 -i pipe:0 -fps_mode passthrough -f rawvideo -pix_fmt yuv420p pipe:1";
  return execFileSync("ffmpeg", args.split(" "), {
    input: Buffer.concat(stream),
    maxBuffer: 1 << 30,
  });
}

/** The pixels that a mosaic stands for. */
function pixels(mosaic: Mosaic): Buffer {
  const plane = (shift: number, side: number): Buffer => {
    const width = mosaic.columns * side;
    const out = Buffer.alloc(width * mosaic.rows * side);
    for (let y = 0; y < mosaic.rows * side; y++) {
      for (let column = 0; column < mosaic.columns; column++) {
        const cell = mosaic.cells[Math.floor(y / side) * mosaic.columns + column] ?? 0;
        out.fill(
          (cell >> shift) & 0xff,
          y * width + column * side,
          y * width + (column + 1) * side,
        );
      }
    }
    return out;
  };
  return Buffer.concat([plane(16, 16), plane(8, 8), plane(0, 8)]);
}

/** Pseudo-random bytes, the same in every run. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  };
}

describe.skipIf(!hasFfmpeg)("MacroblockEncoder, decoded by ffmpeg", () => {
  it("shows the test picture exactly, in key frames and in the pictures between", () => {
    const pattern = new Pattern();
    const encoder = new MacroblockEncoder(patternColumns, patternRows);
    const nals: Uint8Array[] = [];
    const expected: Buffer[] = [];
    for (let frame = 0; frame < 12; frame++) {
      const wallMs = 1_700_000_000_000 + frame * 33;
      const picture = pattern.draw({ wallMs, frame, flash: frame < 3 });
      nals.push(encoder.encode(picture, frame % 5 === 0).nal);
      expected.push(pixels(encoder.reconstruction));
      expect(encoder.reconstruction.cells).toEqual(picture.cells);
    }
    expect(decode(patternColumns, patternRows, nals).equals(Buffer.concat(expected))).toBe(true);
  });

  it.each([1, 2, 3])("shows arbitrary colours exactly (seed %i)", (seed) => {
    const next = noise(seed);
    const mosaic = new Mosaic(13, 11);
    const encoder = new MacroblockEncoder(13, 11);
    const nals: Uint8Array[] = [];
    const expected: Buffer[] = [];
    for (let frame = 0; frame < 40; frame++) {
      for (let mb = 0; mb < 143; mb++) {
        // Small and large steps, none at all, and single planes.
        const kind = frame === 0 ? 4 : next() % 6;
        const step = () => (kind === 1 ? (next() % 3) - 1 : kind === 2 ? (next() % 41) - 20 : 0);
        const old = mosaic.cells[mb] ?? 0;
        const part = (shift: number): number => {
          const value = kind >= 4 ? next() : ((old >> shift) & 0xff) + step();
          return Math.max(0, Math.min(255, value)) << shift;
        };
        const chroma = kind === 3 ? old & 0xffff : part(8) | part(0);
        mosaic.cells[mb] = (kind === 5 ? old & 0xff0000 : part(16)) | chroma;
      }
      nals.push(encoder.encode(mosaic, frame % 16 === 0).nal);
      expected.push(pixels(mosaic));
    }
    expect(decode(13, 11, nals).equals(Buffer.concat(expected))).toBe(true);
  });

  it("goes on after frame_num wrapped", () => {
    const mosaic = new Mosaic(2, 2);
    const encoder = new MacroblockEncoder(2, 2);
    const nals: Uint8Array[] = [];
    const expected: Buffer[] = [];
    for (let frame = 0; frame < 600; frame++) {
      mosaic.cells.fill(((frame % 256) << 16) | 0x8080);
      nals.push(encoder.encode(mosaic, false).nal);
      expected.push(pixels(mosaic));
    }
    expect(decode(2, 2, nals).equals(Buffer.concat(expected))).toBe(true);
  });
});

describe("MacroblockEncoder", () => {
  it("begins with a key frame although none was asked for", () => {
    const encoder = new MacroblockEncoder(2, 2);
    expect(encoder.encode(new Mosaic(2, 2), false).key).toBe(true);
    expect(encoder.encode(new Mosaic(2, 2), false).key).toBe(false);
  });

  it("codes a picture without changes in a few bytes", () => {
    const encoder = new MacroblockEncoder(patternColumns, patternRows);
    const picture = new Pattern().draw({ wallMs: 0, frame: 0, flash: false });
    encoder.encode(picture, true);
    expect(encoder.encode(picture, false).nal.byteLength).toBeLessThan(12);
  });

  it("describes itself as constrained baseline without reordering", () => {
    expect(demoVideoInfo(patternColumns, patternRows, 30)).toMatchObject({
      codec: "h264",
      codecString: "avc1.42e01f",
      width: 1280,
      height: 720,
      reorderDepth: 0,
    });
  });
});
