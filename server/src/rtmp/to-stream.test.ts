import { describe, expect, it } from "vitest";
import { FakeClock } from "../core/fake-clock.ts";
import { silentLog } from "../core/log.ts";
import { Registry } from "../core/registry.ts";
import { RtmpIngest } from "./to-stream.ts";

const hex = (text: string): Uint8Array =>
  Uint8Array.from(Buffer.from(text.replace(/\s/g, ""), "hex"));
const avcConfig = hex(
  "17 00 000000 01 4d 40 0a ff e1 00 17 67 4d 40 0a ec a2 13 60 22 00 00 03 00 02 00 00 03 00 28 1e 24 4b 2c 01 00 04 68 eb ec b2",
);
const aacConfig = hex("af 00 11 90");
const key = hex("17 01 000000 00000002 6588");
const inter = hex("27 01 000000 00000002 4188");

function setup() {
  const clock = new FakeClock();
  const registry = new Registry({ clock, log: silentLog });
  const publisher = registry.publish({
    stream: "live/cam",
    transport: "rtmp",
    address: "::1",
    onKick() {},
  });
  return { clock, stream: publisher.stream, ingest: new RtmpIngest(publisher) };
}

describe("RtmpIngest", () => {
  it("makes tracks and frames of tags, on the stream's own time line", () => {
    const { clock, stream, ingest } = setup();
    clock.advance(1_000);
    ingest.tag(9, 5_000, avcConfig);
    ingest.tag(8, 5_000, aacConfig);
    ingest.tag(9, 5_000, key);
    ingest.tag(8, 5_000, hex("af 01 21"));
    clock.advance(40);
    ingest.tag(9, 5_040, inter);
    expect(stream.tracks.map(({ info }) => info.codec)).toEqual(["h264", "aac"]);
    expect(
      stream.track("video")?.cache.frames.map(({ dtsUs, key: isKey }) => [dtsUs, isKey]),
    ).toEqual([
      [1_000_000, true],
      [1_040_000, false],
    ]);
    expect(stream.track("audio")?.cache.frames).toHaveLength(1);
    expect(ingest.droppedFrames).toBe(0);
  });

  it("takes a new configuration in mid-stream", () => {
    const { stream, ingest } = setup();
    ingest.tag(8, 0, aacConfig);
    ingest.tag(8, 0, hex("af 00 12 10"));
    expect(stream.track("audio")?.info).toMatchObject({ sampleRate: 44_100 });
  });

  it("tells of codecs and tracks that are left out, and goes on with the rest", () => {
    const { stream, ingest } = setup();
    ingest.tag(9, 0, hex("12 00"));
    ingest.tag(8, 0, hex("6a 00"));
    ingest.tag(9, 0, avcConfig);
    ingest.tag(9, 0, hex("96 01 61766331 01 000000 00"));
    expect(stream.hints.map(({ code }) => code)).toEqual([
      "VIDEO_CODEC_UNSUPPORTED",
      "AUDIO_CODEC_UNSUPPORTED",
      "MULTITRACK_IGNORED",
    ]);
    expect(stream.hints[0]?.message).toContain('"h263"');
    expect(stream.tracks.map(({ kind }) => kind)).toEqual(["video"]);
  });

  it("drops a track whose codec changes to one that is not supported", () => {
    const { stream, ingest } = setup();
    ingest.tag(9, 0, avcConfig);
    ingest.tag(9, 0, hex("91 76766331 00"));
    expect(stream.tracks).toEqual([]);
  });

  it("passes on what is wrong with a tag", () => {
    const { ingest } = setup();
    expect(() => ingest.tag(9, 0, hex("17 00 000000 02"))).toThrow();
  });
});
