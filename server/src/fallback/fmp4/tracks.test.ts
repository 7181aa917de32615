import { describe, expect, it } from "vitest";
import { audioInfo, frameAt, videoInfo } from "../../core/test-frames.ts";
import type { Fmp4Part } from "./index.ts";
import { FragmentRig, NotingListener } from "./test-rig.ts";

const ends = (parts: readonly Fmp4Part[]): number[] =>
  parts.map(({ startUs, durationUs }) => startUs + durationUs);

describe("how fragments begin", () => {
  it("wait for sound that is announced late", () => {
    const rig = new FragmentRig().announce(["video"]).play(200, { kinds: ["video"] });
    const { output } = rig.outputs.lease(rig.stream, "native");
    expect(output.parts).toEqual([]);
    rig.announce(["audio"]).play(100);
    expect(output.parts[0]?.init.codecs).toHaveLength(2);
    expect(output.parts[0]?.startUs).toBe(0);
    rig.outputs.close();
  });

  it("go on without sound after a bounded time, and take it in at a key frame", () => {
    const rig = new FragmentRig().announce(["video"]);
    rig.play(460, { kinds: ["video"] });
    const { output } = rig.outputs.lease(rig.stream, "native");
    expect(output.parts).toEqual([]);
    rig.play(100, { kinds: ["video"] });
    expect(output.parts[0]?.init.codecs).toEqual(["avc1.42e01f"]);
    rig.announce(["audio"]).play(1000);
    const fresh = output.parts.find(({ init }) => init.id === 2);
    expect(fresh).toMatchObject({ independent: true, startUs: 1_000_000 });
    expect(fresh?.init.codecs).toEqual(["avc1.42e01f", "mp4a.40.2"]);
    rig.outputs.close();
  });

  it("do not wait for sound of a stream that has long had none", () => {
    const rig = new FragmentRig().announce(["video"]).play(1500, { kinds: ["video"] });
    const { output } = rig.outputs.lease(rig.stream, "native");
    expect(output.parts).toHaveLength(2);
    rig.outputs.close();
  });

  it("wait longer for video, and then go on with sound alone until it comes", () => {
    const rig = new FragmentRig().announce().play(1000, { kinds: ["audio"] });
    const { output } = rig.outputs.lease(rig.stream, "native");
    rig.play(4900, { kinds: ["audio"] });
    expect(output.parts).toEqual([]);
    rig.play(200, { kinds: ["audio"] });
    expect(output.parts[0]?.init).toMatchObject({ mime: 'audio/mp4; codecs="mp4a.40.2"' });
    expect(output.parts.every(({ independent }) => independent)).toBe(true);
    rig.play(1500);
    expect(output.parts.at(-1)?.init.codecs).toEqual(["avc1.42e01f", "mp4a.40.2"]);
    expect(output.parts.find(({ init }) => init.id === 2)?.startUs).toBe(7_000_000);
    rig.outputs.close();
  });

  it("audio alone: parts of whole frames", () => {
    const rig = new FragmentRig().announce(["audio"]).play(2000, { kinds: ["audio"] });
    const { output } = rig.outputs.lease(rig.stream, "aac");
    const durations = output.parts.map(({ durationUs }) => durationUs);
    expect(durations.length).toBeGreaterThan(8);
    expect(Math.max(...durations)).toBeLessThanOrEqual(210_000);
    expect(Math.min(...durations)).toBeGreaterThan(180_000);
    expect(output.parts[0]?.init.mime).toBe('audio/mp4; codecs="mp4a.40.2"');
    rig.outputs.close();
  });
});

describe("when the publisher changes", () => {
  it("and returns: the next part is discontinuous and its time goes on", () => {
    const rig = new FragmentRig().announce().play(1500);
    const { output } = rig.outputs.lease(rig.stream, "native");
    const listener = new NotingListener();
    output.listen(listener);
    rig.publisher.close("PUBLISHER_GONE");
    expect(ends(listener.parts)).toEqual([1_520_000]);
    rig.clock.advance(5000);
    rig.publish();
    rig.announce().play(1000);
    const fresh = listener.parts.filter(({ discontinuous }) => discontinuous);
    expect(fresh).toHaveLength(1);
    expect(fresh[0]).toMatchObject({ independent: true, startUs: 7_000_000 });
    expect(fresh[0]?.init.id).toBe(1);
    expect(listener.parts.at(-1)?.discontinuous).toBe(false);
    rig.outputs.close();
  });

  it("its video configuration: a new initialization at the key frame", () => {
    const rig = new FragmentRig().announce().play(1500);
    const { output } = rig.outputs.lease(rig.stream, "native");
    const config = Uint8Array.of(1, 0x64, 0, 0x28);
    rig.publisher.setTrack(videoInfo({ config, codecString: "avc1.640028", width: 640 }));
    rig.play(1000);
    expect(output.parts.find(({ init }) => init.id === 2)).toMatchObject({
      independent: true,
      startUs: 2_000_000,
      init: { width: 640, codecs: ["avc1.640028", "mp4a.40.2"] },
    });
    rig.outputs.close();
  });

  it("takes its sound away: it is left out from a key frame on", () => {
    const rig = new FragmentRig().announce().play(1500);
    const { output } = rig.outputs.lease(rig.stream, "native");
    rig.publisher.removeTrack("audio");
    rig.play(1000, { kinds: ["video"] });
    expect(output.parts.at(-1)?.init.codecs).toEqual(["avc1.42e01f"]);
    rig.outputs.close();
  });

  it("sends no sound any more: it is left out, and taken in again when it is back", () => {
    const rig = new FragmentRig().announce().play(1500);
    const { output } = rig.outputs.lease(rig.stream, "native");
    rig.play(3000, { kinds: ["video"] });
    expect(output.parts.at(-1)?.init.codecs).toHaveLength(2);
    rig.play(1000, { kinds: ["video"] });
    expect(output.parts.at(-1)?.init.codecs).toHaveLength(1);
    rig.play(1500);
    expect(output.parts.at(-1)?.init.codecs).toHaveLength(2);
    rig.outputs.close();
  });

  it("takes its video away: sound goes on alone", () => {
    const rig = new FragmentRig().announce().play(1500);
    const { output } = rig.outputs.lease(rig.stream, "native");
    rig.publisher.removeTrack("video");
    rig.play(1000, { kinds: ["audio"] });
    expect(output.parts.at(-1)?.init.codecs).toEqual(["mp4a.40.2"]);
    rig.outputs.close();
  });
});

describe("what has no place in fragments", () => {
  const vp8 = videoInfo({ codec: "vp8", config: new Uint8Array(0), codecString: "vp8" });
  const opus = audioInfo({ codec: "opus", config: new Uint8Array(0), codecString: "opus" });

  it("is derived: VP8 to H.264, and for HLS Opus to AAC", () => {
    const rig = new FragmentRig();
    rig.publisher.setTrack(vp8);
    rig.publisher.setTrack(opus);
    const lease = rig.outputs.lease(rig.stream, "aac");
    expect(rig.transcoder.running.map(({ target }) => target)).toEqual([
      { kind: "video", codec: "h264", reorder: false },
      { kind: "audio", codec: "aac" },
    ]);
    const [video, audio] = rig.transcoder.running;
    video?.sink.info(videoInfo());
    audio?.sink.info(audioInfo());
    for (let at = 0; at < 10; at++) {
      video?.sink.frame(frameAt(at * 40, { key: at === 0 }));
      audio?.sink.frame(frameAt(at * 21, { key: true }));
    }
    expect(lease.output.parts[0]?.init.codecs).toEqual(["avc1.42e01f", "mp4a.40.2"]);
    lease.release();
    rig.clock.advance(30_000);
    expect(rig.transcoder.running).toEqual([]);
  });

  it("native sound: Opus and MP3 stay, the rest becomes AAC", () => {
    for (const [codec, derived] of [
      ["opus", 0],
      ["mp3", 0],
      ["speex", 1],
      ["g711a", 1],
    ] as const) {
      const rig = new FragmentRig().announce(["video"]);
      rig.publisher.setTrack(audioInfo({ codec, config: new Uint8Array(0) }));
      rig.outputs.lease(rig.stream, "native");
      expect(rig.transcoder.running).toHaveLength(derived);
      rig.outputs.close();
    }
  });

  it("is left out when it cannot be derived, and tried again", () => {
    const rig = new FragmentRig();
    rig.transcoder.refuses = "TRANSCODER_FULL";
    rig.publisher.setTrack(videoInfo());
    rig.publisher.setTrack(opus);
    rig.play(600);
    const { output } = rig.outputs.lease(rig.stream, "aac");
    expect(output.lacks).toEqual([{ kind: "audio", code: "TRANSCODER_FULL" }]);
    expect(output.parts[0]?.init.codecs).toEqual(["avc1.42e01f"]);
    rig.transcoder.refuses = undefined;
    rig.clock.advance(10_000);
    expect(output.lacks).toEqual([]);
    expect(rig.transcoder.running).toHaveLength(1);
    rig.transcoder.running[0]?.sink.failed("TRANSCODE_FAILED", "broken");
    expect(output.lacks).toEqual([{ kind: "audio", code: "TRANSCODE_FAILED" }]);
    rig.outputs.close();
  });

  it("is refused when nothing remains", () => {
    const rig = new FragmentRig();
    rig.transcoder.refuses = "CODEC_UNSUPPORTED";
    rig.publisher.setTrack(vp8);
    expect(() => rig.outputs.lease(rig.stream, "native")).toThrow(
      expect.objectContaining({ code: "CODEC_UNSUPPORTED", status: 415 }),
    );
    expect(rig.clock.timers).toBe(1);
  });

  it("sound whose configuration cannot be read is left out", () => {
    const rig = new FragmentRig().announce(["video"]);
    rig.publisher.setTrack(audioInfo({ config: Uint8Array.of(0xff) }));
    rig.play(1500);
    const { output } = rig.outputs.lease(rig.stream, "native");
    expect(output.lacks).toEqual([expect.objectContaining({ kind: "audio" })]);
    expect(output.parts[0]?.init.codecs).toEqual(["avc1.42e01f"]);
    rig.outputs.close();
  });
});
