import { percentile } from "./figures.ts";
import { expect, test } from "./fixtures.ts";
import { ClockSource } from "./peers/clock-source.ts";
import { RecordedClock } from "./peers/recorded-clock.ts";
import {
  behindSteady,
  pictureDelays,
  waitForPictures,
  watchPictures,
  watchReport,
} from "./peers/viewer.ts";

test("the latency that the player shows is the one in the picture", async ({
  page,
  gateway,
  cleanup,
}) => {
  const source = new ClockSource({ output: `${gateway.rtmpUrl}/clock` });
  cleanup(() => source.stop());
  await page.goto(`${gateway.url}/live/clock`);
  await watchPictures(page, true);
  // The first seconds are the catching up of a late viewer; after 300 pictures everything is steady.
  await waitForPictures(page, 300, 40_000);
  const { shown } = await watchReport(page);
  const steady = shown.slice(-150);
  const delays = pictureDelays(steady);
  const told = steady.map((picture) => picture.playerLatencyMs).filter((ms) => ms !== undefined);
  expect(delays.length).toBeGreaterThan(140);
  expect(told.length).toBeGreaterThan(140);
  const inPicture = percentile(delays, 0.5);
  const byPlayer = percentile(told, 0.5);
  test.info().annotations.push({
    type: "figures",
    description: `picture p50 ${inPicture.toFixed(0)} ms, p95 ${percentile(delays, 0.95).toFixed(0)} ms; player ${byPlayer.toFixed(0)} ms`,
  });
  // What the encoder takes before the gateway sees a picture is in the first figure only.
  expect(Math.abs(inPicture - byPlayer)).toBeLessThan(30);
  expect(inPicture).toBeLessThan(1000);
});

test("a late viewer of a 10 s group of pictures starts at once and reaches the live edge", async ({
  page,
  gateway,
  cleanup,
}) => {
  const source = await RecordedClock.record({ gop: 300, seconds: 45 });
  cleanup(() => source.stop());
  source.publish(`${gateway.rtmpUrl}/long-gop`);
  await page.goto(`${gateway.url}/live/long-gop`);
  await watchPictures(page, true);
  await waitForPictures(page, 30, 40_000);
  // Late in a group, with time left before its end.
  await expect
    .poll(() => source.groupAgeMs, { timeout: 15_000, intervals: [20] })
    .toBeGreaterThan(7000);
  await page.evaluate(() => sessionStorage.setItem("clickedAtMs", String(Date.now())));
  await page.reload();
  await watchPictures(page, true);
  await waitForPictures(page, 180, 20_000);
  const clickedAtMs = Number(await page.evaluate(() => sessionStorage.getItem("clickedAtMs")));
  const { shown, firstAtMs } = await watchReport(page);
  const behind = behindSteady(shown);
  const atEdge = behind.find(({ byMs }) => byMs < 150);
  const loadedAtMs = await page.evaluate(
    () =>
      performance.timeOrigin +
      (performance.getEntriesByType("navigation")[0] as PerformanceNavigationTiming).responseEnd,
  );
  const firstMs = (firstAtMs ?? Number.POSITIVE_INFINITY) - loadedAtMs;
  const edgeMs = (atEdge?.atMs ?? Number.POSITIVE_INFINITY) - loadedAtMs;
  test.info().annotations.push({
    type: "figures",
    description: `page there -> first picture ${firstMs.toFixed(0)} ms, live edge ${edgeMs.toFixed(0)} ms; reload -> first picture ${((firstAtMs ?? 0) - clickedAtMs).toFixed(0)} ms`,
  });
  // The aims are 500 ms and 1 s, which the bench prints; the bounds leave room for a busy machine.
  expect(behind[0]?.byMs).toBeGreaterThan(5000);
  expect(firstMs).toBeLessThan(1500);
  expect(edgeMs).toBeLessThan(4000);
});
