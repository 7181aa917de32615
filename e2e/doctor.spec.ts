import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Page } from "@playwright/test";
import { expect, test } from "./fixtures.ts";
import { publishWithFfmpeg } from "./peers/encoders.ts";
import { Gateway } from "./peers/gateway.ts";
import { canMakeNetworks, TestNetwork } from "./peers/network.ts";
import { Peer } from "./peers/process.ts";
import { FaultyProxy } from "./peers/proxy.ts";

interface Report {
  readonly page: string;
  readonly stream?: string;
  readonly userAgent: string;
  readonly summary: string;
  readonly checks: readonly {
    readonly id: string;
    readonly status: string;
    readonly code: string;
    readonly fix: string;
    readonly tookMs?: number;
    readonly details?: Readonly<Record<string, unknown>>;
  }[];
}

/** Waits until all is examined and reads the report that support would get. */
async function examined(page: Page): Promise<Report> {
  await expect(page.getByTestId("verdict")).not.toHaveAttribute("data-status", "busy", {
    timeout: 60_000,
  });
  return JSON.parse(await page.getByTestId("report").inputValue()) as Report;
}

function codes({ checks }: Report): Record<string, string> {
  return Object.fromEntries(checks.map(({ id, status, code }) => [id, `${status} ${code}`]));
}

/** What is in the report of a good way, but for what depends on the place. */
const allWell = {
  "webrtc-udp": "ok OK",
  "webrtc-tcp": "ok OK",
  "announced-addresses": "ok OK",
  http: "ok OK",
  "signaling-websocket": "ok OK",
  "signaling-polling": "ok OK",
  events: "ok OK",
  "proxy-buffering": "ok OK",
  "page-address": "ok OK",
  "server-clock": "ok OK",
  "codecs-webrtc": "ok OK",
  mse: "ok OK",
  "codecs-mse": "ok OK",
  autoplay: "ok OK",
  sound: "ok OK",
};

/** Without the server's own relay, which would be one more way. */
const withoutRelay = ["--turn-enabled=false"];

function describeTimes({ checks }: Report): string {
  return checks.flatMap(({ id, tookMs }) => (tookMs ? [`${id} ${tookMs} ms`] : [])).join(", ");
}

test("everything is well: all findings are green, without any stream", async ({
  page,
  gateway,
}) => {
  await page.goto(gateway.url);
  await page.getByTestId("examine").click();
  await expect(page).toHaveURL(`${gateway.url}/doctor`);
  const report = await examined(page);
  const { turn, ...others } = codes(report);
  expect(others).toEqual({ ...allWell, tls: "ok OK" });
  // The server's own relay, where there is one.
  expect(turn).toMatch(/^(ok OK|skipped DOCTOR_NO_TURN)$/);
  await expect(page.getByTestId("summary")).toHaveText("Everything is well.");
  await expect(page.getByTestId("todo")).toBeHidden();
  await expect(page.getByTestId("check-webrtc-udp")).toHaveAttribute("data-status", "ok");
  expect(report.userAgent).toContain("Chrome");
  test.info().annotations.push({ type: "figures", description: describeTimes(report) });
});

test("a real stream is played too, and the report holds no token", async ({
  page,
  context,
  gateway,
  cleanup,
}) => {
  const encoder = publishWithFfmpeg(`${gateway.rtmpUrl}/examined`, { width: 640, height: 360 });
  cleanup(() => encoder.stop());
  await expect
    .poll(
      async () =>
        (await gateway.api<{ streams: { state: string; name: string }[] }>("streams")).streams,
      { timeout: 30_000 },
    )
    .toContainEqual(expect.objectContaining({ name: "live/examined", state: "live" }));
  await page.goto(`${gateway.url}/live/examined?token=NOBODY-SHALL-SEE`);
  await page.getByTestId("examine").click();
  const report = await examined(page);
  expect(codes(report)).toMatchObject({ ...allWell, stream: "ok OK" });
  const stream = report.checks.find(({ id }) => id === "stream");
  expect(stream?.details).toMatchObject({ transport: "webrtc", codecs: ["h264", "aac"] });
  expect(stream?.details?.["pictures"]).toBeGreaterThan(60);
  expect(page.url()).toBe(`${gateway.url}/doctor?stream=live/examined`);
  expect(report).toMatchObject({ page: `${gateway.url}/doctor`, stream: "live/examined" });
  expect(await page.content()).not.toContain("NOBODY-SHALL-SEE");
  expect(JSON.stringify(report)).not.toContain("NOBODY-SHALL-SEE");

  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByTestId("copy").click();
  await expect(page.getByTestId("copy")).toHaveText("Copied");
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(JSON.parse(copied)).toEqual(report);
  const downloading = page.waitForEvent("download");
  await page.getByTestId("download").click();
  const download = await downloading;
  expect(download.suggestedFilename()).toMatch(/^millrace-doctor-[\d-]{10}T[\d-]{8}Z\.json$/);
  expect(JSON.parse(readFileSync(await download.path(), "utf8"))).toEqual(report);
});

test("a stream that nobody publishes, and one more look at another", async ({ page, gateway }) => {
  await page.goto(`${gateway.url}/doctor?stream=live/nobody`);
  expect(codes(await examined(page))["stream"]).toBe("skipped DOCTOR_STREAM_OFFLINE");
  await page.getByTestId("stream-input").fill("");
  await page.getByTestId("again").click();
  await expect(page.getByTestId("verdict")).toHaveAttribute("data-status", "busy");
  expect(codes(await examined(page))).not.toHaveProperty("stream");
  expect(page.url()).toBe(`${gateway.url}/doctor`);
});

test("a proxy without WebSocket that holds answers back: one code and one fix each", async ({
  page,
  gateway,
  cleanup,
}) => {
  const proxy = await FaultyProxy.start(gateway.url, { blockWebSocket: true, holdStreams: true });
  cleanup(() => proxy.close());
  await page.goto(`${proxy.url}/doctor`);
  const report = await examined(page);
  expect(codes(report)).toMatchObject({
    ...allWell,
    "signaling-websocket": "warn DOCTOR_WEBSOCKET_BLOCKED",
    events: "fail DOCTOR_PROXY_BUFFERS",
    "proxy-buffering": "fail DOCTOR_PROXY_BUFFERS",
  });
  expect(report.summary).toBe("1 fault, 1 warning.");
  await expect(page.getByTestId("todo-list").locator("li")).toHaveCount(2);
  await expect(page.getByTestId("todo-DOCTOR_PROXY_BUFFERS")).toContainText("proxy_buffering off");
  await expect(page.getByTestId("todo-DOCTOR_WEBSOCKET_BLOCKED")).toContainText("Upgrade");
});

test("UDP is blocked, then all media: the codes say which", async ({ cleanup }) => {
  test.skip(!process.env["CI"] && !canMakeNetworks(), "network namespaces cannot be made here");
  const network = new TestNetwork();
  cleanup(async () => network.close());
  const gateway = await Gateway.start({ network, flags: withoutRelay });
  cleanup(() => gateway.stop());
  const page = await pageOn(network, cleanup);
  network.blockUdp();
  await page.goto(`${gateway.url}/doctor`);
  const report = await examined(page);
  const plain = { ...allWell, tls: "warn DOCTOR_TLS_MISSING" };
  expect(codes(report)).toMatchObject({
    ...plain,
    "webrtc-udp": "warn DOCTOR_MEDIA_UDP_BLOCKED",
  });
  const { rtc } = gateway.ports;
  await expect(page.getByTestId("todo-DOCTOR_MEDIA_UDP_BLOCKED")).toContainText(`UDP port ${rtc}`);
  network.blockMedia(rtc);
  await page.getByTestId("again").click();
  await expect(page.getByTestId("verdict")).toHaveAttribute("data-status", "busy");
  expect(codes(await examined(page))).toMatchObject({
    ...plain,
    "webrtc-udp": "fail DOCTOR_MEDIA_UNREACHABLE",
    "webrtc-tcp": "fail DOCTOR_MEDIA_UNREACHABLE",
    "announced-addresses": "skipped DOCTOR_NOT_KNOWN",
  });
});

test("addresses that only the server itself reaches are named as the fault", async ({
  cleanup,
}) => {
  test.skip(!process.env["CI"] && !canMakeNetworks(), "network namespaces cannot be made here");
  const network = new TestNetwork();
  cleanup(async () => network.close());
  const flags = ["--rtc-announced-ips", "127.0.0.1", ...withoutRelay];
  const gateway = await Gateway.start({ network, flags });
  cleanup(() => gateway.stop());
  const page = await pageOn(network, cleanup);
  await page.goto(`${gateway.url}/doctor`);
  const report = await examined(page);
  expect(codes(report)).toMatchObject({
    "webrtc-udp": "fail DOCTOR_ADDRESS_WRONG",
    "webrtc-tcp": "fail DOCTOR_ADDRESS_WRONG",
    "announced-addresses": "fail DOCTOR_ADDRESS_WRONG",
  });
  await expect(page.getByTestId("todo-DOCTOR_ADDRESS_WRONG")).toContainText("rtc.announcedIps");
});

test("a TURN relay that works, that takes no credentials, that is gone", async ({ cleanup }) => {
  test.skip(!process.env["CI"] && !canMakeNetworks(), "network namespaces cannot be made here");
  const network = new TestNetwork();
  cleanup(async () => network.close());
  const secret = "a secret of both servers";
  const url = `turn:${network.serverAddress}:3478?transport=udp`;
  const flags = ["--rtc-turn-urls", url, "--rtc-turn-secret", secret, ...withoutRelay];
  const gateway = await Gateway.start({ network, flags });
  cleanup(() => gateway.stop());
  const page = await pageOn(network, cleanup);
  const turnIs = async (): Promise<string | undefined> => {
    await page.goto(`${gateway.url}/doctor`);
    const report = await examined(page);
    // Neither the credentials nor the name that goes with them.
    expect(JSON.stringify(report)).not.toMatch(/"credential"|:doctor"/);
    return codes(report)["turn"];
  };
  const relay = await startCoturn(network, secret, cleanup);
  expect(await turnIs()).toBe("ok OK");
  await relay.stop();
  const other = await startCoturn(network, "another one", cleanup);
  expect(await turnIs()).toBe("warn DOCTOR_TURN_CREDENTIALS");
  await other.stop();
  expect(await turnIs()).toBe("warn DOCTOR_TURN_UNREACHABLE");
});

type Cleanup = (step: () => Promise<unknown>) => void;

/** A page of a browser on the client's host. */
async function pageOn(network: TestNetwork, cleanup: Cleanup): Promise<Page> {
  const browser = await chromium.launch({
    executablePath: network.chromiumOnClient(process.env["CHROMIUM"] ?? "/usr/bin/chromium"),
    args: ["--autoplay-policy=no-user-gesture-required"],
  });
  cleanup(() => browser.close());
  return browser.newPage();
}

/** coturn on the server's host, with the same time-limited credentials as ours. */
async function startCoturn(network: TestNetwork, secret: string, cleanup: Cleanup): Promise<Peer> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-coturn-"));
  const { serverAddress } = network;
  const peer = new Peer(
    ...network.onServer("turnserver", [
      ...["-n", "--no-cli", "--no-tls", "--no-dtls", "--listening-port", "3478"],
      ...["--listening-ip", serverAddress, "--relay-ip", serverAddress],
      ...["--use-auth-secret", "--static-auth-secret", secret, "--realm", "millrace.test"],
      ...["--log-file", "stdout", "--pidfile", join(folder, "pid")],
    ]),
  );
  cleanup(async () => {
    await peer.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  let said = "";
  peer.process.stdout?.on("data", (bytes: Buffer) => {
    said += bytes.toString();
  });
  await expect.poll(() => said, { timeout: 20_000 }).toMatch(/Total General servers/);
  return peer;
}
