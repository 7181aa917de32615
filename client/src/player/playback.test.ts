import { describe, expect, it } from "vitest";
import { startPlayback } from "./playback.ts";

/** Refuses as many times as it has reasons. */
function video(muted: boolean, reasons: string[]) {
  const media = {
    muted,
    calls: [] as boolean[],
    async play() {
      media.calls.push(media.muted);
      const reason = reasons.shift();
      if (reason !== undefined) throw new DOMException("", reason);
    },
  };
  return media;
}

const wanted = () => true;

describe("startPlayback", () => {
  it("plays with sound where that is allowed", async () => {
    const media = video(false, []);
    expect(await startPlayback(media, wanted)).toBe("playing");
    expect(media.muted).toBe(false);
  });

  it.each(["NotAllowedError", "AbortError", "NotSupportedError", "Whatever"])(
    "mutes after %s and plays",
    async (reason) => {
      const media = video(false, [reason]);
      expect(await startPlayback(media, wanted)).toBe("playing-muted");
      expect(media.calls).toEqual([false, true]);
      expect(media.muted).toBe(true);
    },
  );

  it("says that it is blocked and leaves the sound as the viewer wanted it", async () => {
    const media = video(false, ["NotAllowedError", "NotAllowedError"]);
    expect(await startPlayback(media, wanted)).toBe("blocked");
    expect(media.muted).toBe(false);
  });

  it("does not try twice what was muted already", async () => {
    const media = video(true, ["NotAllowedError"]);
    expect(await startPlayback(media, wanted)).toBe("blocked");
    expect(media.calls).toEqual([true]);
  });

  it("neither mutes nor plays again after a pause or other media", async () => {
    const media = video(false, ["AbortError"]);
    expect(await startPlayback(media, () => false)).toBe("superseded");
    expect(media.calls).toEqual([false]);
    expect(media.muted).toBe(false);
    expect(await startPlayback(video(false, []), () => false)).toBe("superseded");
  });
});
