import { describe, expect, it } from "vitest";
import { FakeTranscoder } from "../../core/fake-transcoder.ts";
import { silentLog } from "../../core/index.ts";
import { audioInfo, videoInfo } from "../../core/test-frames.ts";
import type { OutputUser } from "./stream-output.ts";
import { StreamOutputs } from "./stream-outputs.ts";
import { slice, TestStream, testAvcC } from "./test-rig.ts";
import { accessUnits, continuityFaults, TestViewer } from "./test-viewer.ts";

class TestUser implements OutputUser {
  readonly refused: string[] = [];
  hints = 0;
  layers = 0;
  onRefused: () => void = () => {};

  videoRefused(code: string): void {
    this.refused.push(code);
    this.onRefused();
  }

  hintsChanged(): void {
    this.hints++;
  }

  layersChanged(): void {
    this.layers++;
  }
}

function open() {
  const transcoder = new FakeTranscoder();
  const stream = new TestStream({}, 24, transcoder);
  return { transcoder, stream };
}

const withBFrames = testAvcC(Uint8Array.of(0x67, 0x64, 0, 0x1f, 1));

describe("StreamOutput", () => {
  it("sends the publisher's H.264 and Opus as they are", () => {
    const { stream, transcoder } = open();
    stream.publisher.setTrack(audioInfo({ codec: "opus" }));
    const output = stream.openOutput();
    expect(output.video.source).toBe(stream.publisher.stream.track("video"));
    expect(output.audio.source).toBe(stream.publisher.stream.track("audio"));
    expect(transcoder.running).toHaveLength(0);
    expect(output.hints).toEqual([]);
  });

  it("goes over to video without B-frames when the first group shows some, in the same numbering", () => {
    const { stream, transcoder } = open();
    stream.publisher.setTrack(videoInfo({ config: testAvcC(), reorderDepth: undefined }));
    stream.run(200);
    const output = stream.openOutput();
    const viewer = new TestViewer(stream, output);
    expect(output.video.source?.derived).toBe(false);
    const late = {
      ptsUs: 6_000_000,
      dtsUs: 5_300_000,
      key: false,
      payload: [slice("reference", 99)],
    };
    stream.publisher.frame("video", late);
    stream.publisher.frame("video", { ...late, ptsUs: 5_400_000, dtsUs: 5_333_000 });
    expect(output.video.source?.derived).toBe(true);
    expect(viewer.pacer.state).toBe("waiting");
    const { sink } = transcoder.running[0] as (typeof transcoder.running)[number];
    sink.info(videoInfo({ config: testAvcC() }));
    for (let i = 0; i < 5; i++) {
      const us = stream.publisher.stream.nowUs();
      sink.frame({
        ptsUs: us,
        dtsUs: us,
        key: i === 0,
        payload: [slice(i === 0 ? "key" : "reference", 3000)],
      });
      stream.clock.advance(33);
    }
    expect(viewer.pacer.state).toBe("live");
    expect(continuityFaults(viewer.packets)).toBe(0);
    expect(
      accessUnits(viewer.packets)
        .slice(-5)
        .every((unit) => !unit.damaged),
    ).toBe(true);
  });

  it("closes cleanly when its last user leaves because the video is refused", () => {
    const { stream, transcoder } = open();
    transcoder.refuses = "CODEC_UNSUPPORTED";
    stream.publisher.setTrack(videoInfo({ config: testAvcC(), reorderDepth: undefined }));
    stream.publisher.setTrack(audioInfo());
    const { core, clock } = stream;
    const outputs = new StreamOutputs({ core, clock, log: silentLog });
    const lease = outputs.lease(stream.publisher.stream);
    const user = new TestUser();
    lease.output.add(user);
    user.onRefused = () => {
      lease.output.remove(user);
      lease.release();
    };
    stream.publisher.setTrack(videoInfo({ codec: "h265", codecString: "hev1" }));
    expect(user.refused).toEqual(["CODEC_UNSUPPORTED"]);
    expect(outputs.size).toBe(0);
    transcoder.refuses = undefined;
    stream.publisher.setTrack(videoInfo({ codec: "av1", codecString: "av01" }));
    expect(transcoder.running).toHaveLength(0);
    expect(stream.publisher.stream.tracks.map((track) => track.sinkCount)).toEqual([0, 0]);
  });

  it("takes the video back when a publisher returns without B-frames", () => {
    const { stream, transcoder } = open();
    transcoder.refuses = "NO_TRANSCODER";
    stream.publisher.setTrack(videoInfo({ config: withBFrames, reorderDepth: 2 }));
    const output = stream.openOutput();
    expect(output.videoRefusal?.code).toBe("B_FRAMES");
    expect(output.video.source).toBeUndefined();
    stream.publisher.close("GONE");
    stream.publish();
    expect(output.videoRefusal).toBeUndefined();
    expect(output.video.source).toBe(stream.publisher.stream.track("video"));
  });

  it("tries again after what made the sound gave up, and stops trying when it is closed", () => {
    const { stream, transcoder } = open();
    stream.publisher.setTrack(audioInfo());
    const output = stream.openOutput();
    const user = new TestUser();
    output.add(user);
    transcoder.running[0]?.sink.failed("CRASHED", "");
    expect(output.hints.map((hint) => hint.code)).toEqual(["AUDIO_CRASHED"]);
    expect(user.hints).toBe(1);
    stream.clock.advance(10_000);
    expect(transcoder.running).toHaveLength(1);
    expect(user.hints).toBe(2);
    transcoder.running[0]?.sink.failed("CRASHED", "");
    const timers = stream.clock.timers;
    output.close();
    output.close();
    expect(stream.clock.timers).toBe(timers - 1);
    stream.clock.advance(30_000);
    expect(transcoder.running).toHaveLength(0);
  });

  it("ends the video for its users when what made it gave up", () => {
    const { stream, transcoder } = open();
    stream.publisher.setTrack(videoInfo({ config: withBFrames, reorderDepth: 1 }));
    const output = stream.openOutput();
    const user = new TestUser();
    output.add(user);
    transcoder.running[0]?.sink.failed("CRASHED", "");
    expect(user.refused).toEqual(["CRASHED"]);
  });
});

describe("StreamOutputs", () => {
  it("has one output per stream from the first viewer to the last", () => {
    const { stream } = open();
    const { core, clock } = stream;
    const outputs = new StreamOutputs({ core, clock, log: silentLog });
    const first = outputs.lease(stream.publisher.stream);
    const second = outputs.lease(stream.publisher.stream);
    expect(second.output).toBe(first.output);
    first.release();
    first.release();
    expect(outputs.size).toBe(1);
    second.release();
    expect(outputs.size).toBe(0);
    expect(outputs.lease(stream.publisher.stream).output).not.toBe(first.output);
  });
});
