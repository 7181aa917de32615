import type { Browser, Page } from "@playwright/test";
import { expect, test } from "./fixtures.ts";
import { Audience, plainWays } from "./peers/audience.ts";
import { publishWithFfmpeg } from "./peers/encoders.ts";
import { Gateway } from "./peers/gateway.ts";
import { keepPeerConnections, playByWhep } from "./peers/viewer.ts";

type Cleanup = (step: () => Promise<unknown>) => void;

interface Listed {
  readonly id: string;
  readonly transport: string;
  readonly stats: { readonly bytesSent: number; readonly bytesReceived: number };
}

const stream = "live/counted";
const small = { width: 320, height: 180, fps: 15, gopSeconds: 1 };
/** A browser takes its time on a machine that does other things too. */
const patience = { timeout: 60_000, intervals: [250] };

/** How many watch by each way. Not all alike, so that none is taken for another. */
const counts: Readonly<Record<string, number>> = {
  ...{ webrtc: 2, whep: 2 },
  ...Object.fromEntries(plainWays.map((way, place) => [way, 2 + (place % 2)])),
};
const total = Object.values(counts).reduce((sum, count) => sum + count, 0);

async function startOnAir(cleanup: Cleanup): Promise<Gateway> {
  const gateway = await Gateway.start();
  cleanup(() => gateway.stop());
  const encoder = publishWithFfmpeg(`${gateway.rtmpUrl}/counted`, small);
  cleanup(() => encoder.stop());
  const isLive = async (): Promise<boolean> => {
    const { streams } = await gateway.api<{ streams: readonly unknown[] }>("streams");
    return streams.length === 1;
  };
  await expect.poll(isLive, patience).toBe(true);
  return gateway;
}

/** Somebody with a browser and a cookie of their own. */
async function visitor(browser: Browser, cleanup: Cleanup): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 480, height: 320 } });
  cleanup(() => context.close());
  const page = await context.newPage();
  await keepPeerConnections(page);
  return page;
}

async function watchByPage(page: Page, gateway: Gateway): Promise<void> {
  await page.goto(`${gateway.url}/${stream}`);
  const player = page.locator("millrace-player");
  await expect(player).toHaveAttribute("state", "playing", patience);
  await expect(player).toHaveJSProperty("transport", "webrtc");
}

async function watchByPlainWhep(page: Page, gateway: Gateway): Promise<void> {
  // Any page of the same origin that does not play.
  await page.goto(`${gateway.url}/api/v1/server`);
  await playByWhep(page, `${gateway.url}/whep/${stream}`);
  await page.waitForFunction(() => (document.querySelector("video")?.videoWidth ?? 0) > 0);
}

/** What the viewers' list, the stream and the metrics say: those that are not 0. */
async function counted(gateway: Gateway): Promise<Readonly<Record<string, unknown>>> {
  const { viewers } = await gateway.api<{ viewers: readonly Listed[] }>("viewers?limit=1000");
  const listed: Record<string, number> = {};
  for (const { transport } of viewers) listed[transport] = (listed[transport] ?? 0) + 1;
  const ofStream = await gateway.api<{ viewers: { count: number; byTransport: object } }>(
    `streams/${stream}`,
  );
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  const told = [...metrics.matchAll(/^millrace_viewers\{transport="([^"]+)"\} (\d+)$/gm)];
  return {
    listed,
    count: ofStream.viewers.count,
    byTransport: ofStream.viewers.byTransport,
    metrics: Object.fromEntries(
      told.map(([, name, count]) => [name, Number(count)]).filter(([, count]) => count !== 0),
    ),
  };
}

/** What the page for administrators says in its graph's legend, and for one stream in its table. */
async function expectOnPage(admin: Page, wanted: Readonly<Record<string, number>>): Promise<void> {
  const sum = Object.values(wanted).reduce((all, count) => all + count, 0);
  const rows = admin.getByTestId("viewers").locator("tbody tr");
  await admin.evaluate((hash) => location.assign(hash), "#/");
  await expect(admin.getByTestId("total-viewers")).toHaveText(String(sum), patience);
  for (const [transport, count] of Object.entries(wanted)) {
    const value = admin.getByTestId(`series-${transport}`).locator(".legend-value");
    await expect(value, transport).toHaveText(String(count), patience);
  }
  await admin.evaluate((hash) => location.assign(hash), `#/streams/${stream}`);
  await expect(admin.getByTestId("viewer-count")).toHaveText(`${sum} viewers`, patience);
  for (const [transport, count] of Object.entries(wanted)) {
    const ofTransport = admin.getByTestId("viewers").locator(`[data-transport="${transport}"]`);
    await expect(ofTransport, transport).toHaveCount(count, patience);
  }
  await expect(rows).toHaveCount(sum, patience);
}

test("viewers of ten transports at once are counted alike by the API, the metrics and the page for administrators", async ({
  browser,
  cleanup,
}) => {
  test.setTimeout(300_000);
  const gateway = await startOnAir(cleanup);
  const admin = await visitor(browser, cleanup);
  await admin.goto(`${gateway.url}/admin`);
  await expect(admin.getByTestId("tile-viewers")).toContainText("0", patience);

  const audience = new Audience(gateway, stream);
  cleanup(() => audience.close());
  for (const way of plainWays) await audience.watch(way, counts[way] ?? 0);
  const pages: Page[] = [];
  for (const begin of [watchByPage, watchByPage, watchByPlainWhep, watchByPlainWhep]) {
    const page = await visitor(browser, cleanup);
    await begin(page, gateway);
    pages.push(page);
  }

  const all = { listed: counts, count: total, byTransport: counts, metrics: counts };
  await expect.poll(() => counted(gateway), patience).toEqual(all);
  await admin.bringToFront();
  await expectOnPage(admin, counts);
  // Nobody came or went meanwhile.
  expect(await counted(gateway)).toEqual(all);

  await audience.close();
  for (const page of pages) await page.close();
  const none = { listed: {}, count: 0, byTransport: {}, metrics: {} };
  await expect.poll(() => counted(gateway), patience).toEqual(none);
  await expectOnPage(admin, Object.fromEntries(Object.keys(counts).map((way) => [way, 0])));
});

for (const [transport, watch] of [
  ["webrtc", watchByPage],
  ["whep", watchByPlainWhep],
] as const) {
  test(`${transport}: the bytes of the API are those that the browser counts`, async ({
    browser,
    cleanup,
  }) => {
    const gateway = await startOnAir(cleanup);
    const page = await visitor(browser, cleanup);
    await watch(page, gateway);
    const received = (): Promise<number> =>
      page.evaluate(async () => {
        const kept = window as Window & { millracePeers?: RTCPeerConnection[] };
        const stats = await kept.millracePeers?.at(-1)?.getStats();
        let bytes = 0;
        stats?.forEach((one) => {
          if (one.type === "transport") bytes += one.bytesReceived;
        });
        return bytes;
      });
    const sent = async (): Promise<number> => {
      const { viewers } = await gateway.api<{ viewers: readonly Listed[] }>("viewers");
      return viewers.find((viewer) => viewer.transport === transport)?.stats.bytesSent ?? 0;
    };
    const from = await received();
    await page.waitForTimeout(5000);
    await expect.poll(received, patience).toBeGreaterThan(from + 50_000);
    // The browser is asked before and after; whatever is right lies between.
    const [before, told, after] = [await received(), await sent(), await received()];
    const share = (200 * told) / (before + after);
    test.info().annotations.push({
      type: "figures",
      description: `${told} bytes, ${share.toFixed(1)} % of what the browser counts`,
    });
    expect(told).toBeGreaterThan(before * 0.98);
    expect(told).toBeLessThan(after * 1.03);
  });
}
