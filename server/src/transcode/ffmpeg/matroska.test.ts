import type { AudioTrackInfo, VideoTrackInfo } from "@millrace/media/frame";
import { describe, expect, it } from "vitest";
import { otherVideoTrack } from "../test/media.ts";
import { opusTone } from "../test/opus.ts";
import { hasFfmpeg, hasNodeAv, runFfmpeg } from "../test/tools.ts";
import { isMatroskaCodec, writeMatroskaFrame, writeMatroskaHeader } from "./matroska.ts";

const video: VideoTrackInfo = {
  kind: "video",
  codec: "vp8",
  codecString: "vp8",
  config: new Uint8Array(0),
  width: 0,
  height: 0,
  reorderDepth: 0,
};

describe("Matroska for ffmpeg", () => {
  it("puts a frame in a cluster of its own", () => {
    const frame = { ptsUs: 0, dtsUs: 0, key: true, payload: [Uint8Array.of(1, 2, 3)] };
    const hex = Buffer.from(writeMatroskaFrame(frame, video, 0x1_2345_6789)).toString("hex");
    expect(hex).toBe(
      "1f43b675" +
        "010000000000001e" +
        "e7" +
        "0100000000000005" +
        "0123456789" +
        "a3" +
        "0100000000000007" +
        "81000080" +
        "010203",
    );
  });

  it("carries what FLV does not, and refuses the rest", () => {
    expect(
      ["opus", "h265", "vp8", "vp9", "av1"].every((codec) => isMatroskaCodec(codec as "vp8")),
    ).toBe(true);
    expect(isMatroskaCodec("h264")).toBe(false);
    expect(() => writeMatroskaHeader({ ...video, codec: "jpeg" })).toThrow(RangeError);
  });

  it.skipIf(!hasFfmpeg || !hasNodeAv)("is read by ffmpeg with exact times", async () => {
    const tone = await opusTone({ seconds: 1, packetMs: 20 });
    const withoutConfig: AudioTrackInfo = { ...tone.info, config: new Uint8Array(0) };
    const h265 = await otherVideoTrack("h265", "320x180", 1);
    const tracks = [tone, { ...tone, info: withoutConfig }, h265] as const;
    for (const { info, frames } of tracks) {
      const times = frames.map((_, at) => 123_457 + at * 20_001);
      const bytes = Buffer.concat([
        writeMatroskaHeader(info),
        ...frames.map((frame, at) => writeMatroskaFrame(frame, info, times[at] ?? 0)),
      ]);
      const copy = [
        "-f",
        "matroska",
        "-i",
        "pipe:0",
        "-copyts",
        "-c",
        "copy",
        "-f",
        "framecrc",
        "-",
      ];
      const text = (await runFfmpeg(copy, bytes)).toString("utf8");
      const read = [...text.matchAll(/^0, *-?\d+, *(-?\d+),/gm)].map(([, pts]) => Number(pts));
      const [, scale = "1/1"] = /#tb 0: (\S+)/.exec(text) ?? [];
      const [numerator = 1, denominator = 1] = scale.split("/").map(Number);
      const ticksUs = (numerator * 1e6) / denominator;
      expect(read).toHaveLength(frames.length);
      for (const [at, pts] of read.entries()) {
        expect(Math.abs(pts * ticksUs - (times[at] ?? 0))).toBeLessThanOrEqual(ticksUs);
      }
    }
  });
});
