import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures.ts";
import { publishByWhip, senderStats } from "./peers/browser-publisher.ts";
import { receiverStats, waitForPictures, watchPictures, watchReport } from "./peers/viewer.ts";

/** Of the largest of three layers; the others have a half and a quarter of it. */
const largeWidth = 960;

test("a viewer whose link shrinks to 400 kbit/s gets a smaller layer, and the large one again afterwards", async ({
  hosts,
}) => {
  const { network, gateway } = hosts;
  // Browsers and pages are there before anything is published: starting them takes the processor from the camera's
  // encoder, whose browser then takes the stalls for a slow uplink and stops its large layer for a long while.
  // The publisher and the other viewer stand beside the server, where nothing shrinks.
  const viewport = { width: 1280, height: 800 };
  const other = await hosts.page("near", { viewport });
  await other.goto(`${gateway.url}/live/layers`);
  const page = await hosts.page("far", { viewport });
  await page.goto(`${gateway.url}/live/layers`);
  const camera = await hosts.page("near");
  await camera.goto(gateway.url);
  await publishByWhip(camera, `${gateway.url}/whip/live/layers`, {
    codec: "H264",
    width: largeWidth,
    height: 540,
    simulcast: true,
    maxBitrateKbps: 2000,
  });
  await watchPictures(other);
  await watchPictures(page);
  const widthIs = async (
    viewer: Page,
    test: (width: number) => boolean,
    timeout: number,
  ): Promise<number> => {
    const startedMs = Date.now();
    await expect
      .poll(async () => test((await watchReport(viewer)).width), { timeout, intervals: [50] })
      .toBe(true);
    return Date.now() - startedMs;
  };
  const isLarge = (width: number) => width === largeWidth;
  const isSmaller = (width: number) => width < largeWidth;
  await widthIs(page, isLarge, 60_000);
  await widthIs(other, isLarge, 60_000);
  await waitForPictures(page, 60);
  await expect
    .poll(async () => (await senderStats(camera)).layers.filter((l) => l.framesSent > 30).length, {
      timeout: 30_000,
    })
    .toBe(3);
  const otherBefore = await receiverStats(other);

  network.shape({ rateKbps: 400 });
  const downMs = await widthIs(page, isSmaller, 20_000);
  // It must hold what it has found: no way up while the link is small.
  await waitForPictures(page, 120, 40_000);
  expect((await watchReport(page)).width).toBeLessThan(largeWidth);

  network.shape({});
  const upMs = await widthIs(page, isLarge, 40_000);
  await waitForPictures(page, 60);
  const otherAfter = await receiverStats(other);
  test.info().annotations.push({
    type: "figures",
    description: `capped: smaller layer after ${downMs} ms (aim 3000); cap lifted: large layer after ${upMs} ms (aim 10000); other viewer: ${otherAfter.freezeCount - otherBefore.freezeCount} freezes`,
  });
  expect((await watchReport(other)).width).toBe(largeWidth);
  expect(otherAfter.freezeCount - otherBefore.freezeCount).toBe(0);
  // The aims leave room here for a machine that is busy with three browsers.
  expect(downMs).toBeLessThan(6000);
  expect(upMs).toBeLessThan(20_000);
});
