import { describe, expect, it } from "vitest";
import type { PacketEncoding, PacketSource } from "../../core/index.ts";
import { audioInfo, videoInfo } from "../../core/test-frames.ts";
import { FragmentRig } from "./test-rig.ts";

/** The packets of a publisher that counts how often a key frame is wanted of each of its encodings. */
function packetSource(active: readonly boolean[]): { source: PacketSource; asked: number[] } {
  const asked = active.map(() => 0);
  const encodings = active.map(
    (isActive, index): PacketEncoding => ({
      ...{ rid: undefined, width: 0, height: 0, frameRate: 0, bitrateBps: 0, group: [] },
      active: isActive,
      requestKeyFrame: () => {
        asked[index] = (asked[index] ?? 0) + 1;
      },
      subscribe() {},
      unsubscribe() {},
    }),
  );
  const source: PacketSource = {
    ...{ kind: "video", codec: "h264", profileLevelId: undefined, encodings },
    observe: () => () => {},
    wantFrames() {},
  };
  return { source, asked };
}

describe("a publisher that makes key frames when asked", () => {
  it("is asked at regular times, of its best active encoding, and again when none comes", () => {
    const rig = new FragmentRig();
    const { source, asked } = packetSource([true, true, false]);
    rig.publisher.setTrack(videoInfo(), source);
    rig.publisher.setTrack(audioInfo());
    const { release } = rig.outputs.lease(rig.stream, "native");
    rig.play(3900, { groupMs: 60_000 });
    expect(asked).toEqual([0, 0, 0]);
    rig.play(400, { groupMs: 60_000 });
    expect(asked).toEqual([0, 1, 0]);
    rig.play(1000, { groupMs: 60_000 });
    expect(asked).toEqual([0, 2, 0]);
    rig.play(3000, { groupMs: 1000 });
    expect(asked[1]).toBeLessThanOrEqual(3);
    const settled = asked[1];
    rig.play(3000, { groupMs: 1000 });
    expect(asked[1]).toBe(settled);
    release();
    rig.clock.advance(30_000);
    expect(asked[1]).toBeLessThanOrEqual((settled ?? 0) + 3);
    const after = asked[1];
    rig.clock.advance(30_000);
    expect(asked[1]).toBe(after);
  });

  it("is not asked while it is away", () => {
    const rig = new FragmentRig();
    const { source, asked } = packetSource([true]);
    rig.publisher.setTrack(videoInfo(), source);
    rig.outputs.lease(rig.stream, "native");
    rig.publisher.close("PUBLISHER_GONE");
    rig.clock.advance(20_000);
    expect(asked).toEqual([0]);
    rig.outputs.close();
  });
});
