import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures.ts";
import { publishWithFfmpeg } from "./peers/encoders.ts";
import { Gateway } from "./peers/gateway.ts";
import { HeldViewers } from "./peers/held-viewers.ts";

type Cleanup = (step: () => Promise<unknown>) => void;

const wait = { timeout: 30_000 };
/** A poll every 2 s, on a machine that does other things too. */
const soon = { timeout: 10_000 };

/** A gateway with a stream that needs no encoder. */
async function startDemo(cleanup: Cleanup, flags: readonly string[] = []): Promise<Gateway> {
  const gateway = await Gateway.start({ flags: ["--demo", ...flags] });
  cleanup(() => gateway.stop());
  return gateway;
}

function holdViewers(cleanup: Cleanup): HeldViewers {
  const viewers = new HeldViewers();
  cleanup(() => viewers.close());
  return viewers;
}

/** What a browser complains of: errors of scripts, refused styles, requests that fail. */
function complaints(page: Page): string[] {
  const found: string[] = [];
  page.on("pageerror", (error) => found.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") found.push(`${message.text()} ${message.location().url}`);
  });
  return found;
}

test("viewers are on the page by transport soon after they come and go", async ({
  page,
  context,
  cleanup,
}) => {
  const gateway = await startDemo(cleanup);
  const found = complaints(page);
  await page.goto(`${gateway.url}/admin`);
  await expect(page.getByTestId("contact")).toHaveText("Connected", soon);
  await expect(page.getByTestId("tile-streams")).toContainText("1", soon);

  const viewers = holdViewers(cleanup);
  const staying = holdViewers(cleanup);
  const live = `${gateway.url}/live/demo`;
  await viewers.watch(`${live}.flv`, 3);
  await staying.watch(`${live}.sse?media=1`, 2);
  await staying.watch(`${live}.aac`, 2, { "Icy-MetaData": "1" });
  const watching = await context.newPage();
  await watching.goto(live);
  await expect(watching.locator("millrace-player")).toHaveAttribute("state", "playing", wait);
  await page.bringToFront();

  const byTransport = { webrtc: "1", "http-flv": "3", sse: "2", icy: "2" };
  const legend = page.getByTestId("legend-viewers");
  await expect(page.getByTestId("tile-viewers")).toContainText("8", soon);
  for (const [transport, count] of Object.entries(byTransport)) {
    const value = legend.getByTestId(`series-${transport}`).locator(".legend-value");
    await expect(value, transport).toHaveText(count, soon);
  }
  await page.getByRole("link", { name: "Streams", exact: true }).click();
  const row = page.getByTestId("row-live/demo");
  await expect(row.locator(".row-count")).toHaveText("8", soon);
  await expect(row.locator(".viewer-words")).toHaveText(
    "1 WebRTC · 3 HTTP-FLV · 2 SSE · 2 ICY sound",
    soon,
  );
  await expect(row).toContainText("1280 × 720", soon);
  await expect(row.locator("img")).toBeVisible(wait);

  await row.getByRole("link").click();
  await expect(page.getByTestId("viewer-count")).toHaveText("8 viewers", soon);
  await expect(page.getByTestId("viewers").locator("tbody tr")).toHaveCount(8, soon);
  await page.getByTestId("viewer-transport").selectOption("http-flv");
  await expect(page.getByTestId("viewers").locator("tbody tr")).toHaveCount(3);
  await page.getByTestId("viewer-transport").selectOption("");

  await viewers.close();
  await expect(page.getByTestId("viewer-count")).toHaveText("5 viewers", soon);
  await expect(page.getByTestId("viewers").locator('[data-transport="http-flv"]')).toHaveCount(0);
  expect(found).toEqual([]);
});

test("a viewer is sent away by keyboard, after a question that Escape answers with no", async ({
  page,
  cleanup,
}) => {
  const gateway = await startDemo(cleanup);
  const viewers = holdViewers(cleanup);
  const [viewer] = await viewers.watch(`${gateway.url}/live/demo.flv`);
  await page.goto(`${gateway.url}/admin#/streams/live/demo`);
  const kick = page.getByRole("button", { name: /^End the session of 127.0.0.1, HTTP-FLV/ });
  await expect(kick).toBeVisible(soon);
  await kick.focus();
  await page.keyboard.press("Enter");
  const ask = page.getByTestId("ask");
  await expect(ask).toBeVisible();
  await expect(ask).toContainText("HTTP-FLV, 127.0.0.1");
  await expect(page.getByTestId("ask-cancel")).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(ask).toBeHidden();
  await expect(kick).toBeFocused();

  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await expect(page.getByTestId("ask-yes")).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("toast")).toHaveText("The viewer was sent away.", soon);
  await expect(ask).toBeHidden();
  await viewer?.ended;
  await expect(page.getByTestId("viewer-count")).toHaveText("0 viewers", soon);
  await expect(page.getByText("Nobody watches now.")).toBeVisible();
});

test("a publisher is sent away, and the stream waits for it", async ({ page, cleanup }) => {
  const gateway = await Gateway.start();
  cleanup(() => gateway.stop());
  const small = { width: 320, height: 180, fps: 15, gopSeconds: 1 };
  const encoder = publishWithFfmpeg(`${gateway.rtmpUrl}/stage`, small);
  cleanup(() => encoder.stop());
  await page.goto(`${gateway.url}/admin#/streams`);
  await page.getByTestId("row-live/stage").getByRole("link").click(wait);
  await expect(page.getByTestId("publisher")).toContainText("RTMP", wait);
  await expect(page.getByTestId("tracks")).toContainText("320 × 180", wait);
  await page.getByTestId("kick-publisher").click();
  await page.getByTestId("ask-yes").click();
  await expect(page.getByTestId("stream-state")).toHaveText("Publisher away", soon);
  await expect.poll(() => encoder.isRunning, wait).toBe(false);
  await page.getByRole("link", { name: "Overview" }).click();
  await expect(page.getByTestId("finding-ADMIN_PUBLISHER_AWAY")).toContainText("live/stage", wait);
});

test("what people copy of a stream", async ({ page, context, cleanup }) => {
  const gateway = await startDemo(cleanup);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto(`${gateway.url}/admin#/streams/live/demo`);
  await expect(page.getByTestId("embed-iframe")).toContainText(
    `${gateway.url}/embed/live/demo`,
    soon,
  );
  await expect(page.getByTestId("embed-element")).toContainText("<millrace-player");
  await expect(page.getByTestId("whip-server")).toHaveText(`${gateway.url}/whip/live/demo`);
  await expect(page.getByTestId("obs-server")).toHaveText(gateway.rtmpUrl, soon);
  await expect(page.getByTestId("watch")).toHaveAttribute("href", `${gateway.url}/live/demo`);
  await page.getByTestId("copy-obs-key").click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("demo");
});

test("whoever is not known is asked for the token, signs in and out", async ({ page, cleanup }) => {
  const token = "an-administrators-token";
  const gateway = await startDemo(cleanup, ["--auth-admin-tokens", token]);
  await page.goto(`${gateway.url}/admin`);
  const field = page.getByLabel("Admin token");
  await expect(field).toBeFocused(soon);
  await expect(page.getByTestId("tabs")).toBeHidden();
  await expect(page.getByTestId("tiles")).toBeHidden();
  await field.fill("not-this-one");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert").first()).toHaveText(
    "That is not an admin token of this server.",
    soon,
  );
  expect(page.url()).toBe(`${gateway.url}/admin`);

  await field.fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByTestId("tile-streams")).toContainText("1", soon);
  const cookie = (await page.context().cookies()).find(({ name }) => name === "millrace_admin");
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict" });
  expect(JSON.stringify(cookie)).not.toContain(token);
  expect(await page.evaluate(() => document.cookie)).not.toContain("millrace_admin");

  // The cookie is enough to send somebody away.
  const viewers = holdViewers(cleanup);
  const [viewer] = await viewers.watch(`${gateway.url}/live/demo.flv`);
  await page.goto(`${gateway.url}/admin#/streams/live/demo`);
  await page.getByRole("button", { name: /^End the session of/ }).click(soon);
  await page.getByTestId("ask-yes").click();
  await viewer?.ended;

  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByLabel("Admin token")).toBeVisible(soon);
  await expect(page.getByRole("button", { name: "Sign out" })).toBeHidden();
  expect(JSON.stringify(gateway.log)).not.toContain(token);
});

test("the server goes and comes back: the page says so and goes on by itself", async ({
  page,
  cleanup,
}) => {
  const gateway = await startDemo(cleanup);
  await page.goto(`${gateway.url}/admin`);
  await expect(page.getByTestId("contact")).toHaveText("Connected", soon);
  const { ports } = gateway;
  await gateway.stop();
  await expect(page.getByTestId("lost")).toHaveText(/^Lost contact with the server/, wait);
  await expect(page.getByTestId("contact")).toHaveText("No contact");
  const again = await Gateway.start({ flags: ["--demo"] }, ports);
  cleanup(() => again.stop());
  await expect(page.getByTestId("contact")).toHaveText("Connected", wait);
  await expect(page.getByTestId("lost")).toBeHidden();
  await expect(page.getByTestId("tile-streams")).toContainText("1", wait);
});

test("10,000 streams: a page of them at a time, found by name at once", async ({
  page,
  gateway,
}) => {
  const streams = Array.from({ length: 10_000 }, (_, at) => ({
    ...{ name: `cams/c${String(at).padStart(5, "0")}`, state: at % 100 === 0 ? "waiting" : "live" },
    ...{ startedAt: "2026-01-01T00:00:00Z", tracks: [], hints: [], publisher: null },
    viewers: { count: at % 7, byTransport: { webrtc: at % 7 } },
  }));
  await page.route("**/api/v1/streams?**", (route) => route.fulfill({ json: { streams } }));
  await page.goto(`${gateway.url}/admin#/streams`);
  const rows = page.getByTestId("rows").locator("li");
  const listed = page.getByTestId("listed");
  await expect(listed).toHaveText("1–24 of 10,000", wait);
  await expect(rows).toHaveCount(24);
  await page.getByTestId("page-forth").click();
  await expect(listed).toHaveText("25–48 of 10,000");
  await expect(page.getByTestId("row-cams/c00024")).toBeVisible();
  // The field is found by its key, and the page begins anew with what is typed.
  await page.keyboard.press("/");
  await expect(page.getByTestId("search")).toBeFocused();
  await page.keyboard.type("c0999");
  await expect(listed).toHaveText("1–10 of 10");
  await page.getByTestId("search").fill("");
  await page.getByTestId("show").selectOption("waiting");
  await expect(listed).toHaveText("1–24 of 100");
  await page.getByTestId("order").selectOption("viewers");
  await expect(rows.first()).toContainText("6 WebRTC");
  await page.getByTestId("search").fill("nothing like this");
  await expect(page.getByText("Nothing matches.")).toBeVisible();
});

test("under a path prefix, every view by keyboard, with names for all controls, at both widths", async ({
  page,
  cleanup,
}) => {
  const gateway = await startDemo(cleanup, ["--http-base-path", "/tv"]);
  const found = complaints(page);
  const viewers = holdViewers(cleanup);
  await viewers.watch(`${gateway.url}/tv/live/demo.flv`, 2);
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 844 });
    await page.goto(`${gateway.url}/tv/admin`);
    await expect(page.getByTestId("tile-viewers")).toContainText("2", soon);
    await page.keyboard.press("Tab");
    await expect(page.getByText("Skip to the figures")).toBeFocused();
    for (const name of ["Millrace, all streams", "Overview", "Streams"]) {
      await page.keyboard.press("Tab");
      const link = page.getByRole("link", { name, exact: true });
      await expect(link).toBeFocused();
    }
    await page.keyboard.press("Enter");
    await expect(page).toHaveTitle("Streams · Millrace");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Streams");
    await expect(page.getByTestId("row-live/demo")).toBeVisible(soon);
    for (const view of ["#/", "#/streams", "#/streams/live/demo", "#/doctor"]) {
      await page.evaluate((hash) => location.assign(hash), view);
      await expect(page.locator("[data-panel]:visible")).toHaveCount(1);
      if (view.endsWith("demo"))
        await expect(page.getByTestId("viewer-count")).toHaveText("2 viewers", soon);
      expect(await page.evaluate(() => document.documentElement.scrollWidth), view).toBe(width);
      expect(await nameless(page), view).toEqual([]);
    }
  }
  expect(found).toEqual([]);
});

/** Controls and pictures that a screen reader has no words for. */
function nameless(page: Page): Promise<readonly string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("a, button, input, select, [role=img], table, nav")]
      .filter((element) => element.checkVisibility() && !element.closest("[aria-hidden=true]"))
      .filter((element) => {
        const labels = "labels" in element ? [...((element as HTMLInputElement).labels ?? [])] : [];
        const words = [
          element.getAttribute("aria-label"),
          element.textContent,
          ...labels.map((label) => label.textContent),
        ];
        return !words.some((text) => text?.trim());
      })
      .map((element) => element.outerHTML.slice(0, 120)),
  );
}
