/**
 * What a viewer in Chromium sees, read off the pixels: glass-to-glass latency with the source's own
 * share of it, the time from the page to the first picture and to the live edge at several ages of a
 * ten second group of pictures. Prints Markdown. Run: npm run bench -- first-picture
 */
import { chromium, type Page } from "@playwright/test";
import { percentile } from "../figures.ts";
import { ClockSource } from "../peers/clock-source.ts";
import { Gateway } from "../peers/gateway.ts";
import { RecordedClock } from "../peers/recorded-clock.ts";
import { behindSteady, pictureDelays, watchPictures, watchReport } from "../peers/viewer.ts";
import { heading, record } from "./results.ts";
import { benchRounds, benchSeconds } from "./settings.ts";

const rounds = benchRounds(3);
const seconds = Math.max(5, benchSeconds(20));
const fps = 30;
const gopSeconds = 10;
/** Ages of the group of pictures at which a viewer joins, in seconds. */
const ages = [1, 3, 5, 7, 9];
const edgeMs = 150;

interface Join {
  readonly firstMs: number;
  readonly edgeMs: number;
}

interface Latency {
  readonly steady: readonly number[];
  readonly told: readonly number[];
}

const share = await sourceShare();
const gateway = await Gateway.start({ flags: ["--log-level", "info"] });
const recorded = await RecordedClock.record({ gop: fps * gopSeconds, seconds: 60 * rounds + 60 });
const browser = await chromium.launch({
  executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
  args: ["--autoplay-policy=no-user-gesture-required"],
});
try {
  const page = await browser.newPage();
  // The source's functions are sent to the page as tsx compiled them, which names them by this.
  await page.addInitScript("globalThis.__name = (f) => f");
  const latency = await steadyLatency(page);
  recorded.publish(`${gateway.rtmpUrl}/recorded`);
  const joins = new Map<number, Join[]>(ages.map((age) => [age, []]));
  for (let round = 0; round < rounds; round++) {
    for (const age of ages) joins.get(age)?.push(await join(page, age));
  }
  print(latency, joins);
} finally {
  await browser.close();
  await recorded.stop();
  await gateway.stop();
}

/** Draw to encoded tag, without any gateway: the part of the latency that the encoder makes. */
async function sourceShare(): Promise<number[]> {
  const alone = new ClockSource({ output: "pipe:1" });
  const delays: number[] = [];
  let held = Buffer.alloc(0);
  let headerSkipped = false;
  alone.encoder.process.stdout?.on("data", (bytes: Buffer) => {
    const nowMs = Date.now();
    held = Buffer.concat([held, bytes]);
    if (!headerSkipped && held.length >= 13) {
      held = held.subarray(13);
      headerSkipped = true;
    }
    while (headerSkipped && held.length >= 15) {
      const size = held.readUIntBE(1, 3);
      if (held.length < 15 + size) break;
      const isPicture = held[0] === 9 && held[12] === 1;
      if (isPicture) delays.push(nowMs - (alone.drawnAtMs[delays.length] ?? nowMs));
      held = held.subarray(15 + size);
    }
  });
  await new Promise((resolve) => setTimeout(resolve, (seconds * 1000) / 2));
  await alone.stop();
  // The first second is the encoder's start.
  return delays.slice(fps);
}

/** Glass to glass with an encoder that draws and encodes live. It also warms the browser up. */
async function steadyLatency(page: Page): Promise<Latency> {
  const source = new ClockSource({ output: `${gateway.rtmpUrl}/clock` });
  try {
    await page.goto(`${gateway.url}/live/clock`);
    await watchPictures(page, true);
    await page.waitForTimeout(seconds * 1000);
    // The first quarter is the player finding its place.
    const last = (await watchReport(page)).shown.slice(-Math.floor(fps * seconds * 0.75));
    return {
      steady: pictureDelays(last),
      told: last.map((picture) => picture.playerLatencyMs).filter((ms) => ms !== undefined),
    };
  } finally {
    await source.stop();
  }
}

async function join(page: Page, age: number): Promise<Join> {
  while (Math.abs(recorded.groupAgeMs - age * 1000) > 50) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await page.goto(`${gateway.url}/live/recorded`);
  await watchPictures(page, true);
  await page.waitForTimeout(5000);
  const { shown, firstAtMs } = await watchReport(page);
  const clickedAtMs = await page.evaluate(() => performance.timeOrigin);
  const edge = behindSteady(shown).find(({ byMs }) => byMs < edgeMs);
  return {
    firstMs: (firstAtMs ?? Number.NaN) - clickedAtMs,
    edgeMs: (edge?.atMs ?? Number.NaN) - clickedAtMs,
  };
}

function print(latency: Latency, joins: ReadonlyMap<number, readonly Join[]>): void {
  const pair = (values: readonly number[]) =>
    `${percentile(values, 0.5).toFixed(0)} | ${percentile(values, 0.95).toFixed(0)}`;
  console.log(heading(`${rounds} rounds of joins, latency of ${seconds} s`));
  console.log("| latency, ms | p50 | p95 |\n|---|---|---|");
  console.log(`| glass to glass, off the pixels | ${pair(latency.steady)} |`);
  console.log(`| of it the source: drawing to encoded tag | ${pair(share)} |`);
  console.log(`| as the player shows it | ${pair(latency.told)} |`);
  console.log(
    "\n| age of the group of pictures | click → first picture, ms (each round) | click → live edge, ms |\n|---|---|---|",
  );
  for (const [age, list] of joins) {
    const first = list.map((join) => join.firstMs.toFixed(0)).join(", ");
    const edge = list.map((join) => join.edgeMs.toFixed(0)).join(", ");
    console.log(`| ${age} s | ${first} | ${edge} |`);
  }
  record("glass.p50", "millrace", "WebRTC", [percentile(latency.steady, 0.5)]);
  record("glass.p95", "millrace", "WebRTC", [percentile(latency.steady, 0.95)]);
  const first = [...joins.values()].flat().map(({ firstMs }) => firstMs);
  record("first-picture.p95", "millrace", "WebRTC", [percentile(first, 0.95)]);
}
