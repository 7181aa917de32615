import { expect, test } from "./fixtures.ts";
import { publishWithFfmpeg } from "./peers/encoders.ts";
import { Gateway } from "./peers/gateway.ts";
import {
  peerConnections,
  receiverStats,
  waitForPictures,
  watchPictures,
  watchReport,
} from "./peers/viewer.ts";

const small = { width: 640, height: 360 } as const;

test("the encoder is killed and restarted: the same video plays on over the same connection", async ({
  page,
  gateway,
  cleanup,
}) => {
  const first = publishWithFfmpeg(`${gateway.rtmpUrl}/restart`, small);
  cleanup(() => first.stop());
  await page.goto(`${gateway.url}/live/restart`);
  await watchPictures(page);
  await waitForPictures(page, 60);
  // A page that was there before the encoder has made one in vain.
  const connectionsBefore = await peerConnections(page);
  await first.stop("SIGKILL");
  await expect(page.locator("millrace-player")).toHaveJSProperty("state", "waiting");
  const second = publishWithFfmpeg(`${gateway.rtmpUrl}/restart`, small);
  cleanup(() => second.stop());
  await waitForPictures(page, 90, 30_000);
  await expect(page.locator("millrace-player")).toHaveJSProperty("state", "playing");
  expect(await peerConnections(page)).toBe(connectionsBefore);
  const energy = (await receiverStats(page)).totalAudioEnergy;
  await expect
    .poll(async () => (await receiverStats(page)).totalAudioEnergy, { timeout: 15_000 })
    .toBeGreaterThan(energy + 0.01);
});

test("the server is restarted: the player comes back by itself", async ({ page, cleanup }) => {
  const first = await Gateway.start();
  cleanup(() => first.stop());
  const before = publishWithFfmpeg(`${first.rtmpUrl}/phoenix`, small);
  cleanup(() => before.stop());
  await page.goto(`${first.url}/live/phoenix`);
  await watchPictures(page);
  await waitForPictures(page, 30);
  expect(await first.stop()).toBe(0);
  const second = await Gateway.start({}, first.ports);
  cleanup(() => second.stop());
  const after = publishWithFfmpeg(`${second.rtmpUrl}/phoenix`, small);
  cleanup(() => after.stop());
  const seen = (await watchReport(page)).frames;
  await expect
    .poll(async () => (await watchReport(page)).frames, { timeout: 40_000 })
    .toBeGreaterThan(seen + 30);
});

test("B-frames are taken out for WebRTC viewers, and the publisher is told the setting", async ({
  page,
  gateway,
  cleanup,
}) => {
  const encoder = publishWithFfmpeg(`${gateway.rtmpUrl}/bframes`, { ...small, bFrames: 2 });
  cleanup(() => encoder.stop());
  await page.goto(`${gateway.url}/live/bframes`);
  await watchPictures(page);
  await waitForPictures(page, 60, 40_000);
  const { pliCount, freezeCount } = await receiverStats(page);
  await waitForPictures(page, 150, 40_000);
  // A browser that meets B-frames asks for a key frame several times a second, and its picture stands still.
  expect(await receiverStats(page)).toMatchObject({ pliCount, freezeCount });
  const stream = await gateway.api<{ hints: { code: string; message: string }[] }>(
    "streams/live/bframes",
  );
  expect(stream.hints.map((hint) => hint.code)).toContain("B_FRAMES");
  expect(stream.hints.find((hint) => hint.code === "B_FRAMES")?.message).toContain("-bf 0");
});

test("B-frames without a transcoder: another way plays them; with WebRTC alone the viewer is told why", async ({
  page,
  cleanup,
}) => {
  const gateway = await Gateway.start({ flags: ["--transcode-engine", "none"] });
  cleanup(() => gateway.stop());
  const encoder = publishWithFfmpeg(`${gateway.rtmpUrl}/bframes`, { ...small, bFrames: 2 });
  cleanup(() => encoder.stop());
  await page.goto(`${gateway.url}/live/bframes`);
  const player = page.locator("millrace-player");
  await watchPictures(page);
  await waitForPictures(page, 60, 40_000);
  await expect(player).toHaveJSProperty("transport", "ws-flv");
  await player.evaluate((element) => element.setAttribute("transports", "webrtc"));
  await expect(player).toContainText(/B-frames/, { timeout: 20_000 });
});

test("a publisher without the token is refused, and so is a second one of the same name", async ({
  cleanup,
}) => {
  const gateway = await Gateway.start({ flags: ["--auth-publish-tokens", "let-me-in-please"] });
  cleanup(() => gateway.stop());
  const stranger = publishWithFfmpeg(`${gateway.rtmpUrl}/secret`, small);
  cleanup(() => stranger.stop());
  await expect.poll(() => stranger.isRunning, { timeout: 15_000 }).toBe(false);
  const owner = publishWithFfmpeg(`${gateway.rtmpUrl}/secret?token=let-me-in-please`, small);
  cleanup(() => owner.stop());
  await expect
    .poll(async () => (await fetch(`${gateway.url}/api/v1/streams/live/secret`)).status, {
      timeout: 15_000,
    })
    .toBe(200);
  const second = publishWithFfmpeg(`${gateway.rtmpUrl}/secret?token=let-me-in-please`, small);
  cleanup(() => second.stop());
  await expect.poll(() => second.isRunning, { timeout: 15_000 }).toBe(false);
  expect(owner.isRunning).toBe(true);
  expect(JSON.stringify(gateway.log)).not.toContain("let-me-in-please");
});
