import type { TrackInfo } from "@millrace/media/frame";
import { expect, test } from "vitest";
import { FakeClock } from "../../core/fake-clock.ts";
import { FakeTranscoder } from "../../core/fake-transcoder.ts";
import { type FrameSink, Registry, silentLog } from "../../core/index.ts";
import { audioInfo, videoInfo } from "../../core/test-frames.ts";
import { type FlvSound, Sources, targetOf } from "./sources.ts";

const none = new Uint8Array(0);

test.each<[TrackInfo, FlvSound, string | undefined]>([
  [videoInfo(), "aac", undefined],
  [videoInfo({ codec: "h265" }), "aac", undefined],
  [videoInfo({ codec: "av1" }), "aac", undefined],
  [videoInfo({ codec: "vp9" }), "aac", undefined],
  [videoInfo({ codec: "vp8", config: none }), "native", "h264"],
  [audioInfo(), "aac", undefined],
  [audioInfo({ codec: "mp3", config: none }), "aac", undefined],
  [audioInfo({ codec: "opus" }), "aac", "aac"],
  [audioInfo({ codec: "opus" }), "native", undefined],
  [audioInfo({ codec: "g711u", config: none }), "aac", "aac"],
])("%j for %s is made into %s", (info, sound, codec) => {
  expect(targetOf(info, sound)?.codec).toBe(codec);
});

function start(...infos: readonly TrackInfo[]) {
  const clock = new FakeClock();
  const transcoder = new FakeTranscoder();
  const registry = new Registry({ clock, log: silentLog, transcoder });
  const publisher = registry.publish({
    stream: "live/cam",
    transport: "rtmp",
    address: "192.0.2.1",
    onKick() {},
  });
  for (const info of infos) publisher.setTrack(info);
  const sink: FrameSink = { frame() {} };
  const sources = new Sources(publisher.stream, "aac", sink);
  return { clock, transcoder, publisher, sources, stream: publisher.stream };
}
const codecs = (sources: Sources) => sources.tracks.map((track) => track.info.codec);

test("sound that FLV always had is taken as it is when nothing can be made of it", () => {
  const { sources, transcoder } = start(audioInfo({ codec: "g711a", config: none }));
  transcoder.refuses = "CODEC_UNSUPPORTED";
  sources.follow(false);
  expect(codecs(sources)).toEqual(["g711a"]);
  expect(sources.refusal).toBeUndefined();
});

test("without any track that can be had the reason is that of the video", () => {
  const { sources, transcoder } = start(
    audioInfo({ codec: "opus" }),
    videoInfo({ codec: "vp8", config: none }),
  );
  transcoder.refuses = "TRANSCODER_BUSY";
  sources.follow(false);
  expect(codecs(sources)).toEqual([]);
  expect(sources.announced).toBe(2);
  expect(sources.refusal).toMatchObject({ code: "TRANSCODER_BUSY", status: 503 });
  transcoder.refuses = undefined;
  expect(sources.follow(false)).toEqual([]);
  expect(sources.follow(true).length).toBe(2);
});

test("tracks are subscribed to once, and let go with their leases", () => {
  const { sources, stream, transcoder, clock } = start(videoInfo(), audioInfo({ codec: "opus" }));
  expect(sources.follow(false).map(({ id }) => id)).toEqual(["video", "audio-aac"]);
  expect(sources.follow(true)).toEqual([]);
  expect(stream.track("video")?.sinkCount).toBe(1);
  expect(sources.tracks[1]?.sinkCount).toBe(1);
  sources.close();
  sources.close();
  clock.advance(10_000);
  expect([stream.track("video")?.sinkCount, transcoder.running.length]).toEqual([0, 0]);
});
