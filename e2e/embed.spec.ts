import type { FrameLocator, Locator, Page } from "@playwright/test";
import { expect, test } from "./fixtures.ts";
import { publishWithFfmpeg } from "./peers/encoders.ts";
import { Gateway } from "./peers/gateway.ts";
import { Site } from "./peers/site.ts";

const picture = { width: 320, height: 180, gopSeconds: 1 };

type Cleanup = (step: () => Promise<unknown>) => void;
type Place = Pick<Page | FrameLocator, "locator">;

async function startSite(cleanup: Cleanup, body: string): Promise<Site> {
  const site = await Site.start(`<!doctype html><title>Somebody's site</title>${body}`);
  cleanup(() => site.close());
  return site;
}

async function publish(cleanup: Cleanup, gateway: Gateway, stream: string): Promise<void> {
  const encoder = publishWithFfmpeg(`${gateway.rtmpUrl}/${stream}`, picture);
  cleanup(() => encoder.stop());
  await expect
    .poll(async () => (await gateway.api<{ streams: unknown[] }>("streams")).streams, {
      timeout: 30_000,
    })
    .toContainEqual(expect.objectContaining({ name: `live/${stream}`, state: "live" }));
}

interface Look {
  /** Pictures shown so far. */
  readonly frames: number;
  readonly state: string | undefined;
  readonly transport: string | undefined;
}

function look(player: Locator): Promise<Look> {
  return player.evaluate((element) => {
    const { state, transport } = element as Element & { state?: string; transport?: string };
    const video = element.shadowRoot?.querySelector<HTMLVideoElement>('[data-testid="video"]');
    const frames = video?.getVideoPlaybackQuality().totalVideoFrames ?? 0;
    return { frames, state, transport };
  });
}

/** Waits until the player has shown some more; what it did instead is in the failure. */
async function expectPictures(player: Locator): Promise<void> {
  const before = await look(player);
  await expect
    .poll(
      async () => {
        const now = await look(player);
        return now.frames > before.frames + 20 ? "plays" : now;
      },
      { timeout: 40_000 },
    )
    .toBe("plays");
}

async function expectPlaying(place: Place): Promise<Locator> {
  const player = place.locator("millrace-player");
  await expectPictures(player);
  await expect(player).toHaveJSProperty("state", "playing");
  return player;
}

/** All that the page says it wants under this test id, as a person would copy it. */
async function copied(page: Page, id: string): Promise<string> {
  return (await page.getByTestId(id).textContent()) ?? "";
}

test.describe("under a path prefix", () => {
  test("row 123: what the watch page offers to copy plays on a page of another site", async ({
    browser,
    page,
    cleanup,
  }) => {
    const gateway = await Gateway.start({ flags: ["--http-base-path", "/tv"] });
    cleanup(() => gateway.stop());
    const encoder = publishWithFfmpeg(`${gateway.rtmpUrl}/copied`, picture);
    cleanup(() => encoder.stop());
    await page.goto(`${gateway.url}/tv/live/copied`);
    await expectPlaying(page);
    const element = await copied(page, "embed-element");
    const frame = await copied(page, "embed-iframe");
    expect(element).toContain(`${gateway.url}/tv/player.js`);

    const site = await startSite(cleanup, element);
    await page.goto(site.url);
    const player = await expectPlaying(page);
    await expect(player).toHaveJSProperty("muted", true);

    const plain = await browser.newContext({ javaScriptEnabled: false });
    cleanup(() => plain.close());
    const reader = await plain.newPage();
    await reader.goto(site.url);
    await reader.getByRole("link", { name: "Watch live/copied" }).click();
    await expect(reader).toHaveURL(`${gateway.url}/tv/live/copied`);
    await expect(reader.getByText(/JavaScript/)).toBeVisible();

    site.html = `<!doctype html><title>Frame</title>${frame}`;
    await page.goto(site.url);
    await expectPlaying(page.frameLocator("iframe"));
  });

  test("oEmbed is found from a stream's page, and its HTML plays", async ({ page, cleanup }) => {
    const gateway = await Gateway.start({ flags: ["--http-base-path", "/tv"] });
    cleanup(() => gateway.stop());
    const encoder = publishWithFfmpeg(`${gateway.rtmpUrl}/found`, picture);
    cleanup(() => encoder.stop());
    const watch = await fetch(`${gateway.url}/tv/live/found`);
    const link = /<([^>]+)>; rel="alternate"; type="application\/json\+oembed"/;
    const address = link.exec(watch.headers.get("link") ?? "")?.[1] ?? "";
    const found = await fetch(`${address}&maxwidth=480`);
    const { html, width } = (await found.json()) as { html: string; width: number };
    expect(width).toBe(480);
    const site = await startSite(cleanup, html);
    await page.goto(site.url);
    await expectPlaying(page.frameLocator("iframe"));
    const box = await page.locator("iframe").boundingBox();
    expect([box?.width, box?.height]).toEqual([480, 270]);
  });
});

test("four players on one page, of the same stream and of others: all play over one connection, and one that goes takes nothing along", async ({
  page,
  gateway,
  cleanup,
}) => {
  await publish(cleanup, gateway, "one");
  await publish(cleanup, gateway, "two");
  const site = await startSite(
    cleanup,
    `<script type="module" src="${gateway.url}/player.js"></script>
<style>body { display: grid; grid-template-columns: 1fr 1fr }</style>
${[
  ["a", "one", ""],
  ["b", "one", ""],
  ["c", "two", ""],
  ["d", "two", 'transports="ws-flv"'],
]
  .map(
    ([id, stream, more]) =>
      `<millrace-player id="${id}" src="${gateway.url}/live/${stream}" autoplay muted ${more}></millrace-player>`,
  )
  .join("\n")}`,
  );
  const signaling: string[] = [];
  page.on("websocket", (socket) => {
    if (socket.url().includes("/socket.io/")) signaling.push(socket.url());
  });
  await page.goto(site.url);
  const [a, b, c, d] = ["a", "b", "c", "d"].map((id) => page.locator(`#${id}`)) as [
    Locator,
    Locator,
    Locator,
    Locator,
  ];
  for (const player of [a, b, c, d]) {
    await expectPictures(player);
    await expect(player).toHaveJSProperty("state", "playing");
  }
  await expect(a).toHaveJSProperty("transport", "webrtc");
  await expect(d).toHaveJSProperty("transport", "ws-flv");
  expect(signaling).toHaveLength(1);
  const viewers = async (stream: string): Promise<number> => {
    const { streams } = await gateway.api<{
      streams: { name: string; viewers: { byTransport: Record<string, number> } }[];
    }>("streams");
    const found = streams.find(({ name }) => name === `live/${stream}`);
    return Object.values(found?.viewers.byTransport ?? {}).reduce((sum, count) => sum + count, 0);
  };
  expect([await viewers("one"), await viewers("two")]).toEqual([2, 2]);

  // Sound is each one's own affair.
  await b.evaluate((player) => Object.assign(player, { muted: false, volume: 0.5 }));
  for (const [player, muted, volume] of [
    [a, true, 1],
    [b, false, 0.5],
    [c, true, 1],
    [d, true, 1],
  ] as const) {
    await expect(player).toHaveJSProperty("muted", muted);
    await expect(player).toHaveJSProperty("volume", volume);
  }

  await a.evaluate((player) => player.remove());
  await expect.poll(() => viewers("one"), { timeout: 10_000 }).toBe(1);
  for (const player of [b, c, d]) {
    await expectPictures(player);
    await expect(player).toHaveJSProperty("state", "playing");
  }
  await expect(b).toHaveJSProperty("muted", false);
  expect(await viewers("two")).toBe(2);
  expect(signaling).toHaveLength(1);
});

interface Heard {
  readonly origin: string;
  readonly data: { readonly id?: number; readonly event?: string; readonly result?: unknown };
}

interface EmbeddingWindow extends Window {
  heard?: Heard[];
}

/** Writes down what the page is told. */
async function listen(page: Page): Promise<void> {
  await page.evaluate(() => {
    const heard: Heard[] = [];
    (window as EmbeddingWindow).heard = heard;
    addEventListener("message", ({ origin, data }) => heard.push({ origin, data }));
  });
}

function heardBy(page: Page): Promise<readonly Heard[]> {
  return page.evaluate(() => (window as EmbeddingWindow).heard ?? []);
}

/** Says something to the first frame of the page. */
async function say(page: Page, message: object): Promise<void> {
  await page.evaluate((message) => window.frames[0]?.postMessage(message, "*"), message);
}

test.describe("row 31: the page around the frame", () => {
  test("commands the player when its origin is allowed; other sites and other frames do not", async ({
    page,
    cleanup,
  }) => {
    const site = await startSite(cleanup, "");
    const evil = await startSite(cleanup, "");
    const origin = new URL(site.url).origin;
    const gateway = await Gateway.start({ flags: ["--http-allowed-origins", origin] });
    cleanup(() => gateway.stop());
    await publish(cleanup, gateway, "framed");
    const frame = `<iframe src="${gateway.url}/embed/live/framed?muted" width="480" height="270" allow="autoplay"></iframe>`;
    site.html = `<!doctype html>${frame}<iframe src="${evil.url}" id="evil"></iframe>`;
    evil.html = `<!doctype html>${frame}`;

    await page.goto(site.url);
    const player = page.frameLocator("iframe").first().locator("millrace-player");
    await expectPictures(player);
    await listen(page);
    await say(page, { millrace: 1, id: 1, command: "hello" });
    await expect
      .poll(() => heardBy(page))
      .toContainEqual({
        origin: new URL(gateway.url).origin,
        data: { millrace: 1, id: 1, ok: true, result: { version: 1, state: "playing" } },
      });
    await say(page, { millrace: 1, id: 2, command: "unmute" });
    await expect(player).toHaveJSProperty("muted", false);
    await say(page, { millrace: 1, id: 3, command: "pause" });
    await expect(player).toHaveJSProperty("state", "idle");
    await expect
      .poll(async () => (await heardBy(page)).filter(({ data }) => data.event === "statechange"))
      .toContainEqual(
        expect.objectContaining({
          data: expect.objectContaining({ detail: { state: "idle", previous: "playing" } }),
        }),
      );

    // A frame of somebody else on the same page, such as an advertisement.
    const other = page.frames().find((frame) => frame.url() === evil.url);
    await other?.evaluate(() => {
      for (const command of ["hello", "play", "unmute"]) {
        window.parent.frames[0]?.postMessage({ millrace: 1, id: 9, command }, "*");
      }
    });
    await say(page, { millrace: 1, id: 4, command: "mute" });
    await expect(player).toHaveJSProperty("muted", true);
    await expect(player).toHaveJSProperty("state", "idle");
    expect((await heardBy(page)).some(({ data }) => data.id === 9)).toBe(false);
    await say(page, { millrace: 1, id: 5, command: "play" });
    await expectPictures(player);

    // A site that is not allowed does not even get the frame.
    await page.goto(evil.url);
    await expect
      .poll(() => page.frames().map((frame) => frame.url()))
      .toContain("chrome-error://chromewebdata/");
    await expect(page.frameLocator("iframe").locator("millrace-player")).toHaveCount(0);
  });

  test("of an evil site is not answered where the frame's address names another origin", async ({
    page,
    gateway,
    cleanup,
  }) => {
    await publish(cleanup, gateway, "named");
    const site = await startSite(cleanup, "");
    const evil = await startSite(cleanup, "");
    const { origin } = new URL(site.url);
    site.html = `<!doctype html><iframe src="${gateway.url}/embed/live/named?muted&origin=${origin}"></iframe>`;
    evil.html = site.html;
    await page.goto(evil.url);
    const player = await expectPlaying(page.frameLocator("iframe"));
    await listen(page);
    for (const [id, command] of ["hello", "pause", "unmute", "stats"].entries()) {
      await say(page, { millrace: 1, id, command });
    }
    await expectPictures(player);
    await expect(player).toHaveJSProperty("muted", true);
    expect(await heardBy(page)).toEqual([]);
    await page.goto(site.url);
    await expectPlaying(page.frameLocator("iframe"));
    await say(page, { millrace: 1, command: "pause" });
    await expect(page.frameLocator("iframe").locator("millrace-player")).toHaveJSProperty(
      "state",
      "idle",
    );
  });
});
