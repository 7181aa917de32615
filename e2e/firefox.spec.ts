import { expect, test } from "./fixtures.ts";
import { publishByWhip } from "./peers/browser-publisher.ts";
import { Firefox, hasFirefox } from "./peers/firefox.ts";
import type { Hosts } from "./peers/hosts.ts";
import { receiverStats, waitForPictures, watchPictures, watchReport } from "./peers/viewer.ts";

test.skip(() => !process.env["CI"] && !hasFirefox(), "firefox-esr cannot be had here");

/** Firefox leaves loopback out of ICE, so it is on the far host. */
async function startFirefox(
  hosts: Hosts,
  cleanup: (step: () => Promise<unknown>) => void,
): Promise<Firefox> {
  const firefox = await Firefox.start(hosts.network);
  cleanup(() => firefox.close());
  return firefox;
}

interface Sent {
  readonly codec: string;
  readonly frames: number;
  readonly state: string;
}

interface FirefoxWindow extends Window {
  peer?: RTCPeerConnection;
}

test("Firefox publishes VP8, Chromium watches", async ({ hosts, cleanup }) => {
  const { gateway } = hosts;
  const firefox = await startFirefox(hosts, cleanup);
  const page = await hosts.page("near");
  await firefox.goto(gateway.url);
  await firefox.evaluate(async (endpoint) => {
    const media = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });
    const peer = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    const [video] = media.getVideoTracks();
    const [audio] = media.getAudioTracks();
    if (video === undefined || audio === undefined) throw new Error("no camera or microphone");
    const transceiver = peer.addTransceiver(video, { direction: "sendonly", streams: [media] });
    peer.addTransceiver(audio, { direction: "sendonly", streams: [media] });
    const codecs = RTCRtpSender.getCapabilities("video")?.codecs ?? [];
    transceiver.setCodecPreferences(codecs.filter(({ mimeType }) => /vp8|rtx/i.test(mimeType)));
    await peer.setLocalDescription();
    // Firefox gathers at once; waiting for it is what a WHIP client without trickle does.
    if (peer.iceGatheringState !== "complete") {
      await new Promise<void>((resolve) => {
        peer.addEventListener("icegatheringstatechange", () => {
          if (peer.iceGatheringState === "complete") resolve();
        });
      });
    }
    const response = await fetch(endpoint, {
      method: "POST",
      headers: { "content-type": "application/sdp" },
      body: peer.localDescription?.sdp ?? "",
    });
    if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
    await peer.setRemoteDescription({ type: "answer", sdp: await response.text() });
    (window as FirefoxWindow).peer = peer;
  }, `${gateway.url}/whip/live/firefox`);

  await page.goto(`${gateway.url}/live/firefox`);
  await watchPictures(page);
  await waitForPictures(page, 90);
  const received = await receiverStats(page);
  expect(received.videoCodec).toBe("video/VP8");
  expect(received.totalAudioEnergy).toBeGreaterThan(0);
  const sent = await firefox.evaluate(async (): Promise<Sent> => {
    const peer = (window as FirefoxWindow).peer;
    const sent: Sent = { codec: "", frames: 0, state: peer?.connectionState ?? "" };
    for (const report of (await peer?.getStats())?.values() ?? []) {
      if (report.type !== "outbound-rtp" || report.kind !== "video") continue;
      return { ...sent, frames: report.framesEncoded };
    }
    return sent;
  }, undefined);
  const report = await watchReport(page);
  test.info().annotations.push({
    type: "figures",
    description: `${report.width} wide; ${sent.frames} pictures encoded, ${received.framesDecoded} decoded, ${received.packetsLost} packets lost, longest gap ${report.longestGapMs.toFixed(0)} ms`,
  });
  expect(sent.state).toBe("connected");
});

test("Chromium publishes VP8, Firefox watches the page with sound", async ({ hosts, cleanup }) => {
  const { gateway } = hosts;
  const firefox = await startFirefox(hosts, cleanup);
  const camera = await hosts.page("near");
  await camera.goto(gateway.url);
  await publishByWhip(camera, `${gateway.url}/whip/live/for-firefox`, {
    codec: "VP8",
    width: 320,
    height: 180,
  });
  await firefox.goto(`${gateway.url}/live/for-firefox`);
  const watched = await firefox.evaluate(async () => {
    await customElements.whenDefined("millrace-player");
    const player = document.querySelector("millrace-player");
    const video = player?.shadowRoot?.querySelector("video");
    if (!video) throw new Error("the page has no video");
    const startedMs = performance.now();
    let frames = 0;
    await new Promise<void>((resolve, reject) => {
      const onFrame = () => {
        frames++;
        if (frames >= 60) resolve();
        else video.requestVideoFrameCallback(onFrame);
      };
      video.requestVideoFrameCallback(onFrame);
      setTimeout(() => reject(new Error(`${frames} pictures, then none`)), 50_000);
    });
    return {
      width: video.videoWidth,
      tookMs: performance.now() - startedMs,
      state: (player as Element & { state?: string }).state,
      sound: video.srcObject instanceof MediaStream && video.srcObject.getAudioTracks().length,
    };
  }, undefined);
  test.info().annotations.push({
    type: "figures",
    description: `60 pictures in ${watched.tookMs.toFixed(0)} ms`,
  });
  expect(watched).toMatchObject({ width: 320, state: "playing", sound: 1 });
});
