import { afterEach, describe, expect, it } from "vitest";
import { HlsRig, type HlsRigOptions, resolvePath, urisOf } from "./test-hls.ts";

const rigs: HlsRig[] = [];

async function open(options: HlsRigOptions = {}): Promise<HlsRig> {
  const rig = new HlsRig(options);
  rigs.push(rig);
  await rig.listen();
  rig.announce().play(3000);
  return rig;
}

afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});

describe("viewers", () => {
  it("are counted once, with their first media playlist", async () => {
    const rig = await open();
    const path = await rig.join();
    expect(rig.stream.viewers.size).toBe(0);
    await rig.text(path);
    await rig.text(path);
    const [viewer] = rig.stream.viewers.values();
    expect(viewer?.info).toMatchObject({ transport: "ll-hls", address: "127.0.0.1" });
    await rig.text(await rig.join());
    expect(rig.stream.viewers.size).toBe(2);
    expect(rig.hls.figures.sessions).toBe(2);
  });

  it("have figures of what they were sent", async () => {
    const rig = await open();
    const path = await rig.join();
    const before = rig.sentBytes;
    const playlist = await rig.text(path);
    const part = await rig.bytes(resolvePath(path, urisOf(playlist)[1] ?? ""));
    const [viewer] = rig.stream.viewers.values();
    await rig.until(() => JSON.stringify(viewer?.info.stats?.()).includes('"requests":2'));
    const stats = viewer?.info.stats?.() as { bytesSent: number };
    expect(stats.bytesSent).toBe(rig.sentBytes - before);
    expect(stats.bytesSent).toBeGreaterThan(part.byteLength + playlist.length);
  });

  it("are gone after some time without a request", async () => {
    const rig = await open();
    const path = await rig.join();
    await rig.text(path);
    rig.clock.advance(7000);
    await rig.text(path);
    rig.clock.advance(7000);
    expect(rig.stream.viewers.size).toBe(1);
    rig.clock.advance(3000);
    expect(rig.stream.viewers.size).toBe(0);
    rig.clock.advance(20_000);
    expect(rig.hls.figures).toEqual({ streams: 0, sessions: 0, held: 0 });
    expect(rig.outputs.size).toBe(0);
  });

  it("who wait are not gone", async () => {
    const rig = await open({ limits: { holdTargets: 10, maxHoldMs: 60_000 } });
    const path = await rig.join();
    await rig.text(path);
    const answer = rig.get(`${path}&_HLS_msn=2`);
    await rig.holding(1);
    rig.clock.advance(15_000);
    expect(rig.stream.viewers.size).toBe(1);
    rig.play(4000);
    expect((await answer).status).toBe(200);
  });

  it("who return are counted again, and segment numbers go on", async () => {
    const rig = await open();
    const path = await rig.join();
    const before = Number(/MEDIA-SEQUENCE:(\d+)/.exec(await rig.text(path))?.[1]);
    rig.clock.advance(40_000);
    expect(rig.hls.figures.streams).toBe(0);
    rig.play(3000);
    const text = await rig.text(path);
    expect(rig.stream.viewers.size).toBe(1);
    expect(Number(/MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1])).toBeGreaterThan(before);
  });

  it("can be sent away, also while they wait", async () => {
    const rig = await open();
    const path = await rig.join();
    const part = urisOf(await rig.text(path))[1] ?? "";
    const waiting = rig.get(`${path}&_HLS_msn=2`);
    await rig.holding(1);
    const [viewer] = rig.stream.viewers.values();
    viewer?.info.onKick?.("KICKED");
    expect(rig.stream.viewers.size).toBe(0);
    for (const response of [
      await waiting,
      await rig.get(path),
      await rig.get(resolvePath(path, part)),
    ]) {
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({ code: "SESSION_CLOSED" });
    }
  });

  it("are told by address and program when they begin at the media playlist", async () => {
    const rig = await open();
    const read = (agent: string): Promise<Response> =>
      rig.get("/live/cam.hls/index.m3u8", { headers: { "User-Agent": agent } });
    const response = await read("one");
    expect(response.headers.get("cache-control")).toBe("no-cache");
    const text = await response.text();
    expect(urisOf(text).every((uri) => !uri.includes("?"))).toBe(true);
    await (await read("one")).text();
    expect(rig.stream.viewers.size).toBe(1);
    await (await read("two")).text();
    expect(rig.stream.viewers.size).toBe(2);
    const held = await rig.get("/live/cam.hls/index.m3u8?_HLS_msn=0", {
      headers: { "User-Agent": "one" },
    });
    expect(held.headers.get("cache-control")).toBe("public, max-age=12");
  });

  it("have limits: sessions, viewers of the stream, and what a session may be called", async () => {
    const rig = await open({ limits: { maxSessions: 1 } });
    await rig.text(await rig.join());
    const full = await rig.get(await rig.join());
    expect(full.status).toBe(503);
    expect(await full.json()).toMatchObject({ code: "SESSIONS_FULL" });
    const crowded = await open({ core: { maxViewersPerStream: 1 } });
    await crowded.text(await crowded.join());
    expect(await (await crowded.get(await crowded.join())).json()).toMatchObject({
      code: "VIEWERS_FULL",
    });
    expect(crowded.hls.figures.sessions).toBe(1);
    for (const session of [
      "short",
      "x".repeat(65),
      "%00%00%00%00%00%00%00%00%00%00%00%00%00%00%00%00",
    ]) {
      const response = await rig.get(`/live/cam.hls/index.m3u8?session=${session}`);
      expect(response.status).toBe(400);
    }
  });

  it("are not counted by HEAD", async () => {
    const rig = await open();
    const path = await rig.join();
    expect((await rig.get(path, { method: "HEAD" })).status).toBe(200);
    expect(rig.stream.viewers.size).toBe(0);
  });
});
