import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures.ts";

interface Peer {
  readonly channels: Map<string, RTCDataChannel>;
  readonly got: (string | number[])[];
}

interface DataWindow extends Window {
  peer?: Peer;
}

interface Channel {
  readonly label: string;
  readonly ordered?: boolean;
  readonly maxRetransmits?: number;
}

/** Publishes or watches with data channels as any page does: a peer connection and one POST. */
async function connect(
  page: Page,
  endpoint: string,
  options: { publish: boolean; channels: readonly Channel[] },
): Promise<void> {
  await page.evaluate(
    async ({ endpoint, publish, channels }) => {
      const pc = new RTCPeerConnection();
      const peer: Peer = { channels: new Map(), got: [] };
      const listen = (channel: RTCDataChannel) => {
        channel.binaryType = "arraybuffer";
        peer.channels.set(channel.label, channel);
        channel.addEventListener("message", ({ data }) =>
          peer.got.push(typeof data === "string" ? data : [...new Uint8Array(data)]),
        );
      };
      pc.addEventListener("datachannel", ({ channel }) => listen(channel));
      for (const { label, ...kind } of channels) listen(pc.createDataChannel(label, kind));
      if (publish) {
        const media = await navigator.mediaDevices.getUserMedia({
          video: { width: 320, height: 180, frameRate: 15 },
          audio: true,
        });
        for (const track of media.getTracks()) {
          pc.addTransceiver(track, { direction: "sendonly", streams: [media] });
        }
      } else {
        pc.addTransceiver("video", { direction: "recvonly" });
        pc.addTransceiver("audio", { direction: "recvonly" });
      }
      await pc.setLocalDescription();
      const response = await fetch(endpoint, {
        method: "POST",
        headers: { "content-type": "application/sdp" },
        body: pc.localDescription?.sdp ?? "",
      });
      if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
      await pc.setRemoteDescription({ type: "answer", sdp: await response.text() });
      (window as DataWindow).peer = peer;
    },
    { endpoint, ...options },
  );
}

function send(page: Page, label: string, message: string | number[]): Promise<void> {
  return page.evaluate(
    ({ label, message }) => {
      const channel = (window as DataWindow).peer?.channels.get(label);
      if (typeof message === "string") channel?.send(message);
      else channel?.send(new Uint8Array(message));
    },
    { label, message },
  );
}

function got(page: Page): Promise<(string | number[])[]> {
  return page.evaluate(() => (window as DataWindow).peer?.got ?? []);
}

function stateOf(page: Page, label: string): Promise<string | undefined> {
  return page.evaluate(
    (label) => (window as DataWindow).peer?.channels.get(label)?.readyState,
    label,
  );
}

test("row 42: text and bytes of a publisher reach every viewer, ordered or not; a message too long closes its channel only", async ({
  page: publisher,
  context,
  gateway,
  cleanup,
}) => {
  await publisher.goto(gateway.url);
  await connect(publisher, `${gateway.url}/whip/live/data`, {
    publish: true,
    channels: [{ label: "chat" }, { label: "telemetry", ordered: false, maxRetransmits: 0 }],
  });
  await expect.poll(() => stateOf(publisher, "telemetry")).toBe("open");
  const viewers: Page[] = [];
  for (let i = 0; i < 2; i++) {
    const viewer = await context.newPage();
    cleanup(() => viewer.close());
    await viewer.goto(gateway.url);
    // A browser asks for data channels by opening one; the publisher's come by themselves.
    await connect(viewer, `${gateway.url}/whep/live/data`, {
      publish: false,
      channels: [{ label: i === 0 ? "chat" : "own" }],
    });
    for (const label of ["chat", "telemetry"]) {
      await expect.poll(() => stateOf(viewer, label), { timeout: 20_000 }).toBe("open");
    }
    viewers.push(viewer);
  }

  await send(publisher, "chat", "grüße");
  await send(publisher, "telemetry", [1, 2, 3, 250]);
  await send(publisher, "chat", "x".repeat(60_000));
  for (const viewer of viewers) {
    await expect.poll(async () => (await got(viewer)).length, { timeout: 20_000 }).toBe(3);
    expect(await got(viewer)).toEqual(
      expect.arrayContaining(["grüße", [1, 2, 3, 250], "x".repeat(60_000)]),
    );
  }

  const [first, second] = viewers as [Page, Page];
  await send(first, "chat", "a question");
  await expect.poll(() => got(publisher)).toEqual(["a question"]);
  // It went to the publisher, not around.
  await send(publisher, "chat", "an answer");
  await expect.poll(async () => (await got(second)).at(-1)).toBe("an answer");
  expect(await got(second)).toHaveLength(4);

  await send(first, "chat", "y".repeat(64 * 1024 + 1));
  await expect.poll(() => stateOf(first, "chat")).toBe("closed");
  expect(await stateOf(first, "telemetry")).toBe("open");
  expect(await stateOf(second, "chat")).toBe("open");
  expect(gateway.log.some((line) => line["code"] === "DATA_MESSAGE_TOO_LARGE")).toBe(true);
  expect(await got(publisher)).toEqual(["a question"]);
});
