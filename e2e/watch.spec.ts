import { expect, test } from "./fixtures.ts";
import { publishWithFfmpeg, publishWithGstreamer, type TestPicture } from "./peers/encoders.ts";
import {
  playByWhep,
  receiverStats,
  waitForPictures,
  watchPictures,
  watchReport,
} from "./peers/viewer.ts";

interface Source {
  readonly name: string;
  readonly publish: typeof publishWithFfmpeg;
  readonly picture: TestPicture;
}

const sources: readonly Source[] = [
  {
    name: "ffmpeg-baseline-48k-stereo",
    publish: publishWithFfmpeg,
    picture: { profile: "baseline", sampleRate: 48000, channels: 2 },
  },
  {
    name: "ffmpeg-main-44k-stereo",
    publish: publishWithFfmpeg,
    picture: { profile: "main", sampleRate: 44100, channels: 2, width: 854, height: 480 },
  },
  {
    name: "ffmpeg-high-44k-mono",
    publish: publishWithFfmpeg,
    picture: { profile: "high", sampleRate: 44100, channels: 1, width: 640, height: 360 },
  },
  {
    name: "gstreamer-baseline-44k-mono",
    publish: publishWithGstreamer,
    picture: { profile: "baseline", sampleRate: 44100, channels: 1, width: 640, height: 360 },
  },
  {
    name: "gstreamer-main-48k-mono",
    publish: publishWithGstreamer,
    picture: { profile: "main", sampleRate: 48000, channels: 1, width: 854, height: 480 },
  },
  {
    name: "gstreamer-high-48k-stereo",
    publish: publishWithGstreamer,
    picture: { profile: "high", sampleRate: 48000, channels: 2 },
  },
];

for (const { name, publish, picture } of sources) {
  test(`${name} plays on the watch page and by plain WHEP, with sound`, async ({
    page,
    gateway,
    cleanup,
  }) => {
    const encoder = publish(`${gateway.rtmpUrl}/${name}`, picture);
    cleanup(() => encoder.stop());
    await expect
      .poll(async () => (await fetch(`${gateway.url}/api/v1/streams/live/${name}`)).status, {
        timeout: 20_000,
      })
      .toBe(200);

    await page.goto(`${gateway.url}/live/${name}`);
    await watchPictures(page);
    await waitForPictures(page, 60);
    const seen = await watchReport(page);
    expect(seen).toMatchObject({ width: picture.width ?? 1280, height: picture.height ?? 720 });
    await expect
      .poll(async () => (await receiverStats(page)).totalAudioEnergy, { timeout: 15_000 })
      .toBeGreaterThan(0.01);
    expect(await receiverStats(page)).toMatchObject({
      videoCodec: "video/H264",
      audioCodec: "audio/opus",
      dtlsState: "connected",
    });

    await page.goto(`${gateway.url}/healthz`);
    await playByWhep(page, `${gateway.url}/whep/live/${name}`);
    await watchPictures(page);
    await waitForPictures(page, 60);
    await expect
      .poll(async () => (await receiverStats(page)).totalAudioEnergy, { timeout: 15_000 })
      .toBeGreaterThan(0.01);
    expect(await watchReport(page)).toMatchObject({ width: picture.width ?? 1280 });
  });
}

test("30 seconds of playing: the picture moves all the time and never freezes", async ({
  page,
  gateway,
  cleanup,
}) => {
  const encoder = publishWithFfmpeg(`${gateway.rtmpUrl}/steady`, { profile: "main" });
  cleanup(() => encoder.stop());
  await page.goto(`${gateway.url}/live/steady`);
  await watchPictures(page);
  await waitForPictures(page, 30);
  const before = await receiverStats(page);
  const from = await watchReport(page);
  // 30 s of a 30 fps source, whether or not this machine is quick enough to show every picture.
  await expect
    .poll(async () => (await receiverStats(page)).framesDecoded - before.framesDecoded, {
      timeout: 90_000,
    })
    .toBeGreaterThan(900);
  const after = await receiverStats(page);
  const until = await watchReport(page);
  expect(after.freezeCount - before.freezeCount).toBe(0);
  expect(after.packetsLost - before.packetsLost).toBe(0);
  expect(after.audioSamples - before.audioSamples).toBeGreaterThan(25 * 48_000);
  const seconds = ((until.lastAtMs ?? 0) - (from.lastAtMs ?? 0)) / 1000;
  test.info().annotations.push({
    type: "figures",
    description: `${((until.frames - from.frames) / seconds).toFixed(1)} pictures/s, longest gap ${until.longestGapMs.toFixed(0)} ms`,
  });
  expect(until.longestGapMs).toBeLessThan(1000);
});

test("a page that waits for a stream plays it as soon as it begins", async ({
  page,
  gateway,
  cleanup,
}) => {
  await page.goto(`${gateway.url}/live/later`);
  await expect(page.locator("millrace-player")).toHaveJSProperty("state", "offline");
  const encoder = publishWithFfmpeg(`${gateway.rtmpUrl}/later`, { width: 640, height: 360 });
  cleanup(() => encoder.stop());
  await watchPictures(page);
  await waitForPictures(page, 30, 30_000);
});

test("an unknown stream is refused by WHEP with a code", async ({ gateway }) => {
  const response = await fetch(`${gateway.url}/whep/live/nobody`, {
    method: "POST",
    headers: { "content-type": "application/sdp" },
    body: "v=0\r\n",
  });
  expect(response.status).toBeGreaterThanOrEqual(400);
  expect(response.headers.get("content-type")).toContain("application/problem+json");
  expect(await response.json()).toMatchObject({ code: expect.stringMatching(/^[A-Z_]+$/) });
});
