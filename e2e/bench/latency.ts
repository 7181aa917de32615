/**
 * Glass-to-glass latency of every way to watch, read off the pixels: a picture that carries its time is published over
 * RTMP (GOP 1 s) and played in Chromium by one way at a time, the ways taking turns. Prints Markdown.
 * Run: npm run bench -- latency
 */
import { chromium, type Page } from "@playwright/test";
import { percentile } from "../figures.ts";
import { ClockSource } from "../peers/clock-source.ts";
import { Gateway } from "../peers/gateway.ts";
import { Site } from "../peers/site.ts";
import { timeCode } from "../peers/time-code.ts";
import { pictureDelays, type ShownPicture, watchPictures, watchReport } from "../peers/viewer.ts";
import { heading } from "./results.ts";
import { benchRounds, benchSeconds } from "./settings.ts";

const rounds = benchRounds(3);
const seconds = benchSeconds(15);
const ways = ["webrtc", "ws-flv", "http-flv", "ll-hls", "long-poll", "sse", "mjpeg"] as const;

interface Figures {
  readonly delays: number[];
  readonly told: number[];
  readonly firstMs: number[];
  longestGapMs: number;
}

const gateway = await Gateway.start({ flags: ["--log-level", "info"] });
const source = new ClockSource({
  output: `${gateway.rtmpUrl}/clock`,
  width: 640,
  height: 360,
  gop: 30,
  bitrateKbps: 1500,
});
const browser = await chromium.launch({
  executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
  args: ["--autoplay-policy=no-user-gesture-required"],
});
const figures = new Map(
  ways.map((way): [string, Figures] => [
    way,
    { delays: [], told: [], firstMs: [], longestGapMs: 0 },
  ]),
);
try {
  for (let round = 0; round < rounds; round++) {
    for (const way of ways) await measure(way);
  }
} finally {
  await browser.close();
  await source.stop();
  await gateway.stop();
}
console.log(heading(`${rounds} rounds of ${seconds} s, the ways in turns`));
console.log(
  "| way | latency p50 ms | p95 ms | as the player says p50 | page there → first picture ms | longest gap ms |\n|---|---|---|---|---|---|",
);
for (const [way, { delays, told, firstMs, longestGapMs }] of figures) {
  const at = (values: readonly number[], share: number) =>
    values.length === 0 ? "–" : percentile([...values], share).toFixed(0);
  console.log(
    `| ${way} | ${at(delays, 0.5)} | ${at(delays, 0.95)} | ${at(told, 0.5)} | ${at(firstMs, 0.5)} | ${longestGapMs.toFixed(0)} |`,
  );
}

/** The second half of the time is the steady state; the first one is the player finding its place. */
async function measure(way: (typeof ways)[number]): Promise<void> {
  const site = await Site.start(`<!doctype html><title>${way}</title>
<script type="module" src="${gateway.url}/player.js"></script>
<millrace-player src="${gateway.url}/live/clock" autoplay muted transports="${way}"></millrace-player>`);
  const page = await browser.newPage({ viewport: { width: 660, height: 400 } });
  try {
    // The functions that pages are sent are as tsx compiled them, which names them by this.
    await page.addInitScript("globalThis.__name = (f) => f");
    await page.goto(site.url);
    const thereMs = Date.now();
    if (way === "mjpeg") await watchImage(page);
    else await watchPictures(page, true);
    await page.waitForTimeout(seconds * 1000);
    const report = way === "mjpeg" ? await imageReport(page) : await watchReport(page);
    const result = figures.get(way);
    if (result === undefined) return;
    const steady = report.shown.slice(Math.floor(report.shown.length / 2));
    result.delays.push(...pictureDelays(steady));
    result.told.push(
      ...steady.flatMap(({ playerLatencyMs }) =>
        playerLatencyMs === undefined ? [] : [playerLatencyMs],
      ),
    );
    if (report.firstAtMs !== undefined) result.firstMs.push(report.firstAtMs - thereMs);
    const gaps = steady.map(({ atMs }, index) => atMs - (steady[index - 1]?.atMs ?? atMs));
    result.longestGapMs = Math.max(result.longestGapMs, ...gaps);
  } finally {
    await page.close();
    await site.close();
  }
}

interface ImageWindow extends Window {
  millraceImages?: ShownPicture[];
}

/** An image tells nothing of its frames: what is on it is looked at whenever the screen is drawn. */
async function watchImage(page: Page): Promise<void> {
  await page.evaluate(
    ({ cells, heightShare }) => {
      const images: ShownPicture[] = [];
      (window as ImageWindow).millraceImages = images;
      const canvas = document.createElement("canvas");
      canvas.width = cells;
      canvas.height = 1;
      const context = canvas.getContext("2d", { willReadFrequently: true });
      let before = "";
      const look = () => {
        requestAnimationFrame(look);
        const player = document.querySelector("millrace-player") as
          | (Element & { latencyMs?: number })
          | null;
        const image = player?.shadowRoot?.querySelector<HTMLImageElement>("img[data-testid=image]");
        if (!image || image.naturalWidth === 0 || context === null) return;
        const { naturalWidth: width, naturalHeight: height } = image;
        context.drawImage(image, 0, 0, width, height * heightShare, 0, 0, cells, 1);
        const pixels = context.getImageData(0, 0, cells, 1).data;
        const luma = Array.from({ length: cells }, (_, cell) => pixels[cell * 4 + 1] ?? 0);
        const bits = luma.map((value) => (value > 127 ? 1 : 0)).join("");
        if (bits === before) return;
        before = bits;
        images.push({ atMs: Date.now(), cells: luma, playerLatencyMs: player?.latencyMs });
      };
      look();
    },
    { cells: timeCode.timeBits + timeCode.checkBits, heightShare: timeCode.heightShare },
  );
}

async function imageReport(page: Page): Promise<{
  readonly shown: readonly ShownPicture[];
  readonly firstAtMs: number | undefined;
}> {
  const shown = await page.evaluate(() => (window as ImageWindow).millraceImages ?? []);
  return { shown, firstAtMs: shown[0]?.atMs };
}
