import type { Frame, VideoTrackInfo } from "@millrace/media/frame";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLog, systemClock } from "../core/index.ts";
import { createTranscodePool } from "./create-pool.ts";
import type { TranscodePool } from "./pool.ts";
import { otherVideoTrack } from "./test/media.ts";
import { decodeH264, decodeJpeg, difference } from "./test/pictures.ts";
import { Recorder } from "./test/recorder.ts";
import { hasFfmpeg, hasNodeAv, until } from "./test/tools.ts";

const inOrder = { kind: "video", codec: "h264", reorder: false } as const;
const jpeg = { kind: "video", codec: "jpeg" } as const;
const moved = (frames: readonly Frame[], us: number): Frame[] =>
  frames.map((frame) => ({ ...frame, ptsUs: frame.ptsUs + us, dtsUs: frame.dtsUs + us }));

/** A WebRTC publisher makes its picture smaller and larger as its network allows, at a key frame, in the bit stream. */
describe.skipIf(!hasNodeAv || !hasFfmpeg)(
  "video of WebRTC publishers",
  { timeout: 120_000 },
  () => {
    let pool: TranscodePool;

    beforeAll(async () => {
      pool = await createTranscodePool({
        clock: systemClock,
        log: silentLog,
        engine: "node-av",
        children: 1,
        limits: { maxVideoLagMs: 60_000, maxVideoQueueMs: 60_000, hangMs: 20_000 },
      });
    }, 60_000);
    afterAll(() => pool.close());

    const codecs = ["vp8", "vp9", "av1"] as const;
    const cases = codecs.flatMap((codec) => [[codec, false] as const, [codec, true] as const]);
    it.each(cases)(
      "follows a change of the size of %s, which the track's information tells: %s",
      async (codec, told) => {
        const large = await otherVideoTrack(codec, "320x180", 1);
        const small = await otherVideoTrack(codec, "256x144", 1);
        const [video, images] = [new Recorder(), new Recorder()];
        const derivations = [
          pool.start(large.info, inOrder, video),
          pool.start(large.info, jpeg, images),
        ];
        // What comes before the first key frame belongs to nothing.
        const early = moved(large.frames.slice(1, 4), 900_000);
        const first = moved(large.frames, 1_100_000);
        const second = moved(small.frames, 2_100_000);
        const third = moved(large.frames, 3_100_000);
        for (const derivation of derivations) {
          for (const frame of [...early, ...first]) derivation.push(frame);
        }
        await until(() => images.frames.length > 0, "an image");
        for (const [part, info] of [
          [second, small.info],
          [third, large.info],
        ] as const) {
          for (const derivation of derivations) {
            if (told) derivation.reconfigure(info);
            for (const frame of part) derivation.push(frame);
          }
          const lastUs = part.at(-2)?.ptsUs ?? 0;
          await until(() => (video.times.at(-1) ?? 0) >= lastUs, "the pictures");
          await until(() => (images.times.at(-1) ?? 0) >= lastUs, "an image of that size");
        }
        for (const derivation of derivations) derivation.close();
        const widths = (recorder: Recorder): (number | false)[] =>
          recorder.infos.map((info) => info.kind === "video" && info.width);
        expect([...video.failures, ...images.failures]).toEqual([]);
        expect(widths(video)).toEqual([320, 256, 320]);
        expect(widths(images)).toEqual([320, 256, 320]);
        const sent = [...first, ...second, ...third].map(({ ptsUs }) => ptsUs);
        expect(video.times).toEqual(sent.slice(0, video.times.length));
        const keys = video.frames.filter(({ key }) => key).map(({ ptsUs }) => ptsUs);
        expect(keys).toEqual([1_100_000, 2_100_000, 3_100_000]);
        const shown = video.frames.filter(({ ptsUs }) => ptsUs >= 2_100_000 && ptsUs < 3_100_000);
        const pictures = await decodeH264(video.infos[1] as VideoTrackInfo, shown);
        expect(pictures.every(({ width }) => width === 256)).toBe(true);
        // Both sizes show the same film, and so do the images.
        const byTime = new Map(pictures.map((picture) => [picture.ptsUs, picture]));
        const [image] = (await decodeJpeg(images.frames)).filter(({ width }) => width === 256);
        expect(difference(image, byTime.get(image?.ptsUs ?? 0))).toBeLessThan(10);
      },
    );
  },
);
