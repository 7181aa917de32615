import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "./fixtures.ts";
import { publishWithFfmpeg } from "./peers/encoders.ts";
import { Gateway } from "./peers/gateway.ts";
import { GstreamerWebrtc, hasGstreamerWebrtc } from "./peers/gstreamer-webrtc.ts";
import { canMakeNetworks, TestNetwork } from "./peers/network.ts";
import { keepSocketsSmall, ReadingClient } from "./peers/reading-client.ts";
import {
  countAdtsFrames,
  flvTags,
  largestJump,
  pictureTimesMs,
  sseEvents,
} from "./peers/received-media.ts";

test.skip(
  () => !process.env["CI"] && !(canMakeNetworks() && hasGstreamerWebrtc()),
  "GStreamer's webrtcbin with its Python bindings, or network namespaces are missing here",
);

/** More than kernel, gateway and the longest of its queues (10 s of RTMP) keep, less than what closes anybody. */
const standStillMs = 16_000;
/** The longest limit for somebody who takes nothing is 30 s, counted from when everything is full. */
const closedWithinMs = 75_000;
const sampleMs = 250;
/** Of all viewers who stand still together, with the noise of a garbage-collected process. */
const maxGrowthMb = 120;
const pictureMs = 1000 / 30;
/** What the log says of those who are closed. */
const closings = [
  "http-flv: VIEWER_TOO_SLOW",
  "ws-flv: WEBSOCKET_PONG_MISSING",
  "mjpeg: VIEWER_STALLED",
  "sse: VIEWER_STALLED",
  "icy: VIEWER_STALLED",
  "rtmp-play: RTMP_PLAY_STALLED",
  "whep: PEER_TIMEOUT",
];

test("viewers who stand still cost bounded memory and hold up nobody; they go on at a key frame or are closed", async ({
  cleanup,
}) => {
  test.setTimeout(240_000);
  const network = new TestNetwork();
  cleanup(async () => network.close());
  keepSocketsSmall(network);
  const folder = mkdtempSync(join(tmpdir(), "millrace-stalled-"));
  cleanup(async () => rmSync(folder, { recursive: true, force: true }));
  const gateway = await Gateway.start({ network, flags: ["--rtmp-host", "*"] });
  cleanup(() => gateway.stop());
  const picture = { profile: "baseline", width: 640, height: 360, gopSeconds: 1 } as const;
  const encoder = publishWithFfmpeg(`${gateway.rtmpUrl}/cam`, picture, network);
  cleanup(() => encoder.stop());
  await expect
    .poll(() => gateway.log.some((line) => line["state"] === "live"), { timeout: 20_000 })
    .toBe(true);

  const at = `${gateway.url}/live/cam`;
  const rtmp = `rtmp://${network.serverAddress}:${gateway.ports.rtmp}/live/cam`;
  const open = (kind: "curl" | "ffmpeg" | "webSocket", name: string, url: string) => {
    const client = ReadingClient[kind](network, folder, name, url);
    cleanup(() => client.stop());
    return client;
  };
  const flv = open("curl", "http.flv", `${at}.flv`);
  const webSocket = open("webSocket", "ws.flv", `${at.replace("http", "ws")}.flv`);
  const moving = open("curl", "pictures.mjpg", `${at}.mjpg`);
  const sound = open("curl", "sound.aac", `${at}.aac`);
  const events = open("curl", "events.sse", `${at}.sse?media=1`);
  const segments = open("ffmpeg", "hls.flv", `${at}.m3u8`);
  const player = open("ffmpeg", "rtmp.flv", rtmp);
  const steady = open("curl", "steady.flv", `${at}.flv`);
  const steadySound = open("curl", "steady.aac", `${at}.aac`);
  const peer = new GstreamerWebrtc("watch", `${gateway.url}/whep/live/cam`, network);
  cleanup(() => peer.stop());
  const files = [flv, webSocket, moving, sound, events, segments, player];
  await expect
    .poll(() => files.filter(({ size }) => size < 20_000).map(({ name }) => name), {
      timeout: 30_000,
    })
    .toEqual([]);
  await expect.poll(() => peer.state.video, { timeout: 20_000 }).toBeGreaterThan(30);

  const before = rssMb(gateway);
  await test.step("they stand still", async () => {
    for (const client of files) client.standStill();
    peer.standStill();
    const most = await mostRssMb(gateway, standStillMs);
    const figures = `${before.toFixed(0)} MB before, at most ${most.toFixed(0)} MB while 8 viewers stand still`;
    test.info().annotations.push({ type: "figures", description: figures });
    expect(most - before).toBeLessThan(maxGrowthMb);
  });

  const stoodAt = { frames: peer.state.video, sizes: files.map(({ size }) => size) };
  for (const client of files) client.goOn();
  peer.goOn();
  await test.step("they go on", async () => {
    const slower = () =>
      files.filter(({ size }, index) => size - (stoodAt.sizes[index] ?? 0) < 400_000);
    await expect
      .poll(
        () =>
          slower()
            .filter((client) => client !== sound)
            .map(({ name }) => name),
        {
          timeout: 30_000,
        },
      )
      .toEqual([]);
    await expect
      .poll(() => peer.state.video, { timeout: 30_000 })
      .toBeGreaterThan(stoodAt.frames + 60);
    expect(peer.state.connection).toBe("connected");
  });

  await test.step("what they have begins again with a key frame", () => {
    for (const { name, bytes } of [flv, webSocket]) {
      const { fromMs, toMs, resumption } = largestJump(flvTags(bytes));
      expect(toMs - fromMs, name).toBeGreaterThan(1000);
      const words = resumption.map(({ kind, config }) => (config ? `${kind} config` : kind));
      expect(words.slice(words.indexOf("script")), name).toEqual(
        expect.arrayContaining(["script", "video config", "audio config", "video"]),
      );
      expect(resumption.at(-1), name).toMatchObject({ kind: "video", key: true });
    }
    const played = largestJump(flvTags(player.bytes));
    expect(played.toMs - played.fromMs, player.name).toBeGreaterThan(1000);
    expect(played.resumption.at(-1), player.name).toMatchObject({ key: true });
    // Its 20 s of segments are all there still: nothing need be missing, but what follows a gap is a key frame.
    const listed = largestJump(flvTags(segments.bytes));
    if (listed.toMs - listed.fromMs > 2 * pictureMs) {
      expect(listed.resumption.at(-1), segments.name).toMatchObject({ key: true });
    }
    const times = pictureTimesMs(moving.bytes);
    const steps = times.map((time, index) => time - (times[index - 1] ?? time));
    expect(Math.max(...steps), moving.name).toBeGreaterThan(1000);
    const told = sseEvents(events.bytes);
    const gap = told.findIndex(({ event }) => event === "gap");
    expect(told[gap]?.data.missed, events.name).toBeGreaterThan(0);
    const next = told.slice(gap).find(({ event }) => event === "part");
    expect(next?.data.independent, events.name).toBe(true);
    // Every frame is whole, and a second of them at least was left out.
    const missing = countAdtsFrames(steadySound.bytes) - countAdtsFrames(sound.bytes);
    expect(missing, sound.name).toBeGreaterThan(48_000 / 1024);
  });

  await test.step("whoever stands still for longer is closed, with a reason", async () => {
    const from = gateway.log.length;
    const stalled = files.filter((client) => client !== segments);
    for (const client of stalled) client.standStill();
    peer.standStill();
    const reasons = () =>
      gateway.log.slice(from).map(({ transport, code }) => `${transport}: ${code}`);
    await expect
      .poll(() => closings.filter((reason) => !reasons().includes(reason)), {
        timeout: closedWithinMs,
      })
      .toEqual([]);
    // Three viewers read on.
    await expect.poll(() => viewers(gateway, network), { timeout: 20_000 }).toBe(3);
    await expect.poll(() => rssMb(gateway)).toBeLessThan(before + maxGrowthMb);
    for (const client of stalled) client.goOn();
    await expect
      .poll(() => stalled.filter(({ isRunning }) => isRunning).map(({ name }) => name), {
        timeout: 20_000,
      })
      .toEqual([]);
  });

  await test.step("nobody else missed a picture", () => {
    const pictures = flvTags(steady.bytes).filter((tag) => tag.kind === "video" && !tag.config);
    const { fromMs, toMs } = largestJump(pictures);
    expect(pictures.length).toBeGreaterThan(standStillMs / pictureMs);
    expect(toMs - fromMs).toBeLessThan(2 * pictureMs);
  });
});

/** How many watch. The API is open to the gateway's own host only. */
function viewers(gateway: Gateway, network: TestNetwork): number {
  const url = `http://127.0.0.1:${gateway.ports.http}/api/v1/streams/live/cam`;
  const text = execFileSync(...network.onServer("curl", ["-s", url]), { encoding: "utf8" });
  return (JSON.parse(text) as { viewers: { count: number } }).viewers.count;
}

function rssMb(gateway: Gateway): number {
  const status = readFileSync(`/proc/${gateway.process.process.pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
}

async function mostRssMb(gateway: Gateway, forMs: number): Promise<number> {
  let most = 0;
  for (const end = performance.now() + forMs; performance.now() < end; ) {
    most = Math.max(most, rssMb(gateway));
    await sleep(sampleMs);
  }
  return most;
}
