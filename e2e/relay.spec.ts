import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures.ts";
import { publishWithFfmpeg } from "./peers/encoders.ts";
import { Gateway } from "./peers/gateway.ts";
import {
  blockMediaOnCable,
  forceRelay,
  freeTcpPort,
  HastyRelay,
  iceStates,
  launchForRelay,
  type RelayedStats,
  type RelayProtocol,
  relayedStats,
  TestCertificate,
} from "./peers/relay.ts";
import { keepPeerConnections, peerConnections } from "./peers/viewer.ts";

const protocols = ["udp", "tcp", "tls"] as const;
const small = { width: 320, height: 180, gopSeconds: 1 };
const stepMs = 5_000;

/** One browser page with media that goes through TURN. */
class RelayedPage {
  readonly name: string;
  readonly page: Page;
  readonly protocol: RelayProtocol;
  readonly steps: RelayedStats[] = [];
  /** How many connections the page had made when `steps` begin. */
  #connections = 0;

  private constructor(name: string, page: Page, protocol: RelayProtocol) {
    this.name = name;
    this.page = page;
    this.protocol = protocol;
  }

  static async open(name: string, page: Page, protocol: RelayProtocol): Promise<RelayedPage> {
    await forceRelay(page, protocol);
    await keepPeerConnections(page);
    return new RelayedPage(name, page, protocol);
  }

  /** Resolves when media flows. */
  async flows(): Promise<void> {
    const frames = async () => (await relayedStats(this.page)).frames;
    await expect.poll(frames, { timeout: 60_000, message: this.name }).toBeGreaterThan(10);
  }

  async step(): Promise<void> {
    if (this.steps.length === 0) this.#connections = await peerConnections(this.page);
    this.steps.push(await relayedStats(this.page));
  }

  /** One connection that never stood still and never left its path. Returns figures. */
  async expectSteady(): Promise<string> {
    const relayed = { localCandidate: "relay", relayProtocol: this.protocol };
    for (const step of this.steps) expect(step, this.name).toMatchObject(relayed);
    const counts = this.steps.slice(1).map((step, i) => ({
      frames: step.frames - (this.steps[i]?.frames ?? 0),
      packets: step.packets - (this.steps[i]?.packets ?? 0),
    }));
    for (const [i, { frames, packets }] of counts.entries()) {
      expect(frames, `${this.name}, step ${i}`).toBeGreaterThan(10);
      expect(packets, `${this.name}, step ${i}`).toBeGreaterThan(10);
    }
    const states = await iceStates(this.page);
    expect(states.slice(states.indexOf("connected")), this.name).not.toContain("disconnected");
    expect(states, this.name).not.toContain("failed");
    expect(await peerConnections(this.page), this.name).toBe(this.#connections);
    const last = this.steps.at(-1);
    const least = Math.min(...counts.map(({ frames }) => frames));
    return `${this.name} over ${this.protocol}: ${counts.length} × 5 s, least ${least} frames, ${last?.packets} packets, ${last?.lost} lost, ${last?.roundTripMs.toFixed(1)} ms round trip`;
  }
}

async function watchFor(pages: readonly RelayedPage[], seconds: number): Promise<void> {
  for (const page of pages) await page.flows();
  const untilMs = performance.now() + seconds * 1000;
  for (const page of pages) await page.step();
  while (performance.now() < untilMs) {
    await sleep(stepMs);
    for (const page of pages) await page.step();
  }
}

async function goLive(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.getByRole("button", { name: "Turn on camera and microphone" }).click();
  await page.getByRole("button", { name: "Go live" }).click();
}

/** A gateway whose relay listens for UDP, TCP and TLS. */
async function startGateway(cleanup: (step: () => Promise<unknown>) => void): Promise<Gateway> {
  const certificate = new TestCertificate();
  cleanup(async () => certificate.remove());
  const gateway = await Gateway.start({
    flags: [
      ...["--turn-tls-port", String(await freeTcpPort()), "--turn-public-hosts", "127.0.0.1"],
      ...["--turn-cert", certificate.certFile, "--turn-key", certificate.keyFile],
      ...["--auth-publish-without-token", "anybody"],
    ],
  });
  cleanup(() => gateway.stop());
  return gateway;
}

test("relayed by the gateway's own relay: players over UDP, TCP and TLS", async ({ cleanup }) => {
  const gateway = await startGateway(cleanup);
  const browser = await launchForRelay();
  cleanup(() => browser.close());
  const studio = await RelayedPage.open("publisher", await browser.newPage(), "udp");
  await goLive(studio.page, `${gateway.url}/publish/live/relayed`);
  await studio.flows();
  const pages = [studio];
  for (const protocol of protocols) {
    const page = await RelayedPage.open("player", await browser.newPage(), protocol);
    await page.page.goto(`${gateway.url}/live/relayed`);
    pages.push(page);
  }
  await watchFor(pages, 15);
  for (const page of pages) {
    test.info().annotations.push({ type: "figures", description: await page.expectSteady() });
  }
});

for (const protocol of ["tcp", "tls"] as const) {
  test(`somebody publishes through the gateway's own relay over ${protocol}`, async ({
    cleanup,
  }) => {
    const gateway = await startGateway(cleanup);
    const browser = await launchForRelay();
    cleanup(() => browser.close());
    const studio = await RelayedPage.open("publisher", await browser.newPage(), protocol);
    await goLive(studio.page, `${gateway.url}/publish/live/relayed`);
    await watchFor([studio], 15);
    test.info().annotations.push({ type: "figures", description: await studio.expectSteady() });
  });
}

// Chromium renews channels and permissions every four minutes, whatever the server says; allocations, at half of their life.
test("relayed for longer than allocations, permissions and channels live: nobody notices", async ({
  cleanup,
}) => {
  const lifetimeSeconds = 20;
  const rebindSeconds = 250;
  const watchSeconds = Number(process.env["RELAY_SECONDS"] ?? rebindSeconds + 15);
  test.setTimeout((watchSeconds + 180) * 1000);
  const certificate = new TestCertificate();
  cleanup(async () => certificate.remove());
  const relay = await HastyRelay.start(certificate, lifetimeSeconds, rebindSeconds);
  cleanup(() => relay.close());
  // Secrets are no flags. The gateway inherits what is set here.
  process.env["MILLRACE_RTC_TURN_SECRET"] = relay.secret;
  const gateway = await Gateway.start({
    flags: [
      ...["--no-turn-enabled", "--rtc-turn-urls", relay.urls.join(",")],
      ...["--auth-publish-without-token", "anybody"],
    ],
  });
  delete process.env["MILLRACE_RTC_TURN_SECRET"];
  cleanup(() => gateway.stop());
  const browser = await launchForRelay();
  cleanup(() => browser.close());
  const studio = await RelayedPage.open("publisher", await browser.newPage(), "udp");
  await goLive(studio.page, `${gateway.url}/publish/live/steady`);
  await studio.flows();
  const pages = [studio];
  for (const protocol of protocols) {
    const page = await RelayedPage.open("player", await browser.newPage(), protocol);
    await page.page.goto(`${gateway.url}/live/steady`);
    pages.push(page);
  }
  await watchFor(pages, watchSeconds);
  for (const page of pages) {
    test.info().annotations.push({ type: "figures", description: await page.expectSteady() });
  }
  test.info().annotations.push({
    type: "figures",
    description: `refreshes ${JSON.stringify(relay.refreshes)}; ${relay.complaints.join(", ") || "nothing refused or released"}`,
  });
  expect(relay.complaints).toEqual([]);
  for (const protocol of protocols) expect(relay.refreshes[protocol]).toBeGreaterThanOrEqual(3);
});

test("media is blocked but for TURN over TCP: the page plays by it, without being told", async ({
  hosts,
  cleanup,
}) => {
  const { network, gateway } = hosts;
  const encoder = publishWithFfmpeg(`${gateway.rtmpUrl}/walled`, small, network);
  cleanup(() => encoder.stop());
  blockMediaOnCable(network, gateway.ports.rtc);
  const page = await hosts.page("far");
  const startMs = performance.now();
  await page.goto(`${gateway.url}/live/walled`);
  const path = async () => {
    const { localCandidate, relayProtocol, frames } = await relayedStats(page);
    return frames > 30 ? `${localCandidate} ${relayProtocol}` : "";
  };
  await expect.poll(path, { timeout: 60_000 }).toBe("relay tcp");
  const playingMs = performance.now() - startMs;
  const steps: RelayedStats[] = [await relayedStats(page)];
  for (let i = 0; i < 3; i++) {
    await sleep(stepMs);
    steps.push(await relayedStats(page));
    expect((steps[i + 1]?.frames ?? 0) - (steps[i]?.frames ?? 0)).toBeGreaterThan(50);
  }
  const transport = await page.evaluate(
    () => (document.querySelector("millrace-player") as { transport?: string } | null)?.transport,
  );
  test.info().annotations.push({
    type: "figures",
    description: `${transport} by TURN over TCP after ${playingMs.toFixed(0)} ms, ${steps.at(-1)?.lost} packets lost, ${steps.at(-1)?.roundTripMs.toFixed(1)} ms round trip`,
  });
  expect(transport).toMatch(/^webrtc/);
});
