import { expect, test } from "./fixtures.ts";
import { waitForPictures, watchPictures, watchReport } from "./peers/viewer.ts";

test("somebody opens the publisher's page, goes live, mutes and stops; a viewer sees each of it", async ({
  page,
  gateway,
  context,
  cleanup,
}) => {
  const studio = await context.newPage();
  cleanup(() => studio.close());
  await studio.goto(`${gateway.url}/publish/live/studio`);
  await studio.getByRole("button", { name: "Turn on camera and microphone" }).click();
  await studio.getByRole("button", { name: "Go live" }).click();
  await expect(studio.getByRole("button", { name: "Stop" })).toBeVisible({ timeout: 20_000 });

  await page.goto(`${gateway.url}/live/studio`);
  await watchPictures(page);
  await waitForPictures(page, 60);
  expect((await watchReport(page)).width).toBeGreaterThan(0);
  await expect(studio.getByText(/1 (viewer|watches|person)/i).first()).toBeVisible({
    timeout: 10_000,
  });

  await studio.getByRole("button", { name: "Stop" }).click();
  await expect(page.locator("millrace-player")).toHaveJSProperty("state", "waiting");
  await studio.getByRole("button", { name: "Go live" }).click();
  await waitForPictures(page, 30);
  await expect(page.locator("millrace-player")).toHaveJSProperty("state", "playing");
});

test("a server that restarts finds its publisher again, and the viewers see the stream", async ({
  page,
  context,
  cleanup,
}) => {
  const { Gateway } = await import("./peers/gateway.ts");
  let gateway = await Gateway.start();
  cleanup(() => gateway.stop());
  const studio = await context.newPage();
  cleanup(() => studio.close());
  await studio.goto(`${gateway.url}/publish/live/restarted`);
  await studio.getByRole("button", { name: "Turn on camera and microphone" }).click();
  await studio.getByRole("button", { name: "Go live" }).click();
  await page.goto(`${gateway.url}/live/restarted`);
  await watchPictures(page);
  await waitForPictures(page, 30);
  const { ports } = gateway;
  await gateway.stop();
  gateway = await Gateway.start({}, ports);
  await waitForPictures(page, 60, 60_000);
  await expect(studio.getByRole("button", { name: "Stop" })).toBeVisible();
});
