import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures.ts";

const percent = async (page: Page, limit: string): Promise<number> =>
  Number(
    /([\d,]+) %/
      .exec(await page.getByTestId(`limit-${limit}`).innerText())?.[1]
      ?.replaceAll(",", "") ?? Number.NaN,
  );

test("the capacity page reckons with every field", async ({ page, gateway }) => {
  await page.goto(`${gateway.url}/capacity`);
  await expect(page.getByTestId("verdict")).toHaveText("It fits");
  const before = await percent(page, "network-out");
  await page.getByLabel("WebRTC", { exact: true }).fill("200");
  expect(Math.abs((await percent(page, "network-out")) - 2 * before)).toBeLessThanOrEqual(1);
  await page.getByLabel("WebRTC", { exact: true }).fill("20000");
  await expect(page.getByTestId("verdict")).toContainText("things are too little");
  await expect(page.getByTestId("limit-rtc-peers")).toContainText("rtc.maxPeers");
  await expect(page.getByTestId("most")).toContainText("Network out runs out");
  const cpu = await percent(page, "cpu");
  await page.getByTestId("tier").selectOption("node");
  expect(await percent(page, "cpu")).toBeGreaterThan(2 * cpu);
  await page.getByLabel(/CPU µs a packet/).fill("1");
  expect(await percent(page, "cpu")).toBeLessThan(cpu);
  await page.getByLabel("Hours recorded").fill("24");
  // 2.5 Mbit/s × 24 h ÷ 8.
  await expect(page.getByTestId("figures")).toContainText("27 GB");
  await page.getByLabel("Streams at once").fill("");
  await expect(page.getByTestId("verdict")).toHaveText("A field lacks a number");
});

test("the capacity page works by keyboard", async ({ page, gateway }) => {
  await page.goto(`${gateway.url}/capacity`);
  await page.getByLabel("Mbit/s, sound included").focus();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("5");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  // A lone quality is not removed.
  await expect(page.getByTestId("add-quality")).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("quality")).toHaveCount(2);
  await expect(page.getByLabel("Mbit/s, sound included").last()).toBeFocused();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("quality")).toHaveCount(1);
  await page.keyboard.press("Shift+Tab");
});

test("the capacity page fits into 390 pixels, and its header is not a stream", async ({
  page,
  gateway,
}) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${gateway.url}/capacity`);
  await page.getByTestId("add-quality").click();
  await page.getByLabel("HTTP-FLV", { exact: true }).fill("100000");
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(width).toBeLessThanOrEqual(390);
  for (const box of await page
    .locator("input:not([type=checkbox]), select, button:visible")
    .all()) {
    expect((await box.boundingBox())?.height ?? 44).toBeGreaterThanOrEqual(44);
  }
});

test("the home page leads to the capacity page", async ({ page, gateway }) => {
  await page.goto(gateway.url);
  await page.getByTestId("capacity").click();
  await expect(page).toHaveURL(/\/capacity$/);
});
