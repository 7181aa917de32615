import { describe, expect, it } from "vitest";
import type { Frame, MediaKind, TrackInfo } from "../frame/index.ts";
import { TagFeed, type TagTarget } from "./tag-feed.ts";

const hex = (text: string): Uint8Array =>
  Uint8Array.from(Buffer.from(text.replace(/\s/g, ""), "hex"));
const avcConfig = hex(
  "17 00 000000 01 4d 40 0a ff e1 00 17 67 4d 40 0a ec a2 13 60 22 00 00 03 00 02 00 00 03 00 28 1e 24 4b 2c 01 00 04 68 eb ec b2",
);
const aacConfig = hex("af 00 11 90");
const key = hex("17 01 000000 00000002 6588");
const inter = hex("27 01 000028 00000002 4188");

class Told implements TagTarget {
  readonly words: string[] = [];
  readonly messages: string[] = [];

  setTrack(info: TrackInfo): void {
    const rate = info.kind === "audio" ? ` ${info.sampleRate}` : "";
    this.words.push(`track ${info.codec}${rate}`);
  }
  removeTrack(kind: MediaKind): void {
    this.words.push(`no ${kind}`);
  }
  frame(kind: MediaKind, { dtsUs, ptsUs, key: isKey }: Frame): void {
    this.words.push(`${kind} ${dtsUs} ${ptsUs}${isKey ? " key" : ""}`);
  }
  hint(code: string, message: string): void {
    this.words.push(code);
    this.messages.push(message);
  }
}

function feedWith(...tags: readonly (readonly [number, number, Uint8Array])[]) {
  const told = new Told();
  const feed = new TagFeed(told);
  for (const [type, ms, body] of tags) feed.tag(type, ms, body);
  return { told, feed };
}

describe("TagFeed", () => {
  it("makes tracks and frames of tags, and counts frames", () => {
    const { told, feed } = feedWith(
      [9, 5000, key],
      [9, 5000, avcConfig],
      [8, 5000, aacConfig],
      [9, 5000, key],
      [8, 5000, hex("af 01 21")],
      [9, 5040, inter],
    );
    expect(told.words).toEqual([
      "track h264",
      "track aac 48000",
      "video 5000000 5000000 key",
      "audio 5000000 5000000 key",
      "video 5040000 5080000",
    ]);
    expect(feed.frames).toEqual({ video: 2, audio: 1 });
    expect(feed.droppedFrames).toBe(1);
  });

  it("hands on a new configuration in mid-stream, and takes the end of a sequence for nothing", () => {
    const { told } = feedWith(
      [8, 0, aacConfig],
      [9, 0, avcConfig],
      [9, 0, hex("17 02 000000")],
      [8, 0, hex("af 00 12 10")],
    );
    expect(told.words).toEqual(["track aac 48000", "track h264", "track aac 44100"]);
  });

  it("tells of codecs and tracks that are left out, and goes on with the rest", () => {
    const { told } = feedWith(
      [9, 0, hex("12 00")],
      [8, 0, hex("6a 00")],
      [9, 0, avcConfig],
      [9, 0, hex("96 01 61766331 01 000000 00")],
    );
    expect(told.words).toEqual([
      "no video",
      "VIDEO_CODEC_UNSUPPORTED",
      "no audio",
      "AUDIO_CODEC_UNSUPPORTED",
      "track h264",
      "MULTITRACK_IGNORED",
    ]);
    expect(told.messages[0]).toContain('"h263"');
    expect(told.messages[1]).toContain("AAC");
    expect(told.messages[2]).toContain("track 1");
  });

  it("removes a track whose codec changes to one that is not supported", () => {
    const { told } = feedWith([9, 0, avcConfig], [9, 0, hex("91 76766331 00")]);
    expect(told.words).toEqual(["track h264", "no video", "VIDEO_CODEC_UNSUPPORTED"]);
  });

  it("passes on what is wrong with a tag", () => {
    const { feed } = feedWith();
    expect(() => feed.tag(9, 0, hex("17 00 000000 02"))).toThrow();
  });
});
