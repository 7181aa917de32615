import { chromium } from "@playwright/test";
import { expect, test } from "./fixtures.ts";
import { Gateway } from "./peers/gateway.ts";
import { GstreamerWebrtc, hasGstreamerWebrtc } from "./peers/gstreamer-webrtc.ts";
import { canMakeNetworks, TestNetwork } from "./peers/network.ts";
import {
  keepPeerConnections,
  playByWhep,
  receiverStats,
  waitForPictures,
  watchPictures,
  watchReport,
} from "./peers/viewer.ts";

test.skip(
  () => !process.env["CI"] && !(canMakeNetworks() && hasGstreamerWebrtc()),
  "GStreamer's webrtcbin with its Python bindings, or network namespaces are missing here",
);

const tokens = ["studio-one-token", "studio-two-token"] as const;

interface Place {
  readonly network: TestNetwork;
  readonly gateway: Gateway;
}

async function openPlace(cleanup: (step: () => Promise<unknown>) => void): Promise<Place> {
  const network = new TestNetwork();
  cleanup(async () => network.close());
  const flags = ["--auth-publish-tokens", tokens.join(",")];
  const gateway = await Gateway.start({ network, flags });
  cleanup(() => gateway.stop());
  return { network, gateway };
}

/** Waits until media goes out, and is not only made. */
async function publishes(encoder: GstreamerWebrtc): Promise<void> {
  await expect.poll(() => encoder.state.connection, { timeout: 20_000 }).toBe("connected");
  expect(encoder.state.answered).toBe(201);
}

for (const video of ["h264", "vp8"] as const) {
  test(`an encoder that is no browser publishes ${video} and Opus by WHIP; Chromium and a foreign player watch by WHEP`, async ({
    cleanup,
  }) => {
    const { network, gateway } = await openPlace(cleanup);
    const [token] = tokens;
    const whip = `${gateway.url}/whip/live/foreign`;
    const encoder = new GstreamerWebrtc("publish", whip, network, { token, video });
    cleanup(() => encoder.stop());
    await publishes(encoder);

    const browser = await chromium.launch({
      executablePath: network.chromiumOnClient(process.env["CHROMIUM"] ?? "/usr/bin/chromium"),
      args: ["--autoplay-policy=no-user-gesture-required"],
    });
    cleanup(() => browser.close());
    const page = await browser.newPage();
    await keepPeerConnections(page);
    await page.goto(`${gateway.url}/healthz`);
    await playByWhep(page, `${gateway.url}/whep/live/foreign`);
    await watchPictures(page);
    await waitForPictures(page, 60);
    expect(await watchReport(page)).toMatchObject({ width: 640, height: 360 });
    await expect
      .poll(async () => (await receiverStats(page)).totalAudioEnergy, { timeout: 15_000 })
      .toBeGreaterThan(0.01);
    expect(await receiverStats(page)).toMatchObject({
      videoCodec: `video/${video.toUpperCase()}`,
      audioCodec: "audio/opus",
    });

    const whep = `${gateway.url}/whep/live/foreign`;
    const player = new GstreamerWebrtc("watch", whep, network, { video });
    cleanup(() => player.stop());
    await expect.poll(() => player.state.video, { timeout: 20_000 }).toBeGreaterThan(60);
    await expect.poll(() => player.state.audio, { timeout: 20_000 }).toBeGreaterThan(50);
    expect(player.state).toMatchObject({ codec: video, size: "640x360" });

    await encoder.stop();
    expect(encoder.state).toMatchObject({ trickled: 204, deleted: 200 });
    expect(JSON.stringify(gateway.log)).not.toContain(token);
  });
}

test("an encoder that crashed has its stream back at once; another one's token does not get it", async ({
  cleanup,
}) => {
  const { network, gateway } = await openPlace(cleanup);
  const [mine, theirs] = tokens;
  const whip = `${gateway.url}/whip/live/crash`;
  const first = new GstreamerWebrtc("publish", whip, network, { token: mine });
  cleanup(() => first.crash());
  await publishes(first);
  const whep = `${gateway.url}/whep/live/crash`;
  const player = new GstreamerWebrtc("watch", whep, network);
  cleanup(() => player.stop());
  await expect.poll(() => player.state.video, { timeout: 20_000 }).toBeGreaterThan(30);

  await first.crash();
  const stranger = new GstreamerWebrtc("publish", whip, network, { token: theirs });
  cleanup(() => stranger.stop());
  await expect.poll(() => stranger.state.answered, { timeout: 20_000 }).toBe(409);

  const second = new GstreamerWebrtc("publish", whip, network, { token: mine });
  cleanup(() => second.stop());
  await publishes(second);
  const seen = player.state.video;
  await expect.poll(() => player.state.video, { timeout: 20_000 }).toBeGreaterThan(seen + 30);
  expect(player.state.connection).toBe("connected");
});
