import { mkdtempSync, rmSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures.ts";
import { Gateway } from "./peers/gateway.ts";
import { waitForPictures, watchPictures } from "./peers/viewer.ts";

/** An address under which other machines of the network would come. */
const address = Object.values(networkInterfaces())
  .flatMap((entries) => entries ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address;

// Whoever tests says that he believes the self-signed certificate, as a person does once.
test.use({ ignoreHTTPSErrors: true });
test.skip(address === undefined, "this machine has no address but loopback");

/** Writes down whatever a page asks for. */
function keepRequests(page: Page): string[] {
  const urls: string[] = [];
  page.on("request", (request) => urls.push(request.url()));
  page.on("websocket", (socket) => urls.push(socket.url()));
  return urls;
}

function transportOf(page: Page): Promise<string | undefined> {
  return page.evaluate(
    () =>
      (document.querySelector("millrace-player") as (Element & { transport?: string }) | null)
        ?.transport,
  );
}

test("somebody of the network publishes from a camera and others watch, all of it over HTTPS", async ({
  page,
  context,
  cleanup,
}) => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-https-"));
  cleanup(async () => rmSync(folder, { recursive: true }));
  const host = address ?? "";
  const gateway = await Gateway.start({
    flags: [
      ...["--https-self-signed", `--https-folder=${folder}`, "--https-port=0", "--https-redirect"],
      ...[`--rtc-host=${host}`, `--rtc-announced-ips=${host}`],
      ...["--auth-publish-without-token=anybody"],
    ],
  });
  cleanup(() => gateway.stop());
  const at = gateway.log.find(({ msg }) => msg === "listening") as unknown as {
    http: { port: number };
    https: { port: number };
  };
  const base = `https://${host}:${at.https.port}`;
  const studio = await context.newPage();
  cleanup(() => studio.close());
  const urls = [...[keepRequests(studio)], keepRequests(page)];

  // The page is asked for without TLS, and a camera is given only with it.
  await studio.goto(`http://${host}:${at.http.port}/publish/live/lan`);
  expect(studio.url()).toBe(`${base}/publish/live/lan`);
  urls[0]?.splice(0, 1);
  await studio.getByRole("button", { name: "Turn on camera and microphone" }).click();
  await studio.getByRole("button", { name: "Go live" }).click();
  await expect(studio.getByRole("button", { name: "Stop" })).toBeVisible({ timeout: 30_000 });

  await page.goto(`${base}/live/lan`);
  await watchPictures(page);
  await waitForPictures(page, 60, 60_000);
  await expect.poll(() => transportOf(page), { timeout: 30_000 }).toBe("webrtc");

  for (const transport of ["ws-flv", "http-flv"]) {
    await page.route(`${base}/only/${transport}`, (route) =>
      route.fulfill({
        contentType: "text/html",
        body: `<!doctype html><title>one way</title><script type="module" src="/player.js"></script>
<millrace-player src="/live/lan" autoplay muted controls transports="${transport}"></millrace-player>`,
      }),
    );
    await page.goto(`${base}/only/${transport}`);
    await watchPictures(page);
    await waitForPictures(page, 30, 60_000);
    expect(await transportOf(page)).toBe(transport);
  }
  const asked = urls.flat();
  expect(asked.some((url) => url.startsWith("wss:"))).toBe(true);
  expect(asked.filter((url) => !/^(https|wss|blob|data):/.test(url))).toEqual([]);
});
