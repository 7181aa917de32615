import fc from "fast-check";
import { expect, it } from "vitest";
import { describeTracks, parseRtmpPort, parseStreamList } from "./stream-list.ts";

it("reads what the server lists", () => {
  const document = {
    streams: [
      {
        name: "live/cam",
        state: "live",
        startedAt: "2030-01-01T00:00:00Z",
        tracks: [
          { id: "v", kind: "video", codec: "h264", width: 1280, height: 720, bFrames: null },
          { id: "a", kind: "audio", codec: "aac", sampleRate: 44_100, channels: 2 },
        ],
        viewers: { count: 3, byTransport: { webrtc: 3 } },
      },
      { name: "live/away", state: "waiting", tracks: [], viewers: 1 },
      { name: "live/over", state: "ended", tracks: [], viewers: 0 },
      { name: 5, state: "live" },
      null,
    ],
  };
  const list = parseStreamList(document);
  expect(list.map(({ name, state, viewers }) => ({ name, state, viewers }))).toEqual([
    { name: "live/cam", state: "live", viewers: 3 },
    { name: "live/away", state: "waiting", viewers: 1 },
  ]);
  const described = describeTracks(list[0]?.tracks ?? []).replaceAll("\u00a0", " ");
  expect(described).toBe("1280 × 720 · H.264 · AAC 44.1 kHz stereo");
});

it("finds the RTMP port", () => {
  const addresses = [
    { protocol: "http", port: 8080 },
    { protocol: "rtmp", port: 1936 },
  ];
  expect(parseRtmpPort({ addresses })).toBe(1936);
  expect(parseRtmpPort({ addresses: [] })).toBeUndefined();
});

it("takes any document", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      parseStreamList(value);
      parseStreamList({ streams: [value] });
      parseStreamList({ streams: [{ name: "x", state: "live", tracks: [value], viewers: value }] });
      parseRtmpPort({ addresses: [value] });
    }),
  );
});

it("describes tracks that tell little", () => {
  expect(describeTracks([])).toBe("");
  expect(describeTracks([{ kind: "audio", codec: "opus" }])).toBe("Opus");
  expect(describeTracks([{ kind: "audio", codec: "opus", channels: 1 }])).toBe("Opus\u00a0mono");
});
