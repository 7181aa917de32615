import { describe, expect, it } from "vitest";
import type { AudioTrackInfo, VideoTrackInfo } from "../frame/index.ts";
import { writeInit } from "./init.ts";
import { findBox, readBoxes } from "./reader.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "hex"));
const empty = new Uint8Array(0);
const video: VideoTrackInfo = {
  kind: "video",
  codec: "h264",
  config: bytes("0142e01fffe1"),
  codecString: "avc1.42e01f",
  width: 1280,
  height: 720,
  reorderDepth: 0,
};
const audio: AudioTrackInfo = {
  kind: "audio",
  codec: "aac",
  config: bytes("1190"),
  codecString: "mp4a.40.2",
  sampleRate: 48_000,
  channels: 2,
};
const entryOf = (info: VideoTrackInfo | AudioTrackInfo): Uint8Array => {
  const init = writeInit([{ id: 1, info, timescale: 48_000 }]);
  return findBox(init, "moov/trak/mdia/minf/stbl/stsd").subarray(8);
};
const visualStart = `0000000000000001${"00".repeat(16)}`;
const visualEnd = `${"0048000000480000"}000000000001${"00".repeat(32)}0018ffff`;

describe("writeInit", () => {
  it("has ftyp and moov with one trak and one trex per track", () => {
    const init = writeInit([
      { id: 1, info: video, timescale: 90_000 },
      { id: 2, info: audio, timescale: 48_000 },
    ]);
    expect(readBoxes(init).map(({ type }) => type)).toEqual(["ftyp", "moov"]);
    expect(hex(findBox(init, "ftyp"))).toBe(
      "69736f3600000000" + "69736f36" + "636d6663" + "6d703431",
    );
    const moov = findBox(init, "moov");
    expect(readBoxes(moov).map(({ type }) => type)).toEqual(["mvhd", "trak", "trak", "mvex"]);
    expect(readBoxes(findBox(moov, "mvex")).map(({ contents }) => hex(contents).slice(8))).toEqual([
      "0000000100000001000000000000000000000000",
      "0000000200000001000000000000000000000000",
    ]);
    expect(hex(findBox(moov, "mvhd")).slice(-8)).toBe("00000003");
  });

  it("tells track, size, timescale and kind", () => {
    const init = writeInit([{ id: 7, info: video, timescale: 90_000 }]);
    const trak = findBox(init, "moov/trak");
    const header = hex(findBox(trak, "tkhd"));
    expect(header.slice(0, 32)).toBe("00000003" + "00000000" + "00000000" + "00000007");
    expect(header.slice(-16)).toBe("05000000" + "02d00000");
    expect(hex(findBox(trak, "mdia/mdhd"))).toBe(
      `00000000${"00".repeat(8)}00015f900000000055c40000`,
    );
    expect(hex(findBox(trak, "mdia/hdlr"))).toBe(`000000000000000076696465${"00".repeat(13)}`);
    expect(readBoxes(findBox(trak, "mdia/minf")).map(({ type }) => type)).toEqual([
      "vmhd",
      "dinf",
      "stbl",
    ]);
    expect(readBoxes(findBox(trak, "mdia/minf/stbl")).map(({ type }) => type)).toEqual([
      "stsd",
      "stts",
      "stsc",
      "stco",
      "stsz",
    ]);
  });

  it("takes the size from outside where the track does not know it", () => {
    const info = { ...video, width: 0, height: 0 };
    const init = writeInit([{ id: 1, info, timescale: 1, size: { width: 64, height: 48 } }]);
    expect(hex(findBox(init, "moov/trak/tkhd")).slice(-16)).toBe("0040000000300000");
  });

  it.each([
    ["h264", "61766331", "61766343"],
    ["h265", "68766331", "68766343"],
    ["av1", "61763031", "61763143"],
  ] as const)("%s: sample entry with its configuration", (codec, entry, box) => {
    const contents = `${visualStart}050002d0${visualEnd}0000000e${box}0142e01fffe1`;
    const size = (contents.length / 2 + 8).toString(16).padStart(8, "0");
    expect(hex(entryOf({ ...video, codec }))).toBe(size + entry + contents);
  });

  it("vp9: the configuration box has its version once", () => {
    for (const config of ["010000000015828202020000".replace("8282", "8202"), "0015820202020000"]) {
      const written = hex(entryOf({ ...video, codec: "vp9", config: bytes(config) }));
      expect(written).toMatch(/76703039.*00000014767063430100000000158202020200(00|0000)$/);
    }
  });

  it("aac: esds with the AudioSpecificConfig", () => {
    expect(hex(entryOf(audio))).toBe(
      "00000057" +
        "6d703461" +
        "000000000000" +
        "0001" +
        "0000000000000000" +
        "0002" +
        "0010" +
        "00000000" +
        "bb800000" +
        "00000033" +
        "65736473" +
        "00000000" +
        "0380808022" +
        "0000" +
        "00" +
        "0480808014" +
        "40" +
        "15" +
        "000000" +
        "00000000" +
        "00000000" +
        "0580808002" +
        "1190" +
        "0680808001" +
        "02",
    );
  });

  it("mp3: esds without a decoder configuration", () => {
    const info: AudioTrackInfo = { ...audio, codec: "mp3", config: empty, sampleRate: 44_100 };
    expect(hex(entryOf(info))).toMatch(/ac440000.*048080800d6b15.*0680808001 ?02$/);
  });

  it("opus: dOps is big-endian", () => {
    const head = bytes("4f707573486561640102380180bb00000a0000");
    const info: AudioTrackInfo = { ...audio, codec: "opus", config: head };
    expect(hex(entryOf(info))).toMatch(/4f707573.*0000001364 ?4f7073000201380000bb80000a00$/);
    const plain: AudioTrackInfo = { ...info, config: empty, channels: 1 };
    expect(hex(entryOf(plain))).toMatch(/644f7073000100000000bb80000000$/);
  });

  it("opus: channel mapping", () => {
    const head = bytes(
      "4f7075734865616401060000 80bb0000000001 0402 000401020305".replaceAll(" ", ""),
    );
    const info: AudioTrackInfo = { ...audio, codec: "opus", config: head, channels: 6 };
    expect(hex(entryOf(info))).toMatch(/644f7073000600000000bb800000010402000401020305$/);
  });

  it("refuses codecs without a sample entry", () => {
    expect(() => entryOf({ ...video, codec: "vp8" })).toThrow(RangeError);
    expect(() => entryOf({ ...audio, codec: "speex" })).toThrow(RangeError);
    expect(() => entryOf({ ...audio, codec: "opus", config: bytes("4f70") })).toThrow(
      expect.objectContaining({ code: "OPUS_HEAD_TRUNCATED" }),
    );
  });
});
