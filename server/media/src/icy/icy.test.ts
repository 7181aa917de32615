import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MetadataInterleaver } from "./interleaver.ts";
import {
  maxMetadataBytes,
  maxTitleBytes,
  parseMetadata,
  unchangedBlock,
  writeMetadataBlock,
} from "./metadata-block.ts";
import { IcyReader } from "./reader.ts";

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const title = (block: Uint8Array): string | undefined =>
  parseMetadata(block.subarray(1)).get("StreamTitle");
const join = (pieces: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(pieces));

/** Cuts bytes into pieces of the given sizes, the rest last. */
function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const size of sizes) {
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  pieces.push(bytes.subarray(at));
  return pieces;
}

class Out {
  readonly pieces: Uint8Array[] = [];
  take(bytes: Uint8Array): void {
    this.pieces.push(bytes.slice());
  }
}

function read(interval: number, pieces: readonly Uint8Array[]) {
  const audio: Uint8Array[] = [];
  const titles: (string | undefined)[] = [];
  const reader = new IcyReader(interval, {
    audio: (bytes) => void audio.push(bytes.slice()),
    metadata: (fields) => void titles.push(fields.get("StreamTitle")),
  });
  for (const piece of pieces) reader.receive(piece);
  return { audio: join(audio), titles, blocks: reader.blocks };
}

describe("metadata block", () => {
  it("is what Icecast 2.4.4 sends", () => {
    expect(text(writeMetadataBlock(""))).toBe("\u0001StreamTitle='';\0");
    const block = writeMetadataBlock("Artist - It's a Test");
    expect(text(block)).toBe(`\u0003StreamTitle='Artist - It's a Test';${"\0".repeat(13)}`);
    expect(block.length).toBe(49);
    expect(unchangedBlock).toEqual(Uint8Array.of(0));
  });

  it("is UTF-8 and pads to 16 bytes", () => {
    expect(text(writeMetadataBlock("Tëst"))).toBe(`\u0002StreamTitle='Tëst';${"\0".repeat(12)}`);
    expect(writeMetadataBlock("1").length).toBe(17);
    expect(writeMetadataBlock("12").length).toBe(33);
  });

  it("never ends before its title does", () => {
    expect(title(writeMetadataBlock("rock 'n'"))).toBe("rock 'n'");
    expect(title(writeMetadataBlock("a';StreamUrl='b';c"))).toBe("a\u2019;StreamUrl='b\u2019;c");
    expect(title(writeMetadataBlock("'';"))).toBe("'\u2019;");
    expect(title(writeMetadataBlock(";'"))).toBe(";'");
  });

  it("has no control characters in its text", () => {
    expect(title(writeMetadataBlock("a\0b\r\nc\u007f"))).toBe("a b  c ");
  });

  it("takes a title of the longest size and cuts longer ones between characters", () => {
    const fits = "x".repeat(maxTitleBytes);
    const block = writeMetadataBlock(fits);
    expect(block[0]).toBe(255);
    expect(block.length).toBe(1 + maxMetadataBytes);
    expect(title(block)).toBe(fits);
    expect(writeMetadataBlock(`${fits}x`)).toEqual(block);
    for (const last of ["ë", "€", "🎵"]) {
      const long = `${"x".repeat(maxTitleBytes - 1)}${last}`;
      expect(title(writeMetadataBlock(long))).toBe("x".repeat(maxTitleBytes - 1));
    }
  });

  it("reads several fields and refuses what is none", () => {
    const bytes = (value: string): Uint8Array => new Uint8Array(Buffer.from(value));
    expect([...parseMetadata(bytes("StreamTitle='a = 'b'';StreamUrl='';\0\0"))]).toEqual([
      ["StreamTitle", "a = 'b'"],
      ["StreamUrl", ""],
    ]);
    expect(parseMetadata(bytes("\0\0")).size).toBe(0);
    expect(() => parseMetadata(bytes("hello"))).toThrow(
      expect.objectContaining({ code: "ICY_METADATA_INVALID" }),
    );
  });

  it("carries any title that fits", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 300 }), (value) => {
        const got = title(writeMetadataBlock(value)) ?? "";
        expect(got.replaceAll("\u2019", "'").replaceAll(" ", "")).toBe(
          // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is replaced
          value.replaceAll("\u2019", "'").replaceAll(/[\x00-\x20\x7f]/g, ""),
        );
      }),
    );
  });
});

describe("MetadataInterleaver", () => {
  const a = writeMetadataBlock("a");
  const b = writeMetadataBlock("b");

  it("puts a block after each interval, in full when it is new", () => {
    const out = new Out();
    const icy = new MetadataInterleaver(4);
    icy.write(Uint8Array.of(1, 2, 3), a, out);
    expect(icy.untilBlock).toBe(1);
    icy.write(Uint8Array.of(4), a, out);
    icy.write(Uint8Array.of(5, 6, 7, 8), a, out);
    icy.write(Uint8Array.of(9), b, out);
    icy.write(Uint8Array.of(10, 11, 12, 13), b, out);
    expect(join(out.pieces)).toEqual(
      join([
        Uint8Array.of(1, 2, 3, 4),
        a,
        Uint8Array.of(5, 6, 7, 8, 0, 9, 10, 11, 12),
        b,
        Uint8Array.of(13),
      ]),
    );
  });

  it("hands on audio without a copy", () => {
    const audio = new Uint8Array(100);
    const taken: Uint8Array[] = [];
    const out = { take: (bytes: Uint8Array) => void taken.push(bytes) };
    const icy = new MetadataInterleaver(100);
    icy.write(audio, a, out);
    icy.write(audio.subarray(0, 30), a, out);
    icy.write(audio, a, out);
    expect(taken[0]).toBe(audio);
    expect(taken[1]).toBe(a);
    expect(taken.every((bytes) => bytes.buffer === audio.buffer || bytes.length < 40)).toBe(true);
  });

  it("refuses an interval below 1", () => {
    expect(() => new MetadataInterleaver(0)).toThrow(RangeError);
    expect(() => new MetadataInterleaver(1.5)).toThrow(RangeError);
    expect(() => new IcyReader(0, { audio() {}, metadata() {} })).toThrow(RangeError);
  });

  it("counts exactly whatever the sizes of what is written and read", () => {
    const sizes = fc.array(fc.nat(60), { maxLength: 40 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.uint8Array({ maxLength: 1500 }),
        sizes,
        sizes,
        fc.array(fc.boolean(), { maxLength: 40 }),
        (interval, audio, written, received, changes) => {
          const out = new Out();
          const icy = new MetadataInterleaver(interval);
          const blocks = [a, b];
          let current = 0;
          const expected: string[] = [];
          let sent = 0;
          let told: number | undefined;
          cut(audio, written).forEach((piece, index) => {
            if (changes[index] === true) current = 1 - current;
            for (let due = sent - (sent % interval) + interval; due <= sent + piece.length; ) {
              if (told !== current) expected.push(current === 0 ? "a" : "b");
              told = current;
              due += interval;
            }
            sent += piece.length;
            icy.write(piece, blocks[current] as Uint8Array, out);
          });
          const got = read(interval, cut(join(out.pieces), received));
          expect(got.audio).toEqual(audio);
          expect(got.blocks).toBe(Math.floor(audio.length / interval));
          expect(got.titles).toEqual(expected);
        },
      ),
    );
  });
});

describe("IcyReader", () => {
  it("gives the same wherever the stream is split", () => {
    const stream = join([
      Uint8Array.of(1, 2, 3),
      writeMetadataBlock("Radio Ö"),
      Uint8Array.of(4, 5, 6, 0, 7, 8, 9),
      writeMetadataBlock("b"),
      Uint8Array.of(10),
    ]);
    const whole = read(3, [stream]);
    expect(whole).toEqual({
      audio: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
      titles: ["Radio Ö", "b"],
      blocks: 3,
    });
    for (let at = 0; at <= stream.length; at++) {
      expect(read(3, [stream.subarray(0, at), stream.subarray(at)])).toEqual(whole);
    }
    expect(
      read(
        3,
        [...stream].map((byte) => Uint8Array.of(byte)),
      ),
    ).toEqual(whole);
  });

  it("gives a result or a ProtocolError for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(20), (bytes, interval) => {
        try {
          read(interval + 1, [bytes]);
        } catch (error) {
          expect(error).toMatchObject({ name: "ProtocolError", code: "ICY_METADATA_INVALID" });
        }
      }),
    );
  });
});
