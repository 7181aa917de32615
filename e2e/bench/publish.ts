/**
 * How soon a browser's uplink is used: Chromium publishes 720p30 with a target of 2.5 Mbit/s over a link of its own, with
 * and without loss, another Chromium watches. Then how much of the uplink one and fifty viewers take. Prints Markdown.
 * Run: npm run bench -- publish
 */
import { chromium } from "@playwright/test";
import { fakeMediaFlags, publishByWhip, senderStats } from "../peers/browser-publisher.ts";
import { Gateway } from "../peers/gateway.ts";
import { TestNetwork } from "../peers/network.ts";
import {
  keepPeerConnections,
  receiverStats,
  waitForPictures,
  watchPictures,
  watchReport,
} from "../peers/viewer.ts";
import { buildLoadClient, runLoad } from "./load-client.ts";
import { heading } from "./results.ts";
import { benchSeconds } from "./settings.ts";

interface StreamFigures {
  readonly publisher: {
    readonly stats: {
      readonly ingest: {
        readonly encodings: readonly {
          readonly kind: string;
          readonly packets: number;
          readonly recovered: number;
          readonly lost: number;
        }[];
      };
    };
  };
}

const targetKbps = 2500;
const seconds = benchSeconds(20);
type Codec = "H264" | "VP8" | "VP9" | "AV1";
const codecs = (process.env["BENCH_CODECS"] ?? "H264,VP8,VP9,AV1").split(",") as Codec[];
const executable = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

console.log(heading(`${seconds} s for each codec and loss`));
console.log(
  `| codec | uplink loss | to 90 % of ${targetKbps} kbit/s | sent in the last 10 s, kbit/s | packets | of them asked for again | lost for good | viewer: freezes, longest gap |\n|---|---|---|---|---|---|---|---|`,
);
for (const codec of codecs) {
  for (const lossPercent of [0, 5]) await measure(codec, lossPercent);
}

const viewerCounts = (process.env["BENCH_VIEWERS"] ?? "1,50").split(",").map(Number);
console.log(
  "\n| viewers | publisher sends, kbit/s | bytes per picture | viewers connected | packets a second to all | lost | CPU µs/packet |\n|---|---|---|---|---|---|---|",
);
await measureViewers();

/** The same publisher all the time; the light viewers of `load/whepload.go` come and go. */
async function measureViewers(): Promise<void> {
  const program = buildLoadClient();
  const gateway = await Gateway.start();
  const browser = await chromium.launch({ executablePath: executable, args: [...fakeMediaFlags] });
  try {
    const camera = await browser.newPage();
    await camera.addInitScript("globalThis.__name = (f) => f");
    await camera.goto(gateway.url);
    await publishByWhip(camera, `${gateway.url}/whip/live/crowd`, {
      codec: "H264",
      width: 640,
      height: 360,
      maxBitrateKbps: 800,
    });
    for (const viewers of viewerCounts) {
      const load = runLoad(program, {
        url: `${gateway.url}/whep/live/crowd`,
        n: viewers,
        ramp: 25,
        seconds,
        pid: gateway.process.process.pid ?? 0,
      });
      // The joins ask for a key frame each; what follows is steady.
      await camera.waitForTimeout(5000);
      const before = await senderStats(camera);
      const startedMs = Date.now();
      await camera.waitForTimeout(Math.max(1000, seconds * 1000 - 6000));
      const after = await senderStats(camera);
      const bytes = after.bytesSent - before.bytesSent;
      const kbps = (bytes * 8) / (Date.now() - startedMs);
      const perPicture = bytes / Math.max(1, after.framesSent - before.framesSent);
      const report = await load;
      console.log(
        `| ${viewers} | ${kbps.toFixed(0)} | ${perPicture.toFixed(0)} | ${report.connected} | ${report.packets_s.toFixed(0)} | ${report.lost} | ${report.server.cpu_us_per_packet.toFixed(0)} |`,
      );
    }
  } finally {
    await browser.close();
    await gateway.stop();
  }
}

async function measure(codec: Codec, uplinkLossPercent: number): Promise<void> {
  const network = new TestNetwork();
  const closing: (() => Promise<unknown>)[] = [async () => network.close()];
  try {
    const gateway = await Gateway.start({
      network,
      flags: ["--auth-publish-without-token", "anybody", "--auth-admin-without-token", "anybody"],
    });
    closing.push(() => gateway.stop());
    const args = [
      "--autoplay-policy=no-user-gesture-required",
      `--unsafely-treat-insecure-origin-as-secure=${gateway.url}`,
      ...fakeMediaFlags,
    ];
    const uplink = await chromium.launch({
      executablePath: network.chromiumOnClient(executable),
      args,
    });
    closing.push(() => uplink.close());
    const nearby = await chromium.launch({
      executablePath: network.chromiumOnServer(executable),
      args,
    });
    closing.push(() => nearby.close());
    network.shape({ uplinkLossPercent });
    const camera = await uplink.newPage();
    await camera.addInitScript("globalThis.__name = (f) => f");
    await camera.goto(gateway.url);
    await publishByWhip(camera, `${gateway.url}/whip/live/uplink`, {
      codec,
      noise: true,
      maxBitrateKbps: targetKbps,
    });
    const viewer = await nearby.newPage({ viewport: { width: 390, height: 844 } });
    await viewer.addInitScript("globalThis.__name = (f) => f");
    await keepPeerConnections(viewer);
    const watching = viewer.goto(`${gateway.url}/live/uplink`).then(() => watchPictures(viewer));
    const startedMs = Date.now();
    const rates: { readonly atMs: number; readonly bytes: number }[] = [];
    let reachedMs: number | undefined;
    while (Date.now() - startedMs < seconds * 1000) {
      const { bytesSent } = await senderStats(camera);
      const atMs = Date.now() - startedMs;
      rates.push({ atMs, bytes: bytesSent });
      const before = rates.findLast((rate) => atMs - rate.atMs >= 900);
      const kbps =
        before === undefined ? 0 : ((bytesSent - before.bytes) * 8) / (atMs - before.atMs);
      if (kbps >= targetKbps * 0.9) reachedMs ??= atMs;
      await camera.waitForTimeout(100);
    }
    await watching;
    await waitForPictures(viewer, 30);
    const { longestGapMs } = await watchReport(viewer);
    const { freezeCount } = await receiverStats(viewer);
    // Nobody outside the network reaches the gateway.
    const { publisher } = await viewer.evaluate(
      async () => (await (await fetch("/api/v1/streams/live/uplink")).json()) as StreamFigures,
    );
    const picture = publisher.stats.ingest.encodings.find(({ kind }) => kind === "video");
    const last = rates.at(-1) ?? { atMs: 0, bytes: 0 };
    const early = rates.find((rate) => last.atMs - rate.atMs < 10_000) ?? last;
    const kbps = ((last.bytes - early.bytes) * 8) / Math.max(1, last.atMs - early.atMs);
    const reached = reachedMs === undefined ? "not reached" : `${(reachedMs / 1000).toFixed(1)} s`;
    console.log(
      `| ${codec} | ${uplinkLossPercent} % | ${reached} | ${kbps.toFixed(0)} | ${picture?.packets} | ${picture?.recovered} | ${picture?.lost} | ${freezeCount}, ${longestGapMs.toFixed(0)} ms |`,
    );
  } finally {
    for (const close of closing.reverse()) await close();
  }
}
