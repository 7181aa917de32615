import { expect, test } from "./fixtures.ts";
import { publishWithFfmpeg } from "./peers/encoders.ts";
import { Gateway } from "./peers/gateway.ts";
import { receiverStats, waitForPictures, watchPictures } from "./peers/viewer.ts";

const password = "may-i-watch-this";

test("a viewer without a token logs in by the form, and the stream plays over WebRTC and .flv", async ({
  page,
  cleanup,
}) => {
  const gateway = await Gateway.start({
    flags: [
      ...["--auth-publish-without-token", "loopback"],
      ...["--auth-rules", JSON.stringify([{ streams: "live/*", playTokens: [password] }])],
    ],
  });
  cleanup(() => gateway.stop());
  const small = { width: 640, height: 360, gopSeconds: 1 };
  const encoder = publishWithFfmpeg(`${gateway.rtmpUrl}/club`, small);
  cleanup(() => encoder.stop());
  const head = () =>
    fetch(`${gateway.url}/live/club?token=${password}`, { method: "HEAD" }).then(
      ({ headers }) => headers.get("millrace-stream-tracks")?.split(",").length,
    );
  await expect.poll(head, { timeout: 20_000 }).toBe(2);

  const asked = await page.goto(`${gateway.url}/live/club`);
  expect(asked?.status()).toBe(401);
  expect(await page.locator("millrace-player, video").count()).toBe(0);
  await page.getByLabel("Password").fill("not-this-one");
  const [refused] = await Promise.all([
    page.waitForNavigation(),
    page.getByRole("button", { name: "Watch" }).click(),
  ]);
  expect(refused?.status()).toBe(401);
  await expect(page.getByRole("alert")).toHaveText("That is not the password.");

  await page.getByLabel("Password").fill(password);
  const [shown] = await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  expect([shown?.status(), page.url()]).toEqual([200, `${gateway.url}/live/club`]);
  expect(await page.evaluate(() => document.cookie)).toBe("");
  const cookies = await page.context().cookies();
  expect(cookies.map(({ name }) => name).sort()).toEqual(["millrace_client", "millrace_pass"]);
  expect(JSON.stringify(cookies)).not.toContain(password);

  // The cookie is all that the player has.
  await watchPictures(page);
  await waitForPictures(page, 30);
  const { videoCodec, dtlsState } = await receiverStats(page);
  expect([videoCodec, dtlsState]).toEqual([expect.stringMatching(/h264/i), "connected"]);

  const transport = () =>
    page.evaluate(
      () =>
        (document.querySelector("millrace-player") as Element & { transport?: string }).transport,
    );
  expect(await transport()).toBe("webrtc");
  await page.locator("millrace-player").evaluate((player) => {
    player.setAttribute("transports", "http-flv");
  });
  await expect.poll(transport, { timeout: 30_000 }).toBe("http-flv");
  await watchPictures(page);
  await waitForPictures(page, 30);
  const flv = await page.evaluate(async () => {
    const response = await fetch("/live/club.flv");
    const { value } = (await response.body?.getReader().read()) ?? {};
    return [response.status, String.fromCharCode(...(value ?? []).slice(0, 3))];
  });
  expect(flv).toEqual([200, "FLV"]);
  expect(JSON.stringify(gateway.log)).not.toContain(password);

  // A browser that did not log in is still asked, whatever way it takes.
  for (const path of ["/live/club", "/live/club.flv", "/live/club.m3u8", "/live/club.sse"]) {
    expect((await fetch(gateway.url + path)).status, path).toBe(401);
  }
});
