import { describe, expect, it } from "vitest";
import type { Stream } from "../../core/index.ts";
import type { Fmp4Part } from "../fmp4/index.ts";
import { FragmentRig } from "../fmp4/test-rig.ts";
import { defaultHlsLimits } from "./limits.ts";
import { planSegments } from "./target-duration.ts";

function partsOf(rig: FragmentRig): readonly Fmp4Part[] {
  return rig.outputs.lease(rig.stream, "aac").output.parts;
}

const plan = (stream: Stream, parts: readonly Fmp4Part[]) =>
  planSegments(stream, parts, 4000, defaultHlsLimits);

describe("target duration", () => {
  it.each([
    [500, 2],
    [1000, 2],
    [2000, 2],
    [2400, 3],
    [3000, 3],
    [8000, 8],
    [20_000, 20],
  ])("key frames every %d ms: %d s", (groupMs, targetS) => {
    const rig = new FragmentRig().announce().play(groupMs * 2 + 600, { groupMs });
    expect(plan(rig.stream, partsOf(rig)).targetS).toBe(targetS);
    rig.outputs.close();
  });

  it("is guessed after one key frame, and not shorter than what is there", () => {
    const rig = new FragmentRig().announce().play(1000, { groupMs: 20_000 });
    expect(plan(rig.stream, partsOf(rig)).targetS).toBe(4);
    rig.play(6000, { groupMs: 20_000 });
    expect(plan(rig.stream, partsOf(rig)).targetS).toBe(7);
    rig.outputs.close();
  });

  it("has bounds", () => {
    const rig = new FragmentRig().announce(["audio"]).play(2000, { kinds: ["audio"] });
    expect(plan(rig.stream, partsOf(rig)).targetS).toBe(2);
    const long = new FragmentRig().announce().play(60_100, { groupMs: 30_000 });
    expect(plan(long.stream, []).targetS).toBe(24);
    rig.outputs.close();
    long.outputs.close();
  });
});
