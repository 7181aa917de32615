import { expect, test } from "./fixtures.ts";
import { publishByWhip } from "./peers/browser-publisher.ts";
import { publishWithFfmpeg } from "./peers/encoders.ts";
import { peerConnections, waitForPictures, watchPictures, watchReport } from "./peers/viewer.ts";

test("a viewer's address changes: the same connection goes on", async ({ hosts, cleanup }) => {
  const { network, gateway } = hosts;
  const encoder = publishWithFfmpeg(
    `${gateway.rtmpUrl}/moving`,
    { width: 640, height: 360 },
    network,
  );
  cleanup(() => encoder.stop());
  const page = await hosts.page("far");
  await page.goto(`${gateway.url}/live/moving`);
  await watchPictures(page);
  await waitForPictures(page, 60);
  const connections = await peerConnections(page);
  network.moveClient();
  await waitForPictures(page, 90, 40_000);
  const { longestGapMs } = await watchReport(page);
  test.info().annotations.push({
    type: "figures",
    description: `longest gap ${longestGapMs.toFixed(0)} ms (aim 3000)`,
  });
  expect(await peerConnections(page)).toBe(connections);
  expect(longestGapMs).toBeLessThan(6000);
});

test("a publisher's address changes: its viewers see the same stream go on", async ({ hosts }) => {
  const { network, gateway } = hosts;
  const camera = await hosts.page("far");
  await camera.goto(`${gateway.url}/publish/live/on-the-road`);
  await camera.getByRole("button", { name: "Turn on camera and microphone" }).click();
  await camera.getByRole("button", { name: "Go live" }).click();
  const page = await hosts.page("near");
  await page.goto(`${gateway.url}/live/on-the-road`);
  await watchPictures(page);
  await waitForPictures(page, 60);
  network.moveClient();
  await waitForPictures(page, 90, 60_000);
  const { longestGapMs } = await watchReport(page);
  test.info().annotations.push({
    type: "figures",
    description: `longest gap ${longestGapMs.toFixed(0)} ms (aim 3000); the viewer made ${await peerConnections(page)} connections`,
  });
  expect(await peerConnections(camera)).toBe(1);
  expect(longestGapMs).toBeLessThan(10_000);
});

test("UDP is blocked: picture and sound come over TCP, on the same port number", async ({
  hosts,
}) => {
  const { network, gateway } = hosts;
  network.blockUdp();
  const camera = await hosts.page("near");
  await camera.goto(gateway.url);
  await publishByWhip(camera, `${gateway.url}/whip/live/tcp-only`, { width: 640, height: 360 });
  const page = await hosts.page("far");
  await page.goto(`${gateway.url}/live/tcp-only`);
  await watchPictures(page);
  await waitForPictures(page, 90);
  const protocol = await page.evaluate(async () => {
    const peers = (window as Window & { millracePeers?: RTCPeerConnection[] }).millracePeers ?? [];
    // biome-ignore lint/suspicious/noExplicitAny: the fields of a report depend on its type.
    const stats = (await peers.at(-1)?.getStats()) as any;
    // biome-ignore lint/suspicious/noExplicitAny: the same.
    const transport = [...stats.values()].find((report: any) => report.type === "transport");
    const pair = stats.get(transport.selectedCandidatePairId);
    return stats.get(pair.remoteCandidateId).protocol as string;
  });
  expect(protocol).toBe("tcp");
});
