import { afterEach, describe, expect, it } from "vitest";
import { RefusedError } from "../../core/index.ts";
import { HlsRig, type HlsRigOptions, resolvePath, urisOf } from "./test-hls.ts";

const rigs: HlsRig[] = [];

async function open(options: HlsRigOptions = {}): Promise<HlsRig> {
  const rig = new HlsRig(options);
  rigs.push(rig);
  return rig.listen();
}

afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});

describe("multivariant playlist", () => {
  it("names codecs, size and bit rate, and a session of its own for everybody", async () => {
    const rig = await open();
    rig.announce().play(3000);
    const response = await rig.get("/live/cam.m3u8");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/vnd.apple.mpegurl");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    const text = await response.text();
    expect(text).toMatch(
      /^#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-STREAM-INF:BANDWIDTH=\d+,AVERAGE-BANDWIDTH=\d+,CODECS="avc1\.42e01f,mp4a\.40\.2",RESOLUTION=1280x720\ncam\.hls\/index\.m3u8\?session=[\w-]{22}\n$/,
    );
    expect(await rig.text("/live/cam.m3u8")).not.toBe(text);
    expect(rig.stream.viewers.size).toBe(0);
  });

  it("waits for the first part, and not for ever", async () => {
    const rig = await open({ limits: { startWaitMs: 3000 } });
    rig.announce();
    const early = rig.get("/live/cam.m3u8");
    await rig.holding(1);
    rig.play(1000);
    expect((await early).status).toBe(200);
    const idle = await open({ limits: { startWaitMs: 3000 } });
    idle.announce();
    const refused = idle.get("/live/cam.m3u8");
    await idle.holding(1);
    idle.clock.advance(3000);
    const response = await refused;
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("2");
    expect(await response.json()).toMatchObject({ code: "HLS_HOLD_TIMEOUT" });
  });

  it("is refused without tracks", async () => {
    const rig = await open();
    const response = await rig.get("/live/cam.m3u8");
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: "STREAM_NOT_READY" });
  });
});

describe("media playlist", () => {
  it("begins at once with the cached group of pictures", async () => {
    const rig = await open();
    rig.announce().play(3500, { groupMs: 2000 });
    const path = await rig.join();
    const lines = (await rig.text(path)).split("\n");
    const session = /session=[\w-]+/.exec(path)?.[0];
    expect(lines.slice(0, 7)).toEqual([
      "#EXTM3U",
      "#EXT-X-VERSION:9",
      "#EXT-X-TARGETDURATION:2",
      "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1,HOLD-BACK=6,CAN-SKIP-UNTIL=12",
      "#EXT-X-PART-INF:PART-TARGET=0.21",
      "#EXT-X-MEDIA-SEQUENCE:0",
      expect.stringMatching(new RegExp(`^#EXT-X-MAP:URI="[\\w-]{8}-init1\\.mp4\\?${session}"$`)),
    ]);
    expect(lines[7]).toBe(
      `#EXT-X-PROGRAM-DATE-TIME:${new Date(rig.stream.startedWallMs + 2000).toISOString()}`,
    );
    expect(lines[8]).toMatch(
      /^#EXT-X-PART:DURATION=0\.2,URI="[\w-]{8}-part0\.m4s\?session=[\w-]+",INDEPENDENT=YES$/,
    );
    expect(lines.filter((line) => line.startsWith("#EXTINF"))).toEqual(["#EXTINF:1.4,"]);
    expect(lines.at(-2)).toMatch(
      /^#EXT-X-PRELOAD-HINT:TYPE=PART,URI="[\w-]{8}-part7\.m4s\?session=/,
    );
  });

  it("lists segments from key frame to key frame, and they are what their parts are", async () => {
    const rig = await open();
    rig.announce().play(1000);
    const playlistPath = await rig.join();
    rig.play(12_000);
    const text = await rig.text(playlistPath);
    const durations = [...text.matchAll(/#EXTINF:([\d.]+),/g)].map(([, seconds]) =>
      Number(seconds),
    );
    expect(durations.length).toBeGreaterThan(3);
    expect(durations.slice(1).every((seconds) => seconds === 2)).toBe(true);
    const uris = urisOf(text).map((uri) => resolvePath(playlistPath, uri));
    const segmentAt = uris.findLastIndex((uri) => uri.includes("-seg"));
    const parts = uris.slice(segmentAt - 10, segmentAt);
    expect(parts.every((uri) => uri.includes("-part"))).toBe(true);
    const whole = await rig.bytes(uris[segmentAt] ?? "");
    const pieces = await Promise.all(parts.map((uri) => rig.bytes(uri)));
    expect(Buffer.concat(pieces).equals(whole)).toBe(true);
    const first = text
      .split("\n")
      .findLast((line) => line.includes(parts[0]?.split("/").at(-1) ?? "?"));
    expect(first).toContain("INDEPENDENT=YES");
  });

  it("media has types, lengths and ages", async () => {
    const rig = await open();
    rig.announce().play(3500);
    const path = await rig.join();
    const uris = urisOf(await rig.text(path)).map((uri) => resolvePath(path, uri));
    for (const kind of ["-init", "-part", "-seg"]) {
      const uri = uris.find((candidate) => candidate.includes(kind)) ?? "";
      const response = await rig.get(uri, { headers: { "Accept-Encoding": "gzip" } });
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe("video/mp4");
      expect(response.headers.get("cache-control")).toBe("public, max-age=60, immutable");
      expect(response.headers.get("content-encoding")).toBeNull();
      const body = await response.arrayBuffer();
      expect(response.headers.get("content-length")).toBe(String(body.byteLength));
      const head = await rig.get(uri, { method: "HEAD" });
      expect(head.status).toBe(200);
      expect(head.headers.get("content-length")).toBe(String(body.byteLength));
      expect((await head.arrayBuffer()).byteLength).toBe(0);
    }
  });

  it("is compressed for those who take that, and answers HEAD", async () => {
    const rig = await open();
    rig.announce().play(3500);
    const path = await rig.join();
    rig.play(3000);
    const zipped = await rig.get(path, { headers: { "Accept-Encoding": "gzip" } });
    expect(zipped.headers.get("content-encoding")).toBe("gzip");
    const text = await zipped.text();
    const plain = await rig.get(path, { headers: { "Accept-Encoding": "gzip;q=0" } });
    expect(plain.headers.get("content-encoding")).toBeNull();
    expect(await plain.text()).toBe(text);
    const head = await rig.get(path, {
      method: "HEAD",
      headers: { "Accept-Encoding": "identity" },
    });
    expect(head.headers.get("content-length")).toBe(String(Buffer.byteLength(text)));
  });

  it("tells of a publisher that returned, and of another configuration", async () => {
    const rig = await open();
    rig.announce().play(3500);
    const path = await rig.join();
    await rig.text(path);
    rig.publisher.close("PUBLISHER_GONE");
    rig.clock.advance(4000);
    rig.publish();
    rig.announce().play(3000);
    const text = await rig.text(path);
    const [before = "", after = ""] = text.split("#EXT-X-DISCONTINUITY\n");
    expect(before).toContain("#EXTINF");
    expect(after).toContain("INDEPENDENT=YES");
    expect(after).not.toContain("#EXT-X-MAP");
    rig.publisher.removeTrack("audio");
    rig.play(3000, { kinds: ["video"] });
    expect(await rig.text(path)).toMatch(/#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="[\w-]+-init2\.mp4/);
  });

  it("goes out of date: old segments leave, their discontinuities are counted", async () => {
    const rig = await open({ limits: { windowMs: 6000, retiredSegments: 1 } });
    rig.announce().play(3500);
    const path = await rig.join();
    const first = urisOf(await rig.text(path)).find((uri) => uri.includes("-seg")) ?? "";
    rig.publisher.close("PUBLISHER_GONE");
    rig.clock.advance(4000);
    rig.publish();
    rig.announce().play(3000);
    await rig.text(path);
    rig.play(12_000);
    const text = await rig.text(path);
    expect(text).toContain("#EXT-X-DISCONTINUITY-SEQUENCE:1");
    expect(Number(/MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1])).toBeGreaterThan(3);
    expect((await rig.get(resolvePath(path, first))).status).toBe(404);
  });

  it("ends with its stream, for those who wait too", async () => {
    const rig = await open({ core: { graceMs: 0 } });
    rig.announce().play(3500);
    const path = await rig.join();
    const text = await rig.text(path);
    const hint = /PRELOAD-HINT:TYPE=PART,URI="([^"]+)"/.exec(text)?.[1] ?? "";
    const waiting = rig.text(`${path}&_HLS_msn=2`);
    const part = rig.get(resolvePath(path, hint));
    await rig.holding(2);
    expect(rig.stream.viewers.size).toBe(1);
    const { stream } = rig;
    rig.publisher.close("PUBLISHER_GONE");
    expect((await waiting).endsWith("#EXT-X-ENDLIST\n")).toBe(true);
    // What was left of the last part is that part.
    expect([200, 404]).toContain((await part).status);
    expect(stream.viewers.size).toBe(0);
    expect(rig.hls.figures).toEqual({ streams: 0, sessions: 0, held: 0 });
    expect((await rig.get(path)).status).toBe(404);
    expect(rig.clock.timers).toBe(0);
  });
});

describe("groups of pictures of 20 seconds", () => {
  it("are one segment each, joined at once from the cache", async () => {
    const rig = await open();
    rig.announce().play(35_000, { groupMs: 20_000 });
    const path = await rig.join();
    const text = await rig.text(path);
    expect(text).toContain("#EXT-X-TARGETDURATION:20\n");
    expect(text).toContain("#EXTINF:14.8,\n");
    expect(text.match(/#EXT-X-PART:/g)?.length).toBe(74);
    rig.play(46_000, { groupMs: 20_000 });
    const durations = [...(await rig.text(path)).matchAll(/#EXTINF:([\d.]+),/g)].map(([, s]) => s);
    expect(durations).toEqual(["14.8", "5.2", "20", "20"]);
  });
});

describe("what is not there", () => {
  it.each([
    "/live/cam.m3u8/index.m3u8",
    "/live/cam.hls/",
    "/live/cam.hls",
    "/live/cam.hls/other.m3u8",
    "/live/cam.hls/AAAAAAAA-part0.m4s",
    "/live/cam.hls/part0.m4s",
  ])("%s", async (path) => {
    const rig = await open();
    rig.announce().play(3500);
    await rig.text(await rig.join());
    const response = await rig.get(path);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: "HLS_MEDIA_NOT_FOUND" });
  });

  it("parts far ahead and segments that still grow", async () => {
    const rig = await open();
    rig.announce().play(3500);
    const path = await rig.join();
    const part = urisOf(await rig.text(path)).find((uri) => uri.includes("-part")) ?? "";
    for (const name of ["part999", "seg1", "seg99", "init9"]) {
      const extension = name.startsWith("init") ? ".mp4" : ".m4s";
      const uri = part.replace(/part\d+\.m4s/, name + extension);
      expect((await rig.get(resolvePath(path, uri))).status).toBe(404);
    }
  });
});

describe("tokens", () => {
  const access = {
    authorize: async ({ token }: { token: string | undefined }): Promise<undefined> => {
      if (token !== "a b&c") throw new RefusedError("UNAUTHORIZED", 401, "No.");
    },
  };

  it("that come by query are carried on, and are needed everywhere", async () => {
    const rig = await open({ access });
    rig.announce().play(3500);
    const path = await rig.join("?token=a+b%26c");
    const text = await rig.text(path);
    const uris = urisOf(text).map((uri) => resolvePath(path, uri));
    expect(uris.every((uri) => uri.endsWith("&token=a+b%26c"))).toBe(true);
    for (const uri of [path, ...uris.slice(0, -1)]) {
      expect((await rig.get(uri)).status).toBe(200);
      expect((await rig.get(uri.replace(/&token=.*/, ""))).status).toBe(401);
    }
    expect((await rig.get(uris[0] ?? "")).headers.get("cache-control")).toMatch(/^private/);
  });

  it("that come by header are not put into addresses", async () => {
    const rig = await open({ access });
    rig.announce().play(3500);
    const headers = { Authorization: "Bearer a" };
    expect((await rig.get("/live/cam.m3u8", { headers })).status).toBe(401);
    const text = await rig.text("/live/cam.m3u8?token=a+b%26c");
    expect(text).toContain("token=");
  });
});
