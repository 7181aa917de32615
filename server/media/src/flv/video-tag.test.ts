import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../error/index.ts";
import { parseAudioTag, parseVideoTag } from "./index.ts";

const bytes = (...values: readonly (number | string)[]): Uint8Array =>
  Uint8Array.from(
    values.flatMap((value) =>
      typeof value === "string" ? [...Buffer.from(value, "latin1")] : value,
    ),
  );
const data = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe("parseVideoTag", () => {
  it.each([
    ["an empty body", bytes(), []],
    [
      "an AVC sequence header",
      bytes(0x17, 0, 0, 0, 0, 1, 2),
      [{ type: "config", codec: "h264", trackId: 0, data: data(1, 2) }],
    ],
    [
      "an AVC key frame with a negative composition time",
      bytes(0x17, 1, 0xff, 0xff, 0xfe, 7),
      [
        {
          type: "frame",
          codec: "h264",
          trackId: 0,
          key: true,
          compositionMs: -2,
          nanoOffset: 0,
          data: data(7),
        },
      ],
    ],
    [
      "an AVC inter frame",
      bytes(0x27, 1, 0, 1, 0, 7),
      [
        {
          type: "frame",
          codec: "h264",
          trackId: 0,
          key: false,
          compositionMs: 256,
          nanoOffset: 0,
          data: data(7),
        },
      ],
    ],
    [
      "an AVC end without composition time",
      bytes(0x17, 2),
      [{ type: "end", codec: "h264", trackId: 0 }],
    ],
    [
      "HEVC as it was sent before Enhanced RTMP",
      bytes(0x1c, 0, 0, 0, 0, 5),
      [{ type: "config", codec: "h265", trackId: 0, data: data(5) }],
    ],
    ["Sorenson H.263", bytes(0x12, 1), [{ type: "unsupported", codec: "h263", trackId: 0 }]],
    ["On2 VP6", bytes(0x14, 1), [{ type: "unsupported", codec: "vp6", trackId: 0 }]],
    ["screen video", bytes(0x13, 1), [{ type: "unsupported", codec: "screen", trackId: 0 }]],
    ["an unknown codec", bytes(0x1f), [{ type: "unsupported", codec: "video-15", trackId: 0 }]],
    ["a command frame", bytes(0x57, 1), [{ type: "command", command: 1 }]],
    ["an enhanced command frame", bytes(0xd1, 1), [{ type: "command", command: 1 }]],
    [
      "an enhanced sequence start",
      bytes(0x90, "hvc1", 1),
      [{ type: "config", codec: "h265", trackId: 0, data: data(1) }],
    ],
    [
      "enhanced AVC frames with composition time",
      bytes(0xa1, "avc1", 0, 0, 33, 9),
      [
        {
          type: "frame",
          codec: "h264",
          trackId: 0,
          key: false,
          compositionMs: 33,
          nanoOffset: 0,
          data: data(9),
        },
      ],
    ],
    [
      "enhanced HEVC frames without",
      bytes(0x93, "hvc1", 9),
      [
        {
          type: "frame",
          codec: "h265",
          trackId: 0,
          key: true,
          compositionMs: 0,
          nanoOffset: 0,
          data: data(9),
        },
      ],
    ],
    [
      "AV1 frames, which have none",
      bytes(0x91, "av01", 9),
      [
        {
          type: "frame",
          codec: "av1",
          trackId: 0,
          key: true,
          compositionMs: 0,
          nanoOffset: 0,
          data: data(9),
        },
      ],
    ],
    [
      "VP9 frames",
      bytes(0xa1, "vp09", 9),
      [
        {
          type: "frame",
          codec: "vp9",
          trackId: 0,
          key: false,
          compositionMs: 0,
          nanoOffset: 0,
          data: data(9),
        },
      ],
    ],
    [
      "VP8 frames",
      bytes(0xa1, "vp08", 9),
      [
        {
          type: "frame",
          codec: "vp8",
          trackId: 0,
          key: false,
          compositionMs: 0,
          nanoOffset: 0,
          data: data(9),
        },
      ],
    ],
    ["an end of sequence", bytes(0x92, "hvc1"), [{ type: "end", codec: "h265", trackId: 0 }]],
    ["metadata", bytes(0x94, "hvc1", 5), [{ type: "metadata", trackId: 0, data: data(5) }]],
    [
      "metadata whatever its frame type",
      bytes(0xd4, "hvc1", 5),
      [{ type: "metadata", trackId: 0, data: data(5) }],
    ],
    [
      "AV1 in MPEG-2 TS",
      bytes(0x95, "av01", 5),
      [{ type: "unsupported", codec: "av01/mpeg2-ts", trackId: 0 }],
    ],
    [
      "a FourCC that nobody knows",
      bytes(0x91, "vvc1", 5),
      [{ type: "unsupported", codec: "vvc1", trackId: 0 }],
    ],
    [
      "a time offset in nanoseconds",
      bytes(0x97, 2, 0x0f, 0x42, 0x3f, 0x03, "hvc1", 9),
      [
        {
          type: "frame",
          codec: "h265",
          trackId: 0,
          key: true,
          compositionMs: 0,
          nanoOffset: 999_999,
          data: data(9),
        },
      ],
    ],
    [
      "an unknown modifier of 257 bytes",
      bytes(0x97, 255, 1, 0, ...new Array<number>(257).fill(1), 0x53, "hvc1", 9),
      [
        {
          type: "frame",
          codec: "h265",
          trackId: 0,
          key: true,
          compositionMs: 0,
          nanoOffset: 0,
          data: data(9),
        },
      ],
    ],
    [
      "two modifiers",
      bytes(0x97, 0, 5, 0x17, 2, 0, 0, 9, 0x01, "av01", 8),
      [
        {
          type: "frame",
          codec: "av1",
          trackId: 0,
          key: true,
          compositionMs: 0,
          nanoOffset: 9,
          data: data(8),
        },
      ],
    ],
    [
      "one track of several",
      bytes(0x96, 0x01, "av01", 3, 9),
      [
        {
          type: "frame",
          codec: "av1",
          trackId: 3,
          key: true,
          compositionMs: 0,
          nanoOffset: 0,
          data: data(9),
        },
      ],
    ],
    [
      "many tracks of one codec",
      bytes(0x96, 0x10, "av01", 0, 0, 0, 2, 1, 2, 1, 0, 0, 1, 3),
      [
        { type: "config", codec: "av1", trackId: 0, data: data(1, 2) },
        { type: "config", codec: "av1", trackId: 1, data: data(3) },
      ],
    ],
    [
      "many tracks of many codecs",
      bytes(0x96, 0x23, "avc1", 0, 0, 0, 1, 7, "hvc1", 1, 0, 0, 0),
      [
        {
          type: "frame",
          codec: "h264",
          trackId: 0,
          key: true,
          compositionMs: 0,
          nanoOffset: 0,
          data: data(7),
        },
        {
          type: "frame",
          codec: "h265",
          trackId: 1,
          key: true,
          compositionMs: 0,
          nanoOffset: 0,
          data: data(),
        },
      ],
    ],
  ])("reads %s", (_name, body, expected) => {
    expect(parseVideoTag(body)).toEqual(expected);
  });

  it.each([
    ["an AVC frame that is cut off", bytes(0x17, 1, 0, 0), "FLV_TAG_TRUNCATED"],
    ["an unknown AVC packet type", bytes(0x17, 3, 0, 0, 0), "FLV_PACKET_TYPE_UNKNOWN"],
    ["an enhanced tag without FourCC", bytes(0x91, "hv"), "FLV_TAG_TRUNCATED"],
    ["a composition time that is cut off", bytes(0x91, "hvc1", 0), "FLV_TAG_TRUNCATED"],
    ["an unknown packet type", bytes(0x98, "hvc1"), "FLV_PACKET_TYPE_UNKNOWN"],
    ["a modifier that is cut off", bytes(0x97, 9, 1), "FLV_TAG_TRUNCATED"],
    ["multitrack inside multitrack", bytes(0x96, 0x16, "av01"), "FLV_MULTITRACK_INVALID"],
    ["an unknown multitrack layout", bytes(0x96, 0x31, "av01"), "FLV_MULTITRACK_INVALID"],
    ["a track that is cut off", bytes(0x96, 0x11, "av01", 0, 0, 0, 9, 1), "FLV_TAG_TRUNCATED"],
    ["a tag of multitrack without a track", bytes(0x96, 0x11, "av01"), "FLV_TAG_TRUNCATED"],
  ])("refuses %s", (_name, body, code) => {
    expect(() => parseVideoTag(body)).toThrow(expect.objectContaining({ code }));
  });

  it("takes 64 tracks in a tag and refuses 65", () => {
    const tracks = (count: number): Uint8Array =>
      bytes(0x96, 0x11, "av01", ...new Array<readonly number[]>(count).fill([0, 0, 0, 0]).flat());
    expect(parseVideoTag(tracks(64))).toHaveLength(64);
    expect(() => parseVideoTag(tracks(65))).toThrow(
      expect.objectContaining({ code: "FLV_TRACKS_TOO_MANY" }),
    );
  });
});

describe("parseAudioTag", () => {
  const frame = (codec: string, sampleRate: number, channels: number): object => ({
    type: "frame",
    codec,
    trackId: 0,
    nanoOffset: 0,
    data: data(5),
    sound: { sampleRate, channels },
  });

  it.each([
    ["an empty body", bytes(), []],
    [
      "an AAC sequence header",
      bytes(0xaf, 0, 0x11, 0x90),
      [{ type: "config", codec: "aac", trackId: 0, data: data(0x11, 0x90) }],
    ],
    [
      "an AAC frame",
      bytes(0xaf, 1, 5),
      [{ type: "frame", codec: "aac", trackId: 0, nanoOffset: 0, data: data(5) }],
    ],
    ["MP3 at 44.1 kHz stereo", bytes(0x2f, 5), [frame("mp3", 44_100, 2)]],
    ["MP3 at 22 kHz mono", bytes(0x2a, 5), [frame("mp3", 22_050, 1)]],
    ["MP3 at 8 kHz", bytes(0xee, 5), [frame("mp3", 8000, 1)]],
    ["G.711 A-law", bytes(0x72, 5), [frame("g711a", 8000, 1)]],
    ["G.711 mu-law", bytes(0x83, 5), [frame("g711u", 8000, 2)]],
    ["Speex", bytes(0xb6, 5), [frame("speex", 16_000, 1)]],
    ["Nellymoser", bytes(0x6a, 5), [{ type: "unsupported", codec: "nellymoser", trackId: 0 }]],
    ["linear PCM", bytes(0x3a, 5), [{ type: "unsupported", codec: "pcm-le", trackId: 0 }]],
    ["ADPCM", bytes(0x1a, 5), [{ type: "unsupported", codec: "adpcm", trackId: 0 }]],
    ["a reserved format", bytes(0xc0), [{ type: "unsupported", codec: "audio-12", trackId: 0 }]],
    [
      "an Opus sequence start",
      bytes(0x90, "Opus", 1),
      [{ type: "config", codec: "opus", trackId: 0, data: data(1) }],
    ],
    [
      "an Opus frame",
      bytes(0x91, "Opus", 1),
      [{ type: "frame", codec: "opus", trackId: 0, nanoOffset: 0, data: data(1) }],
    ],
    [
      "enhanced AAC",
      bytes(0x90, "mp4a", 1),
      [{ type: "config", codec: "aac", trackId: 0, data: data(1) }],
    ],
    [
      "enhanced MP3",
      bytes(0x91, ".mp3", 1),
      [{ type: "frame", codec: "mp3", trackId: 0, nanoOffset: 0, data: data(1) }],
    ],
    ["AC-3", bytes(0x91, "ac-3", 1), [{ type: "unsupported", codec: "ac-3", trackId: 0 }]],
    ["FLAC", bytes(0x90, "fLaC", 1), [{ type: "unsupported", codec: "fLaC", trackId: 0 }]],
    ["an end of sequence", bytes(0x92, "Opus"), [{ type: "end", codec: "opus", trackId: 0 }]],
    [
      "a channel map",
      bytes(0x94, "Opus", 1, 2),
      [{ type: "channels", trackId: 0, data: data(1, 2) }],
    ],
    [
      "a time offset in nanoseconds",
      bytes(0x97, 2, 0, 0, 7, 0x01, "Opus", 1),
      [{ type: "frame", codec: "opus", trackId: 0, nanoOffset: 7, data: data(1) }],
    ],
    [
      "many tracks of many codecs",
      bytes(0x95, 0x21, "Opus", 0, 0, 0, 1, 5, "mp4a", 1, 0, 0, 1, 6),
      [
        { type: "frame", codec: "opus", trackId: 0, nanoOffset: 0, data: data(5) },
        { type: "frame", codec: "aac", trackId: 1, nanoOffset: 0, data: data(6) },
      ],
    ],
  ])("reads %s", (_name, body, expected) => {
    expect(parseAudioTag(body)).toEqual(expected);
  });

  it.each([
    ["AAC without packet type", bytes(0xaf), "FLV_TAG_TRUNCATED"],
    ["an unknown AAC packet type", bytes(0xaf, 2), "FLV_PACKET_TYPE_UNKNOWN"],
    ["an unknown packet type", bytes(0x93, "Opus"), "FLV_PACKET_TYPE_UNKNOWN"],
  ])("refuses %s", (_name, body, code) => {
    expect(() => parseAudioTag(body)).toThrow(expect.objectContaining({ code }));
  });
});

describe("tag bodies", () => {
  it("answer arbitrary bytes with packets or a ProtocolError", () => {
    const fourCc = fc
      .constantFrom("avc1", "hvc1", "av01", "Opus", "mp4a")
      .map((text) => [...Buffer.from(text)]);
    const piece = fc.oneof(
      fc.nat(255).map((value) => [value]),
      fourCc,
    );
    const first = fc.oneof(fc.nat(255), fc.integer({ min: 0x90, max: 0x97 }));
    fc.assert(
      fc.property(first, fc.array(piece, { maxLength: 40 }), (head, rest) => {
        const body = Uint8Array.from([head, ...rest.flat()]);
        for (const parse of [parseVideoTag, parseAudioTag]) {
          try {
            for (const packet of parse(body)) expect(packet.type).toBeTypeOf("string");
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError);
          }
        }
      }),
      { numRuns: 5000 },
    );
  });
});
