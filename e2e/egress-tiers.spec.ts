import { expect, test } from "./fixtures.ts";
import { publishWithFfmpeg } from "./peers/encoders.ts";
import { Gateway } from "./peers/gateway.ts";
import { receiverStats, waitForPictures, watchPictures, watchReport } from "./peers/viewer.ts";

interface ServerDocument {
  readonly egress?: string;
}

for (const tier of ["native", "wasm", "node"]) {
  test(`plays from the ${tier} egress, and nothing is lost`, async ({ page, cleanup }) => {
    const started = Gateway.start({ flags: ["--rtc-egress", tier] });
    const gateway = await started.catch((error: unknown) => {
      // Where there was no compiler there is no native tier.
      test.skip(tier === "native" && String(error).includes("EGRESS_UNAVAILABLE"), "not built");
      throw error;
    });
    cleanup(() => gateway.stop());
    expect((await gateway.api<ServerDocument>("server")).egress).toBe(tier);

    const encoder = publishWithFfmpeg(`${gateway.rtmpUrl}/tier`, { width: 640, height: 360 });
    cleanup(() => encoder.stop());
    await page.goto(`${gateway.url}/live/tier`);
    await watchPictures(page);
    await waitForPictures(page, 30);
    const before = await receiverStats(page);
    expect(before).toMatchObject({ dtlsState: "connected", videoCodec: "video/H264" });
    await expect
      .poll(async () => (await receiverStats(page)).framesDecoded - before.framesDecoded, {
        timeout: 60_000,
      })
      .toBeGreaterThan(240);
    const after = await receiverStats(page);
    expect(after.packetsLost).toBe(0);
    expect(after.audioSamples).toBeGreaterThan(before.audioSamples);
    expect((await watchReport(page)).frames).toBeGreaterThan(30);
    test.info().annotations.push({
      type: "figures",
      description: `${tier}: ${after.framesDecoded} pictures, ${after.packetsLost} lost, ${after.srtpCipher}`,
    });
  });
}
