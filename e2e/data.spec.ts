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
  await expect
    .poll(() => gateway.log.some((line) => line["code"] === "DATA_MESSAGE_TOO_LARGE"))
    .toBe(true);
  expect(await got(publisher)).toEqual(["a question"]);
});

interface Told {
  readonly label: string;
  readonly data: string | number[];
}

interface ElementWindow extends Window {
  told?: Told[];
}

type DataElement = HTMLElement & {
  send(data: string | Uint8Array<ArrayBuffer>, options?: { label?: string }): boolean;
};

/** Puts an element on the page and writes down what it is told. */
async function place(page: Page, html: string, script: string): Promise<void> {
  await page.evaluate(
    async ({ html, script }) => {
      await import(script);
      const told: Told[] = [];
      (window as ElementWindow).told = told;
      document.body.innerHTML = html;
      document.body.firstElementChild?.addEventListener("data", (event) => {
        const { label, data } = (
          event as CustomEvent<{ label: string; data: string | ArrayBuffer }>
        ).detail;
        told.push({ label, data: typeof data === "string" ? data : [...new Uint8Array(data)] });
      });
    },
    { html, script },
  );
}

function toldTo(page: Page): Promise<readonly Told[]> {
  return page.evaluate(() => (window as ElementWindow).told ?? []);
}

/** Sends by the page's element; tells whether it was taken. */
function sendBy(page: Page, message: string | number[], label?: string): Promise<boolean> {
  return page.evaluate(
    ({ message, label }) => {
      const element = document.body.firstElementChild as DataElement;
      const data = typeof message === "string" ? message : new Uint8Array(message);
      return element.send(data, label === undefined ? {} : { label });
    },
    { message, label },
  );
}

test("the elements send to each other: the publisher to every player, a player to the publisher", async ({
  page: studio,
  context,
  gateway,
  cleanup,
}) => {
  const stream = "live/elements";
  await studio.goto(gateway.url);
  await place(
    studio,
    `<millrace-publisher stream="${stream}" data="data score"></millrace-publisher>`,
    "/publisher.js",
  );
  expect(await sendBy(studio, "too early")).toBe(false);
  await studio.evaluate(() =>
    (document.body.firstElementChild as HTMLElement & { start(): Promise<void> }).start(),
  );
  await expect(studio.locator("millrace-publisher")).toHaveJSProperty("state", "live", {
    timeout: 20_000,
  });
  const players: Page[] = [];
  for (const [index, more] of ["data", 'data="mine"', ""].entries()) {
    const player = await context.newPage();
    cleanup(() => player.close());
    await player.goto(gateway.url);
    const address = `src="${gateway.url}/${stream}"`;
    await place(
      player,
      `<millrace-player ${address} ${more} autoplay muted background></millrace-player>`,
      "/player.js",
    );
    await expect(player.locator("millrace-player")).toHaveJSProperty("state", "playing", {
      timeout: 20_000,
    });
    // The publisher's own channels come a moment after the connection.
    if (index < 2) {
      await expect.poll(() => sendBy(player, "here", "score"), { timeout: 10_000 }).toBe(true);
    }
    players.push(player);
  }
  const [first, second, without] = players as [Page, Page, Page];
  const here = { label: "score", data: "here" };
  await expect.poll(() => toldTo(studio)).toEqual([here, here]);

  expect(await sendBy(studio, "grüße")).toBe(true);
  expect(await sendBy(studio, [1, 0, 255], "score")).toBe(true);
  for (const player of [first, second]) {
    await expect.poll(async () => (await toldTo(player)).length, { timeout: 10_000 }).toBe(2);
    expect(await toldTo(player)).toEqual(
      expect.arrayContaining([
        { label: "data", data: "grüße" },
        { label: "score", data: [1, 0, 255] },
      ]),
    );
  }
  expect(await sendBy(first, "a question")).toBe(true);
  await expect
    .poll(async () => (await toldTo(studio)).at(-1))
    .toEqual({
      label: "data",
      data: "a question",
    });
  expect(await sendBy(second, "to nobody", "other")).toBe(false);
  expect(await sendBy(first, "x".repeat(64 * 1024 + 1))).toBe(false);

  // Who did not ask for data has none, and is told none.
  expect(await sendBy(without, "x")).toBe(false);
  expect(await toldTo(without)).toEqual([]);
});
