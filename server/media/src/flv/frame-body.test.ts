import { describe, expect, it } from "vitest";
import { AmfObject, parseAmf0 } from "../amf/index.ts";
import type { AudioTrackInfo, Frame, VideoTrackInfo } from "../frame/index.ts";
import {
  FlvDemuxer,
  FlvReader,
  requiredFourCc,
  TagType,
  tagTypeOf,
  writeConfigBody,
  writeFlvHeader,
  writeFrameBody,
  writeFrameTag,
  writeMetadataBody,
} from "./index.ts";

const video = (
  codec: VideoTrackInfo["codec"],
  config: readonly number[] = [1, 2],
): VideoTrackInfo => ({
  kind: "video",
  codec,
  config: Uint8Array.from(config),
  codecString: "",
  width: 640,
  height: 360,
  reorderDepth: 0,
});
const audio = (
  codec: AudioTrackInfo["codec"],
  change: Partial<AudioTrackInfo> = {},
): AudioTrackInfo => ({
  kind: "audio",
  codec,
  config: Uint8Array.of(1, 2),
  codecString: "",
  sampleRate: 48_000,
  channels: 2,
  ...change,
});
const frame = (change: Partial<Frame> = {}): Frame => ({
  dtsUs: 40_000,
  ptsUs: 40_000,
  key: true,
  payload: [Uint8Array.of(9, 8)],
  ...change,
});
const text = (body: Uint8Array | undefined): string => Buffer.from(body ?? []).toString("hex");

describe("writeConfigBody", () => {
  it.each([
    [video("h264"), "17000000000102"],
    [video("h265"), "90687663310102"],
    [video("av1"), "90617630310102"],
    [video("vp9"), "90767030390102"],
    [video("vp8", []), ""],
    [audio("aac"), "af000102"],
    [audio("opus"), "904f7075730102"],
    [audio("mp3"), ""],
    [audio("g711a"), ""],
  ])("%#", (info, expected) => {
    expect(text(writeConfigBody(info))).toBe(expected);
  });
});

describe("writeFrameBody", () => {
  it.each([
    [video("h264"), frame(), "1701000000000000020908"],
    [video("h264"), frame({ key: false, ptsUs: 73_000 }), "2701000021000000020908"],
    [video("h264"), frame({ ptsUs: 39_000 }), "1701ffffff000000020908"],
    [video("h264"), frame({ ptsUs: 9e12 }), "17017fffff000000020908"],
    [
      video("h264"),
      frame({ payload: [Uint8Array.of(1), Uint8Array.of(2)] }),
      "170100000000000001010000000102",
    ],
    [video("h265"), frame(), "9368766331000000020908"],
    [video("h265"), frame({ key: false, ptsUs: 73_000 }), "a168766331000021000000020908"],
    [video("av1"), frame(), "91617630310908"],
    [video("vp9"), frame({ key: false }), "a1767030390908"],
    [audio("aac"), frame(), "af010908"],
    [audio("opus"), frame(), "914f7075730908"],
    [audio("mp3", { sampleRate: 44_100 }), frame(), "2f0908"],
    [audio("mp3", { sampleRate: 22_050, channels: 1 }), frame(), "2a0908"],
    [audio("mp3", { sampleRate: 11_025 }), frame(), "270908"],
    [audio("mp3", { sampleRate: 8000 }), frame(), "e30908"],
    [audio("g711u", { sampleRate: 8000, channels: 1 }), frame(), "820908"],
    [audio("speex", { sampleRate: 16_000, channels: 1 }), frame(), "b60908"],
  ])("%#", (info, from, expected) => {
    expect(text(writeFrameBody(from, info))).toBe(expected);
  });

  it("is what the reader and the demuxer give back", () => {
    for (const info of [video("av1", [0x81, 0, 0x0c, 0]), audio("opus", { config: opusHead })]) {
      const config = writeConfigBody(info);
      const demuxer = new FlvDemuxer();
      const reader = new FlvReader();
      reader.receive(writeFlvHeader({ audio: true, video: true }));
      reader.receive(writeFrameTag(frame(), info, 0x1_0000_0028));
      reader.next();
      const item = reader.next();
      expect(item).toMatchObject({ type: "tag", tag: { type: tagTypeOf(info), timestampMs: 40 } });
      demuxer.tag(tagTypeOf(info), 0, config ?? new Uint8Array(0));
      if (item?.type !== "tag") continue;
      const [demuxed] = demuxer.tag(item.tag.type, item.tag.timestampMs, item.tag.body);
      expect(demuxed).toEqual({ type: "frame", kind: info.kind, frame: frame() });
    }
  });
});

const opusHead = Uint8Array.from(Buffer.from("4f707573486561640102380180bb0000000000", "hex"));

describe("requiredFourCc", () => {
  it("is asked of players only for what FLV never had", () => {
    expect(requiredFourCc("h264")).toBeUndefined();
    expect(requiredFourCc("aac")).toBeUndefined();
    expect(requiredFourCc("mp3")).toBeUndefined();
    expect(requiredFourCc("h265")).toBe("hvc1");
    expect(requiredFourCc("opus")).toBe("Opus");
  });
});

describe("writeMetadataBody", () => {
  it("names sizes, codecs and sound in an ECMA array", () => {
    const [name, fields] = parseAmf0(writeMetadataBody([video("h264"), audio("aac")]));
    expect(name).toBe("onMetaData");
    expect(fields).toBeInstanceOf(AmfObject);
    expect(fields).toMatchObject({ type: "ecma-array" });
    expect(Object.fromEntries((fields as AmfObject).fields)).toEqual({
      server: "Millrace",
      duration: 0,
      width: 640,
      height: 360,
      videocodecid: 7,
      audiocodecid: 10,
      audiosamplerate: 48_000,
      audiochannels: 2,
      stereo: true,
    });
  });

  it("names FourCCs as numbers and leaves out what is unknown", () => {
    const [, fields] = parseAmf0(
      writeMetadataBody([{ ...video("av1"), width: 0, height: 0 }, audio("opus")]),
    );
    expect((fields as AmfObject).get("videocodecid")).toBe(1_635_135_537);
    expect((fields as AmfObject).get("audiocodecid")).toBe(1_332_770_163);
    expect((fields as AmfObject).fields.has("width")).toBe(false);
  });

  it("announces a kind only when there is such a track: players wait for it", () => {
    const [, fields] = parseAmf0(writeMetadataBody([video("h264")]));
    expect((fields as AmfObject).fields.has("audiocodecid")).toBe(false);
    expect(TagType.script).toBe(18);
  });

  it("refuses JPEG, which FLV does not carry", () => {
    const jpeg = { ...video("h264"), codec: "jpeg" } as const;
    const frame = { ptsUs: 0, dtsUs: 0, key: true, payload: [Uint8Array.of(0xff, 0xd8)] };
    expect(() => writeMetadataBody([jpeg])).toThrow(RangeError);
    expect(() => writeFrameTag(frame, jpeg, 0)).toThrow(RangeError);
    expect(() => writeFrameBody(frame, jpeg)).toThrow(RangeError);
    expect(writeConfigBody(jpeg)).toBeUndefined();
  });
});
