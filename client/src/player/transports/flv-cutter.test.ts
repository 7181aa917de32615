import { writeAmf0 } from "@millrace/media/amf";
import { TagType, writeFlvHeader, writeFlvTag, writeMetadataBody } from "@millrace/media/flv";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { firstTimeMs, maxJumpMs } from "./flv-clock.ts";
import { FlvCutter } from "./flv-cutter.ts";

const config = [0x17, 0, 0, 0, 0, 1];
const key = [0x17, 1, 0, 0, 0, 9, 9];
const inter = [0x27, 1, 0, 0, 0, 8];
const sound = [0xaf, 1, 7];
const soundConfig = [0xaf, 0, 0x12, 0x10];

const video = (ms: number, body = inter) => writeFlvTag(TagType.video, ms, Uint8Array.from(body));
const audio = (ms: number, body = sound) => writeFlvTag(TagType.audio, ms, Uint8Array.from(body));
const capture = (streamTimeMs: number, wallMs: number) =>
  writeFlvTag(TagType.script, 0, writeMetadataBody([], { streamTimeMs, wallMs }));
const metadata = writeFlvTag(TagType.script, 0, writeMetadataBody([]));
const header = (tracks: { audio: boolean; video: boolean }) => writeFlvHeader(tracks);

const join = (...pieces: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(pieces));
const whole = (pieces: readonly ArrayBuffer[]) =>
  join(...pieces.map((piece) => new Uint8Array(piece)));

/** Types and times of the tags in a piece. */
function tags(bytes: Uint8Array, at = 0): string[] {
  const found: string[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let from = at; from < bytes.length; ) {
    const size = view.getUint32(from) & 0xff_ffff;
    const ms = ((bytes[from + 7] ?? 0) << 24) | (view.getUint32(from + 4) >>> 8);
    found.push(`${{ 8: "a", 9: "v", 18: "s" }[bytes[from] ?? 0]}${ms}`);
    from += 11 + size + 4;
  }
  return found;
}

const stream = (from: number) =>
  join(
    header({ audio: true, video: true }),
    metadata,
    capture(from + 5000, 1_700_000_005_000.5),
    video(from, config),
    audio(from, soundConfig),
    video(from, key),
    video(from + 33),
    audio(from - 12),
    audio(from + 11),
    video(from + 66),
  );

describe("pieces for mpegts.js", () => {
  it("begin with a frame of every track, near time 0", () => {
    const cutter = new FlvCutter();
    const [first, ...more] = cutter.receive(stream(70_000_000));
    expect(more).toEqual([]);
    expect(tags(new Uint8Array(first ?? new ArrayBuffer(0)), 13)).toEqual([
      "s0",
      "s0",
      ...["v1000", "a1000", "v1000", "v1033", "a988", "a1011", "v1066"],
    ]);
    // The sound began 12 ms before the picture: that is where the timeline begins.
    expect(cutter.captureWallMs(0.012)).toBeCloseTo(1_700_000_000_000.5, 3);
    expect(cutter.captureWallMs(1.012)).toBeCloseTo(1_700_000_001_000.5, 3);
  });

  it("are the same tags wherever the bytes are split", () => {
    const bytes = stream(1000);
    const expected = whole(new FlvCutter().receive(bytes.slice()));
    const wrong: number[] = [];
    for (let at = 0; at <= bytes.length; at++) {
      const cutter = new FlvCutter();
      const pieces = [...cutter.receive(bytes.slice(0, at)), ...cutter.receive(bytes.slice(at))];
      const same = Buffer.compare(whole(pieces), expected) === 0;
      const captureMs = cutter.captureWallMs(0.012) ?? 0;
      if (!same || Math.abs(captureMs - 1_700_000_000_000.5) > 0.01) wrong.push(at);
    }
    expect(wrong).toEqual([]);
  });

  it("go on when the times of tags wrap and when they pass 2^31", () => {
    for (const from of [0xffff_fff0, 0x7fff_fff0]) {
      const cutter = new FlvCutter();
      const first = cutter.receive(stream(from).slice());
      expect(tags(whole(first), 13).slice(2)).toEqual([
        "v1000",
        "a1000",
        "v1000",
        "v1033",
        "a988",
        "a1011",
        "v1066",
      ]);
      const capturedAt = cutter.captureWallMs(0.012);
      expect(capturedAt).toBeCloseTo(1_700_000_000_000.5, 3);
    }
  });

  it("never lie before the beginning", () => {
    const cutter = new FlvCutter();
    const tracks = { audio: false, video: true };
    cutter.receive(join(header(tracks), video(5000, key)));
    expect(tags(whole(cutter.receive(video(4500))))).toEqual([`v${firstTimeMs}`]);
  });

  it("close jumps of the stream's time beyond the limit, and know when each was captured", () => {
    const cutter = new FlvCutter();
    const tracks = { audio: false, video: true };
    cutter.receive(join(header(tracks), capture(5000, 100_000), video(5000, key)));
    const next = (ms: number) => tags(whole(cutter.receive(video(ms))))[0];
    expect(next(5000 + maxJumpMs)).toBe("v2000");
    expect(next(6000 + maxJumpMs + 1)).toBe("v2040");
    expect(next(7034)).toBe("v2073");
    expect(next(1000)).toBe("v2113");
    cutter.receive(capture(1000, 900_000));
    expect(cutter.captureWallMs(1.113)).toBeCloseTo(900_000, 3);
    cutter.receive(capture(7001, 300_000));
    expect(cutter.captureWallMs(1.073)).toBeCloseTo(300_033, 3);
    expect(cutter.captureWallMs(1.04)).toBeCloseTo(300_000, 3);
    expect(cutter.captureWallMs(1)).toBeCloseTo(298_999, 3);
  });

  it("wait for a second track no longer than the limits", () => {
    const bytes = join(header({ audio: true, video: true }), video(0, key), video(300));
    expect(new FlvCutter().receive(bytes.slice())).toHaveLength(1);
    expect(new FlvCutter({ maxHeldMs: 301 }).receive(bytes.slice())).toHaveLength(0);
    const limited = new FlvCutter({ maxHeldMs: 301, maxHeldBytes: bytes.length });
    expect(limited.receive(bytes.slice())).toHaveLength(0);
    const smaller = new FlvCutter({ maxHeldMs: 301, maxHeldBytes: bytes.length - 1 });
    expect(smaller.receive(bytes.slice())).toHaveLength(1);
  });

  it("take frames of other codecs for frames", () => {
    const enhanced = [0x93, ...Buffer.from("av01"), 1];
    const opus = [0x91, ...Buffer.from("Opus"), 1];
    const cutter = new FlvCutter();
    const bytes = join(
      header({ audio: true, video: true }),
      video(0, [0x90, ...Buffer.from("av01"), 1]),
      audio(0, [0x90, ...Buffer.from("Opus"), 1]),
    );
    expect(cutter.receive(bytes)).toEqual([]);
    expect(cutter.receive(video(0, enhanced))).toEqual([]);
    expect(cutter.receive(audio(0, opus))).toHaveLength(1);
  });
});

describe("limits", () => {
  it("a tag may be as large as the limit and no larger", () => {
    const bytes = join(header({ audio: false, video: true }), video(0, key));
    expect(new FlvCutter({ maxTagBytes: key.length }).receive(bytes.slice())).toHaveLength(1);
    expect(() => new FlvCutter({ maxTagBytes: key.length - 1 }).receive(bytes.slice())).toThrow(
      expect.objectContaining({ code: "FLV_TAG_TOO_LARGE" }),
    );
  });

  it("what is no FLV is refused", () => {
    const page = new TextEncoder().encode("<!doctype html>");
    expect(() => new FlvCutter().receive(page)).toThrow(
      expect.objectContaining({ code: "FLV_INVALID" }),
    );
  });

  it("arbitrary bytes give pieces or a protocol error", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), fc.boolean(), (list, begun) => {
        const cutter = new FlvCutter();
        try {
          if (begun) cutter.receive(header({ audio: true, video: true }));
          for (const bytes of list) cutter.receive(bytes);
        } catch (error) {
          expect(error).toMatchObject({ name: "ProtocolError" });
        }
      }),
    );
  });
});

it("knows no capture time before it is told", () => {
  const cutter = new FlvCutter();
  cutter.receive(join(header({ audio: false, video: true }), video(0, key)));
  expect(cutter.captureWallMs(0)).toBeUndefined();
  cutter.receive(writeFlvTag(TagType.script, 0, writeAmf0(["onMetaData", "nonsense"])));
  expect(cutter.captureWallMs(0)).toBeUndefined();
  cutter.receive(capture(0, 7));
  expect(cutter.captureWallMs(0)).toBe(7);
});
