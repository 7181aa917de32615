import { describe, expect, it } from "vitest";
import {
  type MediaPlaylist,
  type PlaylistSegment,
  writeMediaPlaylist,
  writeMultivariantPlaylist,
} from "./index.ts";

const segment = (change: Partial<PlaylistSegment>): PlaylistSegment => ({
  uri: "seg1.m4s",
  durationS: 2,
  mapUri: "init1.mp4",
  discontinuity: false,
  dateTimeMs: undefined,
  parts: [],
  ...change,
});
const playlist = (change: Partial<MediaPlaylist>): MediaPlaylist => ({
  version: 9,
  targetDurationS: 2,
  lowLatency: undefined,
  mediaSequence: 0,
  discontinuitySequence: 0,
  independentSegments: false,
  segments: [],
  skipped: 0,
  preloadHint: undefined,
  renditionReports: [],
  ended: false,
  ...change,
});
const lowLatency = {
  canBlockReload: true,
  partTargetS: 0.21,
  partHoldBackS: 1,
  holdBackS: 6,
  canSkipUntilS: 12,
};

describe("writeMediaPlaylist", () => {
  it("writes a low-latency playlist", () => {
    const text = writeMediaPlaylist(
      playlist({
        lowLatency,
        mediaSequence: 7,
        discontinuitySequence: 1,
        independentSegments: true,
        segments: [
          segment({ uri: "seg7.m4s", dateTimeMs: 1_700_000_000_123, durationS: 2.0333333 }),
          segment({
            uri: "seg8.m4s",
            discontinuity: true,
            mapUri: "init2.mp4",
            parts: [
              { uri: "part80.m4s", durationS: 0.2, independent: true },
              { uri: "part81.m4s", durationS: 0.166667, independent: false },
            ],
          }),
          segment({
            uri: undefined,
            mapUri: "init2.mp4",
            parts: [{ uri: "part90.m4s", durationS: 0.2, independent: true }],
          }),
        ],
        preloadHint: { type: "PART", uri: "part91.m4s" },
        renditionReports: [
          { uri: "../audio/index.m3u8", lastMsn: 9, lastPart: 0 },
          { uri: "../low/index.m3u8", lastMsn: 8, lastPart: undefined },
        ],
      }),
    );
    expect(text).toBe(`#EXTM3U
#EXT-X-VERSION:9
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1,HOLD-BACK=6,CAN-SKIP-UNTIL=12
#EXT-X-PART-INF:PART-TARGET=0.21
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-DISCONTINUITY-SEQUENCE:1
#EXT-X-MAP:URI="init1.mp4"
#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:20.123Z
#EXTINF:2.03333,
seg7.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="init2.mp4"
#EXT-X-PART:DURATION=0.2,URI="part80.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.16667,URI="part81.m4s"
#EXTINF:2,
seg8.m4s
#EXT-X-PART:DURATION=0.2,URI="part90.m4s",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="part91.m4s"
#EXT-X-RENDITION-REPORT:URI="../audio/index.m3u8",LAST-MSN=9,LAST-PART=0
#EXT-X-RENDITION-REPORT:URI="../low/index.m3u8",LAST-MSN=8
`);
  });

  it("writes a delta update: skipped segments have no tags, what follows has its map", () => {
    const segments = [1, 2, 3].map((msn) =>
      segment({ uri: `seg${msn}.m4s`, discontinuity: msn === 2 }),
    );
    expect(
      writeMediaPlaylist(playlist({ version: 10, segments, skipped: 2, mediaSequence: 1 })),
    ).toBe(`#EXTM3U
#EXT-X-VERSION:10
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:1
#EXT-X-SKIP:SKIPPED-SEGMENTS=2
#EXT-X-MAP:URI="init1.mp4"
#EXTINF:2,
seg3.m4s
`);
  });

  it("writes the end, and no delta updates where there are none", () => {
    const text = writeMediaPlaylist(
      playlist({
        lowLatency: { ...lowLatency, canBlockReload: false, canSkipUntilS: undefined },
        ended: true,
      }),
    );
    expect(text).toContain("#EXT-X-SERVER-CONTROL:PART-HOLD-BACK=1,HOLD-BACK=6\n");
    expect(text.endsWith("#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-ENDLIST\n")).toBe(true);
  });

  it.each([
    { segments: [segment({ uri: "a\nb" })] },
    { segments: [segment({ uri: "#a" })] },
    { segments: [segment({ uri: "" })] },
    { segments: [segment({ mapUri: 'a"b' })] },
    { segments: [segment({ durationS: -1 })] },
    { segments: [segment({ durationS: Number.NaN })] },
    { targetDurationS: 1.5 },
    { mediaSequence: -1 },
    { renditionReports: [{ uri: "a", lastMsn: 0.5, lastPart: 0 }] },
    { preloadHint: { type: "PART" as const, uri: "a\r" } },
  ])("refuses what would break the text: %j", (change) => {
    expect(() => writeMediaPlaylist(playlist(change))).toThrow(RangeError);
  });
});

describe("writeMultivariantPlaylist", () => {
  it("writes variants", () => {
    const variant = {
      uri: "cam.hls/index.m3u8?session=a",
      bandwidthBps: 2_500_000,
      averageBandwidthBps: 2_000_000,
    };
    const codecs = ["avc1.42e01f", "mp4a.40.2"];
    expect(
      writeMultivariantPlaylist(9, [
        { ...variant, codecs, width: 1280, height: 720 },
        { ...variant, averageBandwidthBps: undefined, codecs: [], width: 0, height: 0 },
      ]),
    ).toBe(`#EXTM3U
#EXT-X-VERSION:9
#EXT-X-STREAM-INF:BANDWIDTH=2500000,AVERAGE-BANDWIDTH=2000000,CODECS="avc1.42e01f,mp4a.40.2",RESOLUTION=1280x720
cam.hls/index.m3u8?session=a
#EXT-X-STREAM-INF:BANDWIDTH=2500000
cam.hls/index.m3u8?session=a
`);
  });
});
