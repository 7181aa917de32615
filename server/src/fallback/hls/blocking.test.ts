import { afterEach, describe, expect, it } from "vitest";
import { HlsRig, type HlsRigOptions, resolvePath, urisOf } from "./test-hls.ts";

const rigs: HlsRig[] = [];

/** Has read the playlist once: segment 0 is there with seven parts, segment 1 has no part yet. */
async function open(options: HlsRigOptions = {}): Promise<{ rig: HlsRig; path: string }> {
  const rig = new HlsRig(options);
  rigs.push(rig);
  await rig.listen();
  rig.announce().play(3460);
  const path = await rig.join();
  await rig.text(path);
  return { rig, path };
}

const play = (rig: HlsRig, ms: number): void => void rig.play(ms);

afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});

describe("blocking playlist reload", () => {
  it("is answered as soon as the part is there", async () => {
    const { rig, path } = await open();
    const answers = [0, 1].map((part) => rig.text(`${path}&_HLS_msn=1&_HLS_part=${part}`));
    await rig.holding(2);
    play(rig, 180);
    expect((await answers[0])?.match(/#EXT-X-PART:/g)?.length).toBe(8);
    await rig.holding(1);
    play(rig, 200);
    expect((await answers[1])?.match(/#EXT-X-PART:/g)?.length).toBe(9);
  });

  it("without a part waits for the whole segment", async () => {
    const { rig, path } = await open();
    const answer = rig.text(`${path}&_HLS_msn=1`);
    await rig.holding(1);
    play(rig, 400);
    await rig.holding(1);
    play(rig, 500);
    expect((await answer).match(/#EXTINF/g)?.length).toBe(2);
  });

  it("is answered at once for what is there already, also a part beyond a segment's last", async () => {
    const { rig, path } = await open();
    play(rig, 500);
    for (const ask of [
      "_HLS_msn=0",
      "_HLS_msn=0&_HLS_part=3",
      "_HLS_msn=0&_HLS_part=99",
      "_HLS_msn=1&_HLS_part=0",
    ]) {
      expect(await rig.text(`${path}&${ask}`)).toContain("#EXTINF");
    }
  });

  it.each([
    "_HLS_part=0",
    "_HLS_msn=x",
    "_HLS_msn=-1",
    "_HLS_msn=1&_HLS_part=1.5",
    "_HLS_msn=3",
    "_HLS_msn=1&_HLS_part=15",
    "_HLS_msn=2&_HLS_part=16",
  ])("refuses %s", async (ask) => {
    const { rig, path } = await open();
    const response = await rig.get(`${path}&${ask}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "HLS_REQUEST_INVALID" });
  });

  it.each(["_HLS_msn=2", "_HLS_msn=1&_HLS_part=14"])(
    "holds %s, until time runs out",
    async (ask) => {
      const { rig, path } = await open();
      const answer = rig.get(`${path}&${ask}`);
      await rig.holding(1);
      rig.clock.advance(6000);
      const response = await answer;
      expect(response.status).toBe(503);
      expect(await response.json()).toMatchObject({ code: "HLS_HOLD_TIMEOUT" });
      expect(rig.hls.figures.held).toBe(0);
    },
  );

  it("has limits for each session and for all", async () => {
    const { rig, path } = await open({ limits: { maxHeldPerSession: 2, maxHeld: 3 } });
    const ask = `${path}&_HLS_msn=1`;
    const held = [rig.get(ask), rig.get(ask)];
    await rig.holding(2);
    const over = await rig.get(ask);
    expect(over.status).toBe(429);
    expect(await over.json()).toMatchObject({ code: "SESSION_HELD_FULL" });
    const other = await rig.join();
    held.push(rig.get(`${other}&_HLS_msn=1`));
    await rig.holding(3);
    const full = await rig.get(`${other}&_HLS_msn=1`);
    expect(full.status).toBe(503);
    expect(await full.json()).toMatchObject({ code: "HELD_FULL" });
    play(rig, 2500);
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it("forgets clients that went away", async () => {
    const { rig, path } = await open();
    const abort = new AbortController();
    const gone = rig.get(`${path}&_HLS_msn=1`, { signal: abort.signal }).catch(() => "gone");
    await rig.holding(1);
    abort.abort();
    expect(await gone).toBe("gone");
    await rig.holding(0);
  });

  it("ends when the server closes", async () => {
    const { rig, path } = await open();
    const answer = rig.get(`${path}&_HLS_msn=1`);
    await rig.holding(1);
    rig.hls.close("SERVER_CLOSING");
    rig.hls.close("SERVER_CLOSING");
    expect(await (await answer).json()).toMatchObject({ code: "SERVER_CLOSING", status: 503 });
    expect((await rig.get(path)).status).toBe(503);
  });
});

describe("preload hints", () => {
  it("are answered as soon as the part is there", async () => {
    const { rig, path } = await open();
    const hint = urisOf(await rig.text(path)).at(-1) ?? "";
    const answer = rig.bytes(resolvePath(path, hint));
    await rig.holding(1);
    play(rig, 250);
    expect((await answer).subarray(4, 8).toString()).toBe("moof");
    const listed = urisOf(await rig.text(path));
    expect(listed).toContain(hint);
    expect(listed.at(-1)).not.toBe(hint);
  });

  it("that do not come true in time are refused", async () => {
    const { rig, path } = await open();
    rig.publisher.close("PUBLISHER_GONE");
    const hint = urisOf(await rig.text(path)).at(-1) ?? "";
    const answer = rig.get(resolvePath(path, hint));
    await rig.holding(1);
    rig.clock.advance(6000);
    expect((await answer).status).toBe(503);
  });
});

describe("delta updates", () => {
  it("leave out what is behind the skip boundary", async () => {
    const { rig, path } = await open();
    for (let round = 0; round < 10; round++) {
      play(rig, 2000);
      await rig.text(path);
    }
    const full = await rig.text(path);
    const delta = await rig.text(`${path}&_HLS_skip=YES`);
    const skipped = Number(/#EXT-X-SKIP:SKIPPED-SEGMENTS=(\d+)/.exec(delta)?.[1]);
    expect(skipped).toBeGreaterThan(0);
    const count = (text: string): number => text.match(/#EXTINF/g)?.length ?? 0;
    expect(count(full)).toBe(count(delta) + skipped);
    expect(count(delta)).toBeGreaterThanOrEqual(6);
    expect(delta.length).toBeLessThan(full.length);
    const after = full
      .split("\n")
      .filter((line) => line.includes("-seg"))
      .slice(skipped);
    expect(delta.split("\n").filter((line) => line.includes("-seg"))).toEqual(after);
  });

  it("are whole playlists while nothing can be left out", async () => {
    const { rig, path } = await open();
    expect(await rig.text(`${path}&_HLS_skip=v2`)).toBe(await rig.text(path));
  });
});
