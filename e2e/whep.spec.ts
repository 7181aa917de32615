import { expect, test } from "./fixtures.ts";
import { publishWithFfmpeg } from "./peers/encoders.ts";
import { Gateway } from "./peers/gateway.ts";
import { GstreamerWebrtc, hasGstreamerWebrtc } from "./peers/gstreamer-webrtc.ts";
import { canMakeNetworks, TestNetwork } from "./peers/network.ts";

test.skip(
  () => !process.env["CI"] && !(canMakeNetworks() && hasGstreamerWebrtc()),
  "GStreamer's webrtcbin with its Python bindings, or network namespaces are missing here",
);

test("a player that is no browser watches an RTMP stream by WHEP, with sound", async ({
  cleanup,
}) => {
  const network = new TestNetwork();
  cleanup(async () => network.close());
  const gateway = await Gateway.start({
    network,
    flags: ["--auth-play-tokens", "may-i-watch-this", "--auth-publish-without-token", "anybody"],
  });
  cleanup(() => gateway.stop());
  const picture = { profile: "baseline", width: 640, height: 360 } as const;
  const encoder = publishWithFfmpeg(`${gateway.rtmpUrl}/foreign`, picture, network);
  cleanup(() => encoder.stop());
  await expect.poll(() => isLive(gateway, "live/foreign"), { timeout: 20_000 }).toBe(true);

  const stranger = new GstreamerWebrtc("watch", `${gateway.url}/whep/live/foreign`, network);
  cleanup(() => stranger.stop());
  await expect.poll(() => stranger.state.answered, { timeout: 15_000 }).toBe(401);

  const url = `${gateway.url}/whep/live/foreign`;
  const player = new GstreamerWebrtc("watch", url, network, { token: "may-i-watch-this" });
  cleanup(() => player.stop());
  await expect.poll(() => player.state.connection, { timeout: 15_000 }).toBe("connected");
  await expect.poll(() => player.state.video, { timeout: 20_000 }).toBeGreaterThan(60);
  await expect.poll(() => player.state.audio, { timeout: 20_000 }).toBeGreaterThan(50);
  expect(player.state).toMatchObject({
    answered: 201,
    trickled: 204,
    codec: "h264",
    size: "640x360",
  });
  await player.stop();
  expect(player.state.deleted).toBe(200);
  // Lines of the log are written together, some milliseconds later.
  await expect
    .poll(() =>
      gateway.log.some((line) => line.msg === "viewer left" && line["transport"] === "whep"),
    )
    .toBe(true);
});

/** The API is open to the gateway's own host only, so that the log tells. */
function isLive(gateway: Gateway, stream: string): boolean {
  return gateway.log.some((line) => line["stream"] === stream && line["state"] === "live");
}
