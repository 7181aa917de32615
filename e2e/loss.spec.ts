import { expect, test } from "./fixtures.ts";
import { publishWithFfmpeg } from "./peers/encoders.ts";
import { receiverStats, waitForPictures, watchPictures, watchReport } from "./peers/viewer.ts";

for (const { lossPercent, freezes } of [
  { lossPercent: 2, freezes: 0 },
  { lossPercent: 5, freezes: 0 },
  { lossPercent: 10, freezes: 1 },
]) {
  test(`${lossPercent} % of all packets lost: at most ${freezes} freezes in 30 s`, async ({
    hosts,
    cleanup,
  }) => {
    const { network, gateway } = hosts;
    const encoder = publishWithFfmpeg(
      `${gateway.rtmpUrl}/lossy`,
      { profile: "main", width: 854, height: 480 },
      network,
    );
    cleanup(() => encoder.stop());
    const page = await hosts.page("far");
    await page.goto(`${gateway.url}/live/lossy`);
    await watchPictures(page);
    await waitForPictures(page, 60);
    network.shape({ lossPercent });
    const before = await receiverStats(page);
    // 30 s of a 30 fps source, whether or not this machine is quick enough to show every picture.
    await expect
      .poll(async () => (await receiverStats(page)).framesDecoded - before.framesDecoded, {
        timeout: 90_000,
      })
      .toBeGreaterThan(870);
    const after = await receiverStats(page);
    const { longestGapMs } = await watchReport(page);
    const figures = `${network.droppedPackets} packets dropped, ${after.nackCount - before.nackCount} NACKs, ${after.pliCount - before.pliCount} PLIs, ${after.freezeCount - before.freezeCount} freezes, longest gap ${longestGapMs.toFixed(0)} ms`;
    test.info().annotations.push({ type: "figures", description: figures });
    expect(network.droppedPackets).toBeGreaterThan(50);
    expect(after.freezeCount - before.freezeCount, figures).toBeLessThanOrEqual(freezes);
  });
}
