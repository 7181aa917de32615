import { writeNack, writePli } from "@millrace/media/rtp";
import { expect, test } from "vitest";
import { maxRtcpPerSecond } from "../limits.ts";
import { SrtpSender } from "../srtp/index.ts";
import { TestStream, testKeys, videoMedia } from "./test-rig.ts";
import { ViewerEgress } from "./viewer-egress.ts";

test("a viewer that floods is heard so often and no more, and heard again later", () => {
  const rig = new TestStream();
  const keys = testKeys();
  let alive = 0;
  const viewer = new ViewerEgress({
    ...{ output: rig.openOutput(), keys, core: rig.core, driver: rig.driver, clock: rig.clock },
    media: [videoMedia()],
    peer: { send() {}, alive: () => void alive++ },
    onBye() {},
    onFailed: (error) => {
      throw error;
    },
    onReport() {},
  });
  const far = new SrtpSender(keys.profile, keys.remote);
  const send = (compound: Uint8Array): void => {
    const out = new Uint8Array(compound.length + far.rtcpOverheadBytes);
    far.sealRtcp(out, 0, compound);
    viewer.datagram(out, rig.clock.nowUs());
  };
  rig.clock.advance(1000);
  for (let i = 0; i < maxRtcpPerSecond + 500; i++) send(writeNack(1, 0x1111, [1, 2, 3]));
  expect(alive).toBe(maxRtcpPerSecond);
  expect(viewer.stats).toMatchObject({ nacks: maxRtcpPerSecond, refused: 500 });
  // Garbage spends of the same.
  for (let i = 0; i < 10; i++) viewer.datagram(new Uint8Array(60).fill(0xc8), rig.clock.nowUs());
  rig.clock.advance(1000);
  send(writePli(1, 0x1111));
  expect(viewer.stats.keyRequests).toBe(1);
  viewer.close();
});
