import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures.ts";
import { publishWithFfmpeg } from "./peers/encoders.ts";
import { Gateway } from "./peers/gateway.ts";
import { FaultyProxy, Nginx } from "./peers/proxy.ts";
import { Site } from "./peers/site.ts";
import { waitForPictures, watchPictures, watchReport } from "./peers/viewer.ts";

interface Switch {
  readonly from: string | null;
  readonly to: string | null;
  readonly reason: string;
}

interface LadderWindow extends Window {
  switches?: Switch[];
}

type Player = Element & { readonly transport?: string; readonly state?: string };

/** Writes down every change of transport from the page's first moment. */
async function keepSwitches(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const w = window as LadderWindow;
    w.switches = [];
    document.addEventListener("DOMContentLoaded", () => {
      document
        .querySelector("millrace-player")
        ?.addEventListener("transport", (event) =>
          w.switches?.push((event as CustomEvent<Switch>).detail),
        );
    });
  });
}

function switches(page: Page): Promise<readonly Switch[]> {
  return page.evaluate(() => (window as LadderWindow).switches ?? []);
}

function transportOf(page: Page): Promise<string | undefined> {
  return page.evaluate(
    () => (document.querySelector("millrace-player") as Player | null)?.transport,
  );
}

/** Opens a page of another site that embeds the player and limits how media may come. */
async function openPlayer(
  page: Page,
  cleanup: (step: () => Promise<unknown>) => void,
  base: string,
  stream: string,
  transports: string,
): Promise<void> {
  const site = await Site.start(`<!doctype html><title>site</title>
<script type="module" src="${base}/player.js"></script>
<millrace-player src="${base}/${stream}" autoplay muted controls transports="${transports}">
</millrace-player>`);
  cleanup(() => site.close());
  await page.goto(site.url);
}

const videoTransports = ["ws-flv", "http-flv", "ll-hls", "long-poll", "sse"] as const;

for (const transport of videoTransports) {
  test(`${transport} plays picture and sound, and comes back when the publisher does`, async ({
    page,
    gateway,
    cleanup,
  }) => {
    const source = { width: 640, height: 360, gopSeconds: 1 };
    const url = `${gateway.rtmpUrl}/by-${transport}`;
    let encoder = publishWithFfmpeg(url, source);
    cleanup(() => encoder.stop());
    await openPlayer(page, cleanup, gateway.url, `live/by-${transport}`, transport);
    await watchPictures(page);
    await waitForPictures(page, 120, 60_000);
    expect(await transportOf(page)).toBe(transport);
    const sound = await page.evaluate(() => {
      const root = document.querySelector("millrace-player")?.shadowRoot;
      const video = root?.querySelector<HTMLVideoElement>('video[data-testid="video"]');
      const decoded = (
        video as (HTMLVideoElement & { webkitAudioDecodedByteCount?: number }) | null
      )?.webkitAudioDecodedByteCount;
      return decoded ?? 0;
    });
    expect(sound).toBeGreaterThan(0);
    const { longestGapMs } = await watchReport(page);
    await encoder.stop();
    encoder = publishWithFfmpeg(url, source);
    await waitForPictures(page, 90, 60_000);
    const { streams } = await gateway.api<{
      streams: { name: string; viewers: { byTransport: Record<string, number> } }[];
    }>("streams");
    const stream = streams.find(({ name }) => name === `live/by-${transport}`);
    expect(stream?.viewers.byTransport).toEqual({ [transport]: 1 });
    test.info().annotations.push({
      type: "figures",
      description: `longest gap ${longestGapMs.toFixed(0)} ms`,
    });
  });
}

test("mjpeg shows pictures where nothing else is allowed", async ({ page, gateway, cleanup }) => {
  const encoder = publishWithFfmpeg(`${gateway.rtmpUrl}/by-mjpeg`, { width: 640, height: 360 });
  cleanup(() => encoder.stop());
  await openPlayer(page, cleanup, gateway.url, "live/by-mjpeg", "mjpeg");
  await expect.poll(() => transportOf(page), { timeout: 60_000 }).toBe("mjpeg");
  const image = page.locator("millrace-player img[data-testid=image]");
  await expect(image).toBeVisible();
  const source = () => image.evaluate((element: HTMLImageElement) => element.src);
  const before = await source();
  await expect.poll(source, { timeout: 20_000 }).not.toBe(before);
});

test("media over WebRTC dies in the middle: another transport plays, and WebRTC again when it can", async ({
  hosts,
  cleanup,
}) => {
  const { network, gateway } = hosts;
  const encoder = publishWithFfmpeg(
    `${gateway.rtmpUrl}/blocked`,
    { width: 640, height: 360, gopSeconds: 1 },
    network,
  );
  cleanup(() => encoder.stop());
  const page = await hosts.page("far");
  await keepSwitches(page);
  await page.goto(`${gateway.url}/live/blocked`);
  await watchPictures(page);
  await waitForPictures(page, 90, 60_000);
  await expect.poll(() => transportOf(page), { timeout: 30_000 }).toBe("webrtc");
  await page.evaluate(() => {
    const player = document.querySelector("millrace-player") as HTMLElement & {
      muted: boolean;
      volume: number;
    };
    player.volume = 0.25;
    player.muted = true;
  });
  await watchPictures(page);
  network.blockMedia(gateway.ports.rtc);
  await expect.poll(() => transportOf(page), { timeout: 30_000 }).not.toBe("webrtc");
  await waitForPictures(page, 90, 30_000);
  const fall = await watchReport(page);
  const fallen = await transportOf(page);
  await watchPictures(page);
  network.unblockMedia();
  await expect.poll(() => transportOf(page), { timeout: 60_000 }).toBe("webrtc");
  await waitForPictures(page, 60, 30_000);
  const climb = await watchReport(page);
  const steps = (await switches(page)).map(({ from, to, reason }) => `${from}→${to} ${reason}`);
  test.info().annotations.push({
    type: "figures",
    description: `fallen to ${fallen}: longest gap ${fall.longestGapMs.toFixed(0)} ms (aim 3000); climbing back: ${climb.longestGapMs.toFixed(0)} ms; ${steps.join(", ")}`,
  });
  expect(
    await page.evaluate(() => {
      const { muted, volume } = document.querySelector("millrace-player") as HTMLElement & {
        muted: boolean;
        volume: number;
      };
      return { muted, volume };
    }),
  ).toEqual({ muted: true, volume: 0.25 });
  expect(fall.longestGapMs).toBeLessThan(8000);
});

test("a proxy without WebSocket that holds endless answers back: long-polling plays", async ({
  page,
  gateway,
  cleanup,
}) => {
  const encoder = publishWithFfmpeg(`${gateway.rtmpUrl}/held`, {
    width: 640,
    height: 360,
    gopSeconds: 1,
  });
  cleanup(() => encoder.stop());
  const proxy = await FaultyProxy.start(gateway.url, { blockWebSocket: true, holdStreams: true });
  cleanup(() => proxy.close());
  await keepSwitches(page);
  await openPlayer(page, cleanup, proxy.url, "live/held", "ws-flv,http-flv,long-poll,sse");
  await watchPictures(page);
  await waitForPictures(page, 90, 60_000);
  expect(await transportOf(page)).toBe("long-poll");
  const { longestGapMs } = await watchReport(page);
  test.info().annotations.push({
    type: "figures",
    description: `longest gap ${longestGapMs.toFixed(0)} ms`,
  });
});

test("behind nginx with proxy_buffering on, under a path prefix, every transport plays", async ({
  page,
  cleanup,
}) => {
  const gateway = await Gateway.start({ flags: ["--http-trust-proxy", "loopback"] });
  cleanup(() => gateway.stop());
  const encoder = publishWithFfmpeg(`${gateway.rtmpUrl}/nginx`, {
    width: 640,
    height: 360,
    gopSeconds: 1,
  });
  cleanup(() => encoder.stop());
  const nginx = await Nginx.start(gateway, 20_000 + (process.pid % 20_000), "/tv");
  cleanup(() => nginx.close());
  const gaps: string[] = [];
  for (const transport of ["webrtc", "http-flv", "ll-hls", "long-poll", "sse"]) {
    await openPlayer(page, cleanup, nginx.url, "live/nginx", transport);
    await watchPictures(page);
    await waitForPictures(page, 90, 60_000);
    expect(await transportOf(page)).toBe(transport);
    gaps.push(`${transport} ${(await watchReport(page)).longestGapMs.toFixed(0)} ms`);
  }
  test.info().annotations.push({ type: "figures", description: `longest gap: ${gaps.join(", ")}` });
});

test("the server is restarted: players of every transport come back by themselves", async ({
  context,
  cleanup,
}) => {
  let gateway = await Gateway.start();
  cleanup(() => gateway.stop());
  const source = { width: 320, height: 180, gopSeconds: 1 };
  let encoder = publishWithFfmpeg(`${gateway.rtmpUrl}/restarted`, source);
  cleanup(() => encoder.stop());
  const pages: Page[] = [];
  const transports = ["ws-flv", "ll-hls", "long-poll", "sse"];
  for (const transport of transports) {
    const page = await context.newPage();
    cleanup(() => page.close());
    await openPlayer(page, cleanup, gateway.url, "live/restarted", transport);
    await watchPictures(page);
    await waitForPictures(page, 30, 60_000);
    pages.push(page);
  }
  const { ports } = gateway;
  await Promise.all([gateway.stop(), encoder.stop()]);
  gateway = await Gateway.start({}, ports);
  encoder = publishWithFfmpeg(`${gateway.rtmpUrl}/restarted`, source);
  for (const [index, page] of pages.entries()) {
    // Browsers tell no pictures of a page that is behind another one.
    await page.bringToFront();
    await waitForPictures(page, 60, 60_000);
    expect(await transportOf(page)).toBe(transports[index]);
  }
});
