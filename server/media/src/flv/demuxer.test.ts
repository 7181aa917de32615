import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ecmaArray, writeAmf0 } from "../amf/index.ts";
import { ProtocolError } from "../error/index.ts";
import type { TrackInfo } from "../frame/index.ts";
import {
  type DemuxedItem,
  FlvDemuxer,
  FlvReader,
  type FlvTag,
  TagType,
  tagTypeOf,
  writeConfigBody,
  writeFrameBody,
} from "./index.ts";

function tagsOf(name: string): FlvTag[] {
  const reader = new FlvReader();
  reader.receive(readFileSync(new URL(`./fixtures/${name}.flv`, import.meta.url)));
  const tags: FlvTag[] = [];
  for (let item = reader.next(); item !== undefined; item = reader.next()) {
    if (item.type === "tag") tags.push(item.tag);
  }
  return tags;
}

function demux(tags: readonly FlvTag[], demuxer: FlvDemuxer = new FlvDemuxer()): DemuxedItem[] {
  return tags.flatMap((tag) => demuxer.tag(tag.type, tag.timestampMs, tag.body));
}

const hex = (text: string): Uint8Array =>
  Uint8Array.from(Buffer.from(text.replace(/ /g, ""), "hex"));
const tag = (type: number, timestampMs: number, body: Uint8Array | string): FlvTag => ({
  type,
  timestampMs,
  body: typeof body === "string" ? hex(body) : body,
});
const frames = (items: readonly DemuxedItem[]) =>
  items.flatMap((item) => (item.type === "frame" ? [item] : []));
const tracks = (items: readonly DemuxedItem[]): TrackInfo[] =>
  items.flatMap((item) => (item.type === "track" ? [item.info] : []));

/** 64x64 main profile with one SPS and one PPS. */
const sps = "67 4d 40 0a ec a2 13 60 22 00 00 03 00 02 00 00 03 00 28 1e 24 4b 2c";
const pps = "68 eb ec b2";
const avcC = `01 4d 40 0a ff e1 00 17 ${sps} 01 00 04 ${pps}`;
const avcConfig = tag(TagType.video, 0, `17 00 00 00 00 ${avcC}`);
const aacConfig = tag(TagType.audio, 0, "af 00 11 90");

describe("FlvDemuxer", () => {
  const items = demux(tagsOf("bframes"));

  it("finds the tracks that ffmpeg wrote", () => {
    expect(tracks(items)).toMatchObject([
      { kind: "video", codec: "h264", width: 64, height: 64, codecString: "avc1.64000a" },
      { kind: "audio", codec: "aac", sampleRate: 48_000, channels: 2, codecString: "mp4a.40.2" },
    ]);
  });

  it("gives B-frames their presentation times in microseconds", () => {
    const video = frames(items).filter(({ kind }) => kind === "video");
    expect(video).toHaveLength(10);
    expect(video.map(({ frame }) => frame.dtsUs)).toEqual(
      Array.from({ length: 10 }, (_, index) => index * 100_000),
    );
    const shown = video.map(({ frame }) => frame.ptsUs);
    expect(shown.every((ptsUs, index) => ptsUs >= index * 100_000)).toBe(true);
    expect([...shown].sort((a, b) => a - b)).not.toEqual(shown);
    expect(video.map(({ frame }) => frame.key)).toEqual([true, ...new Array(9).fill(false)]);
  });

  it("gives the same tag bodies again, byte for byte (row 63)", () => {
    const demuxer = new FlvDemuxer();
    const infos = new Map<number, TrackInfo>();
    let compared = 0;
    for (const { type, timestampMs, body } of tagsOf("bframes")) {
      const [item, ...others] = demuxer.tag(type, timestampMs, body);
      expect(others).toEqual([]);
      if (item?.type === "track") {
        infos.set(tagTypeOf(item.info), item.info);
        expect(writeConfigBody(item.info)).toEqual(body);
        compared++;
      }
      const info = infos.get(type);
      if (item?.type === "frame" && info !== undefined) {
        expect(writeFrameBody(item.frame, info)).toEqual(body);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(55);
  });

  it("gives the same bodies on another time line that is no multiple of a millisecond", () => {
    const [info] = tracks(items);
    for (const { kind, frame } of frames(items)) {
      if (kind !== "video" || info === undefined) continue;
      const moved = { ...frame, ptsUs: frame.ptsUs + 12_345, dtsUs: frame.dtsUs + 12_345 };
      expect(writeFrameBody(moved, info)).toEqual(writeFrameBody(frame, info));
    }
  });

  it("reads MP3 and G.711, which have no configuration, and gives their bodies again", () => {
    for (const [name, expected] of [
      ["mp3", { codec: "mp3", sampleRate: 44_100, channels: 1 }],
      ["alaw", { codec: "g711a", sampleRate: 8000, channels: 1 }],
    ] as const) {
      const tags = tagsOf(name).filter(
        ({ type, body }) => type === TagType.audio && body.length > 1,
      );
      const found = demux(tags);
      const [info] = tracks(found);
      expect(info).toMatchObject(expected);
      expect(tracks(found)).toHaveLength(1);
      if (info === undefined) continue;
      expect(frames(found).map(({ frame }) => writeFrameBody(frame, info))).toEqual(
        tags.map(({ body }) => body),
      );
    }
  });

  it("tells an unsupported codec once and by name", () => {
    const found = demux(tagsOf("h263"));
    expect(found).toEqual([{ type: "unsupported", kind: "video", codec: "h263" }]);
  });

  it("reads metadata and uses it where the codec does not tell its size", () => {
    const demuxer = new FlvDemuxer();
    const fields = { width: 1920, height: 1080, framerate: 59.94, encoder: "x".repeat(200) };
    const body = writeAmf0(["onMetaData", ecmaArray(fields)]);
    const found = demux([tag(18, 0, body), tag(9, 0, "90 61763031 81000c00")], demuxer);
    expect(tracks(found)).toMatchObject([{ codec: "av1", width: 1920, height: 1080 }]);
    expect(demuxer.metadata).toEqual({
      ...fields,
      frameRate: 59.94,
      framerate: undefined,
      encoder: "x".repeat(128),
    });
  });

  it("ignores metadata that is broken or absurd", () => {
    const demuxer = new FlvDemuxer();
    demux(
      [tag(18, 0, "02 000a 6f6e4d65746144617461 07 0000"), tag(18, 0, "ff"), tag(18, 0, "")],
      demuxer,
    );
    expect(demuxer.metadata).toBeUndefined();
    const fields = ecmaArray({ width: -5, height: Number.NaN, framerate: 1e9, encoder: 5 });
    demux([tag(18, 0, writeAmf0(["onMetaData", fields]))], demuxer);
    expect(demuxer.metadata).toEqual({});
  });

  it("counts frames that come before their configuration, and ignores empty ones", () => {
    const demuxer = new FlvDemuxer();
    const early = [tag(9, 0, "17 01 000000 00000001 65"), tag(8, 0, "af 01 21")];
    expect(demux(early, demuxer)).toEqual([]);
    expect(demuxer.droppedFrames).toBe(2);
    const empty = [
      avcConfig,
      aacConfig,
      tag(9, 0, "17 01 000000"),
      tag(8, 0, "af 01"),
      tag(8, 0, ""),
    ];
    expect(frames(demux(empty, demuxer))).toEqual([]);
  });

  it("tells a configuration only when it changed", () => {
    const demuxer = new FlvDemuxer();
    expect(tracks(demux([avcConfig, avcConfig, aacConfig, aacConfig], demuxer))).toHaveLength(2);
    const changed = tag(8, 0, "af 00 12 10");
    expect(tracks(demux([changed], demuxer))).toMatchObject([{ sampleRate: 44_100 }]);
    const other = tag(
      9,
      0,
      `17 00 00 00 00 ${avcC.replace("01 4d 40 0a", "01 4d 40 0b").replace("67 4d 40 0a", "67 4d 40 0b")}`,
    );
    expect(tracks(demux([other], demuxer))).toMatchObject([{ codecString: "avc1.4d400b" }]);
  });

  it("waits for a configuration where the encoder sends an empty one first", () => {
    const found = demux([tag(8, 0, "af 00"), tag(9, 0, "17 00 000000"), aacConfig, avcConfig]);
    expect(tracks(found)).toHaveLength(2);
  });

  it("leaves out parameter sets that the configuration holds, and keeps others", () => {
    const nal = (text: string): string => {
      const bytes = hex(text);
      return `${bytes.length.toString(16).padStart(8, "0")} ${text}`;
    };
    const other = "68 aa bb";
    const body = `17 01 000000 ${nal(sps)} ${nal(pps)} ${nal(other)} ${nal("65 88 80")}`;
    const [item] = frames(demux([avcConfig, tag(9, 40, body)]));
    expect(item?.frame.payload).toEqual([hex(other), hex("65 88 80")]);
    const onlySets = `17 01 000000 ${nal(sps)} ${nal(pps)}`;
    expect(frames(demux([avcConfig, tag(9, 40, onlySets)]))).toEqual([]);
  });

  it("takes an IDR picture for a key frame where the tag does not say so", () => {
    const body = "27 01 000000 00000003 65 88 80";
    expect(frames(demux([avcConfig, tag(9, 0, body)]))[0]?.frame.key).toBe(true);
    const inter = "27 01 000000 00000003 41 88 80";
    expect(frames(demux([avcConfig, tag(9, 0, inter)]))[0]?.frame.key).toBe(false);
  });

  it("reads NAL units with lengths of 1 and 2 bytes and writes them with 4", () => {
    for (const [mark, length] of [
      ["fc", "03"],
      ["fd", "0003"],
    ]) {
      const config = tag(9, 0, `17 00 000000 ${avcC.replace("0a ff e1", `0a ${mark} e1`)}`);
      const found = demux([config, tag(9, 0, `17 01 000000 ${length} 658880`)]);
      const [info] = tracks(found);
      const [item] = frames(found);
      expect(item?.frame.payload).toEqual([hex("658880")]);
      if (info === undefined || item === undefined) continue;
      expect(writeFrameBody(item.frame, info)).toEqual(hex("17 01 000000 00000003 658880"));
      expect(writeConfigBody(info)).toEqual(avcConfig.body);
    }
  });

  it("follows timestamps over the 32-bit wrap, audio and video alike", () => {
    const found = demux([
      avcConfig,
      aacConfig,
      tag(9, 0xffff_fff0, "17 01 000000 00000001 65"),
      tag(8, 0xffff_fffe, "af 01 21"),
      tag(9, 0x0000_0010, "27 01 000000 00000001 41"),
      tag(8, 0xffff_ffff, "af 01 21"),
      tag(8, 0x0000_0020, "af 01 21"),
    ]);
    // The configurations stood at 0, so what looks like 2^32 - 16 is a time before that.
    expect(frames(found).map(({ frame }) => frame.dtsUs)).toEqual([
      -16_000, -2_000, 16_000, -1_000, 32_000,
    ]);
  });

  it("adds nanoseconds to the presentation time", () => {
    const body = "97 02 0f423f 01 61763031 0a0b";
    const found = demux([tag(9, 0, "90 61763031 81000c00"), tag(9, 5, body)]);
    expect(frames(found)[0]?.frame).toMatchObject({ dtsUs: 5_000, ptsUs: 5_999 });
  });

  it("uses the track with the lowest number and tells the others once", () => {
    const many = tag(9, 0, "96 10 61763031 00 000004 81000c00 01 000004 81000c00");
    const coded = tag(9, 5, "96 11 61763031 01 000001 0a 00 000001 0b");
    const found = demux([many, coded, coded]);
    expect(found.map(({ type }) => type)).toEqual(["track", "extra-track", "frame", "frame"]);
    expect(frames(found)[0]?.frame.payload).toEqual([hex("0b")]);
    const late = demux([
      tag(9, 0, "96 00 61763031 02 81000c00"),
      tag(9, 0, "90 61763031 81040c00"),
    ]);
    expect(tracks(late).map(({ codecString }) => codecString)).toEqual([
      "av01.0.00M.08",
      "av01.0.04M.08",
    ]);
  });

  it("takes VP8 without configuration, and Opus only with", () => {
    expect(tracks(demux([tag(9, 0, "91 76703038 01")]))).toMatchObject([{ codec: "vp8" }]);
    expect(demux([tag(8, 0, "91 4f707573 01")])).toEqual([]);
    const head = tag(8, 0, "90 4f707573 4f707573486561640102380180bb0000000000");
    const found = demux([head, tag(8, 0, "91 4f707573 fc01")]);
    expect(found.map(({ type }) => type)).toEqual(["track", "frame"]);
  });

  it("tells the end of a kind", () => {
    expect(demux([avcConfig, tag(9, 9, "17 02 000000")]).at(-1)).toEqual({
      type: "end",
      kind: "video",
    });
  });

  it("refuses a configuration that is none", () => {
    expect(() => demux([tag(9, 0, "17 00 000000 02 00")])).toThrow(ProtocolError);
    expect(() => demux([tag(8, 0, "af 00 ff ff")])).toThrow(ProtocolError);
  });

  it("answers arbitrary tags with items or a ProtocolError", () => {
    const heads = [
      "1700000000",
      "1701000000",
      "2701000000",
      "af00",
      "af01",
      "90",
      "91",
      "93",
      "96",
      "2f",
    ];
    const body = fc
      .tuple(fc.constantFrom(...heads), fc.uint8Array({ maxLength: 60 }))
      .map(([head, rest]) => Uint8Array.from([...hex(head), ...rest]));
    const anyTag = fc.tuple(fc.constantFrom(8, 9, 18, 15), fc.nat(), body);
    fc.assert(
      fc.property(fc.array(anyTag, { maxLength: 20 }), (list) => {
        const demuxer = new FlvDemuxer();
        demux([avcConfig, aacConfig], demuxer);
        for (const [type, timestampMs, bytes] of list) {
          try {
            demuxer.tag(type, timestampMs, bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });
});
