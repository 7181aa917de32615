import type { Locator, Page } from "@playwright/test";
import { expect, test } from "./fixtures.ts";
import { publishWithFfmpeg } from "./peers/encoders.ts";
import { Example } from "./peers/example.ts";
import { selfSigned, TlsFront } from "./peers/tls-front.ts";

const picture = { width: 640, height: 360, gopSeconds: 1 };
const patience = { timeout: 40_000 };
const phone = { width: 390, height: 844 };
const desk = { width: 1280, height: 800 };

/** Kept when a folder for them is named. */
async function photograph(page: Page, name: string): Promise<void> {
  const folder = process.env["SCREENSHOTS"];
  if (folder === undefined) return;
  for (const size of [desk, phone]) {
    await page.setViewportSize(size);
    await page.waitForTimeout(1500);
    await page.screenshot({ path: `${folder}/${name}-${size.width}.png`, fullPage: true });
  }
  await page.setViewportSize(desk);
}

async function expectPlaying(player: Locator, transport?: string): Promise<void> {
  await expect(player).toHaveAttribute("state", "playing", patience);
  if (transport !== undefined) await expect(player).toHaveJSProperty("transport", transport);
}

/** Nothing stands out over the side of the page. */
async function expectFits(page: Page): Promise<void> {
  const size = page.viewportSize();
  await page.setViewportSize(phone);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  if (size !== null) await page.setViewportSize(size);
}

async function signIn(page: Page, url: string, name: string): Promise<void> {
  await page.goto(url);
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill(`${name}-password`);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Live now" })).toBeVisible();
}

test.describe("channel-site", () => {
  const key = "anna-key-4f2c81d07b";

  test("row 94: sign in, push with a secret key, find the channel under the person's name, be checked, watch", async ({
    browser,
    page,
    cleanup,
  }) => {
    const site = await Example.start("channel-site");
    cleanup(() => site.stop());

    // Nobody is shown anything before signing in, and a wrong password does not do.
    expect((await page.goto(site.url))?.status()).toBe(401);
    await page.getByLabel("Name").fill("ben");
    await page.getByLabel("Password").fill("anna-password");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("alert")).toHaveText("That is not right.");
    await photograph(page, "channel-site-sign-in");
    await signIn(page, site.url, "ben");
    await expect(page.getByText("Nobody is live.")).toBeVisible();

    // A key that is nobody's is refused; Anna's opens Anna's channel.
    const stranger = publishWithFfmpeg(`${site.rtmpUrl}/no-such-key`, picture);
    cleanup(() => stranger.stop());
    await expect.poll(() => stranger.isRunning, patience).toBe(false);
    const encoder = publishWithFfmpeg(`${site.rtmpUrl}/${key}`, picture);
    cleanup(() => encoder.stop());

    const card = page.getByRole("link", { name: "anna" });
    await expect(async () => {
      await page.goto(site.url);
      await expect(card).toBeVisible();
    }).toPass(patience);
    await expect(card).toContainText("0 viewers");
    const thumbnail = card.locator("img");
    await expect
      .poll(() => thumbnail.evaluate((image: HTMLImageElement) => image.naturalWidth), patience)
      .toBe(640);
    await photograph(page, "channel-site-front");

    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await card.click();
    const player = page.locator("millrace-player");
    await expectPlaying(player, "webrtc");
    await expectFits(page);
    await photograph(page, "channel-site-channel");

    // Who watches is counted, by name, and only who is signed in may.
    const other = await browser.newPage();
    cleanup(() => other.close());
    await signIn(other, site.url, "anna");
    await expect(other.getByRole("link", { name: "anna" })).toContainText("1 viewer");
    for (const path of ["flv", "m3u8", "jpg", "sse"]) {
      expect((await fetch(`${site.url}/video/live/anna.${path}`)).status, path).toBe(403);
      expect((await fetch(`${site.url}/video/live/anna.${path}?token=${key}`)).status).toBe(403);
    }
    const viewers = await fetch(`${site.url}/video/api/v1/viewers`).then((answer) => answer.text());
    expect(JSON.parse(viewers)).toMatchObject({ viewers: [{ stream: "live/anna", user: "ben" }] });

    // The key is nowhere but with its owner.
    const streams = await fetch(`${site.url}/video/api/v1/streams`).then((answer) => answer.text());
    expect(JSON.parse(streams)).toMatchObject({ streams: [{ publisher: { user: "anna" } }] });
    const metrics = await fetch(`${site.url}/video/metrics`).then((answer) => answer.text());
    const watched = [await page.content(), ...asked, viewers, streams, metrics, ...site.lines];
    expect(watched.filter((text) => text.includes(key))).toEqual([]);
    await other.goto(`${site.url}/go-live`);
    await expect(other.getByText(key)).toBeHidden();
    await other.getByText("Show the key").click();
    await expect(other.getByText(key)).toBeVisible();

    await encoder.stop();
    await expect(player).not.toHaveAttribute("state", "playing", patience);
  });

  test("a browser goes live on its person's channel", async ({ browser, page, cleanup }) => {
    const site = await Example.start("channel-site");
    cleanup(() => site.stop());
    await signIn(page, site.url, "ben");
    await page.getByRole("link", { name: "Go live" }).click();
    const publisher = page.locator("millrace-publisher");
    await publisher.evaluate((element) => (element as unknown as { start(): unknown }).start());
    await expect(publisher).toHaveAttribute("state", "live", patience);
    await expectFits(page);
    await photograph(page, "channel-site-go-live");

    const viewer = await browser.newPage();
    cleanup(() => viewer.close());
    await signIn(viewer, site.url, "anna");
    await viewer.getByRole("link", { name: "ben" }).click();
    await expectPlaying(viewer.locator("millrace-player"));
  });
});

test.describe("booth", () => {
  test("asks host and guests for their passwords, and shows the one to the others, on a phone over https", async ({
    browser,
    cleanup,
  }) => {
    const certificate = await selfSigned();
    cleanup(async () => certificate.remove());
    const booth = await Example.start("booth", { CERT: certificate.cert, KEY: certificate.key });
    cleanup(() => booth.stop());
    expect(booth.url).toMatch(/^https:/);
    const context = await browser.newContext({
      ...{ viewport: phone, hasTouch: true, isMobile: true },
      ignoreHTTPSErrors: true,
      permissions: ["camera", "microphone"],
    });
    cleanup(() => context.close());

    const host = await context.newPage();
    await host.goto(`${booth.url}/host`);
    await expect(host.locator("millrace-publisher")).toBeHidden();
    await host.getByLabel("Host's password").fill("guest-password");
    await host.getByRole("button", { name: "Come in" }).tap();
    const publisher = host.locator("millrace-publisher");
    await expect(publisher).toBeVisible();
    const start = () =>
      publisher.evaluate((element) => (element as unknown as { start(): unknown }).start());
    await start();
    await expect(host.getByRole("alert")).toHaveText("That is not the password.", patience);
    await photograph(host, "booth-host-form");
    await host.getByLabel("Host's password").fill("host-password");
    await host.getByRole("button", { name: "Come in" }).tap();
    await start();
    await expect(publisher).toHaveAttribute("state", "live", patience);
    await expectFits(host);
    await photograph(host, "booth-host");

    const guest = await context.newPage();
    await guest.goto(booth.url);
    const frame = guest.frameLocator("iframe");
    await expect(frame.locator("millrace-player")).toHaveCount(0);
    await photograph(guest, "booth-guest-form");
    await frame.getByLabel("Password").fill("host-password");
    await frame.getByRole("button", { name: "Watch" }).tap();
    await expect(frame.getByRole("alert")).toHaveText("That is not the password.");
    await frame.getByLabel("Password").fill("guest-password");
    await frame.getByRole("button", { name: "Watch" }).tap();
    await expectPlaying(frame.locator("millrace-player"));
    await expectFits(guest);
    await photograph(guest, "booth-guest");
    // The next time nobody is asked.
    await guest.goto(booth.url);
    await expectPlaying(frame.locator("millrace-player"));
  });
});

test.describe("four-players", () => {
  test("plays one stream in four ways, each with its latency", async ({ page, cleanup }) => {
    const site = await Example.start("four-players");
    cleanup(() => site.stop());
    await page.goto(site.url);
    const players = page.locator("millrace-player");
    for (const [at, transport] of ["webrtc", "ws-flv", "ll-hls", "mjpeg"].entries()) {
      await expectPlaying(players.nth(at), transport);
      await expect(page.locator("output").nth(at)).toHaveText(/^\d+ ms$/, patience);
    }
    await expectFits(page);
    await photograph(page, "four-players");
  });

  test("row 123: the embed code plays on pages over http and https, twice on one page, and is a link without scripts", async ({
    browser,
    cleanup,
  }) => {
    const site = await Example.start("four-players");
    cleanup(() => site.stop());
    const front = await TlsFront.start(Number(new URL(site.url).port));
    cleanup(() => front.close());
    for (const url of [site.url, front.url]) {
      const context = await browser.newContext({ ignoreHTTPSErrors: true });
      const page = await context.newPage();
      const asked: string[] = [];
      page.on("request", (request) => asked.push(request.url()));
      await page.goto(`${url}/embed`);
      for (const at of [0, 1]) await expectPlaying(page.locator("millrace-player").nth(at));
      await expectPlaying(page.frameLocator("iframe").locator("millrace-player"));
      expect(
        asked.filter((address) => !address.startsWith(url) && !/^(data|blob):/.test(address)),
      ).toEqual([]);
      await expectFits(page);
      await photograph(page, `four-players-embed-${new URL(url).protocol.slice(0, -1)}`);
      await context.close();

      const plain = await browser.newContext({ javaScriptEnabled: false, ignoreHTTPSErrors: true });
      const reader = await plain.newPage();
      await reader.goto(`${url}/embed`);
      await reader.getByRole("link", { name: "Watch live/demo" }).first().click();
      await expect(reader).toHaveURL(`${url}/video/live/demo`);
      await plain.close();
    }
  });
});
