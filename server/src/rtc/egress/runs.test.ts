import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../../core/index.ts";
import { DEFAULT_RTC_LIMITS } from "../limits.ts";
import { createCounters } from "../net/counters.ts";
import { UdpSocket } from "../net/udp-socket.ts";
import type { SrtpProfile } from "../peer.ts";
import type { EgressLink } from "./core.ts";
import { FrameHistory } from "./frame-history.ts";
import { MediaSender } from "./media-sender.ts";
import { batchEntries, maxPlainBytes } from "./native-batch.ts";
import { NativeEgressCore } from "./native-core.ts";
import { loadNative, type NativeModule } from "./native-module.ts";
import { NodeEgressCore } from "./node-core.ts";
import type { RtpFrame } from "./rtp-frame.ts";
import { Inbox } from "./test-inbox.ts";
import { testKeys, videoMedia } from "./test-rig.ts";

const native = loadNative();
const profiles: readonly SrtpProfile[] = ["AEAD_AES_128_GCM", "AES_CM_128_HMAC_SHA1_80"];

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Sequence numbers wrap within the first frames. */
function openSender(link: EgressLink): MediaSender {
  return new MediaSender(videoMedia(), link, { sequence: 65_530, rtxSequence: 9, rtpTime: 4e9 });
}

function push(
  history: FrameHistory,
  payloads: readonly Uint8Array[],
  { timed = false, complete = true } = {},
): RtpFrame {
  const number = history.next;
  return history.push(
    {
      ...{ codec: "h264", key: timed, reference: true, payloads, timed, lostBefore: 0 },
      ...{ ptsUs: number * 33_333, arrivedUs: number * 33_333, ticks: number * 3000 },
      captured: { seconds: 1, fraction: 2 },
    },
    complete,
  );
}

const payloadsOf = (count: number, bytes: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => new Uint8Array(bytes).map((_, at) => at * 31 + i));

/** Frames of all kinds; returns how many packets they are. */
function sendFrames(sender: MediaSender, flush: () => void): number {
  const history = new FrameHistory();
  const whole = (frame: RtpFrame, mark = true): void => {
    const bytes = sender.whole(frame, history, frame.ticks, mark, frame.timed);
    expect(bytes).toBeGreaterThan(0);
  };
  whole(push(history, payloadsOf(4, 1100), { timed: true }));
  whole(push(history, payloadsOf(9, 900)));
  whole(push(history, payloadsOf(1, 10), { timed: true }));
  whole(push(history, payloadsOf(2, 300)), false);
  whole(push(history, payloadsOf(3, maxPlainBytes)));
  const growing = payloadsOf(2, 500);
  const frame = push(history, growing, { timed: true, complete: false });
  sender.begin(frame, history, frame.ticks, true, true);
  sender.run(0, 2);
  growing.push(...payloadsOf(3, 400));
  history.grow(true);
  sender.run(2, 4);
  sender.run(4, 99);
  expect(sender.run(5, 5)).toBe(0);
  flush();
  // More than one batch takes.
  for (let i = 0; i < batchEntries + 100; i += 20) whole(push(history, payloadsOf(20, 40)));
  flush();
  return sender.packets;
}

describe.runIf(native !== undefined)("packets that are handed over as runs", () => {
  test.each(profiles)("are those that are sent one by one, %s", async (profile) => {
    const expected: string[] = [];
    const node = new NodeEgressCore(systemClock);
    const apart = node.open(testKeys(profile), {
      send: (datagram) => expected.push(Buffer.from(datagram).toString("hex")),
    });
    const reference = openSender(apart);
    const count = sendFrames(reference, () => {});

    const core = new NativeEgressCore({
      ...{ native: native as NativeModule, threads: 1, clock: systemClock },
    });
    closing.push(() => core.close());
    const inbox = await Inbox.open("127.0.0.1");
    closing.push(() => inbox.close());
    const socket = await UdpSocket.open({
      ...DEFAULT_RTC_LIMITS,
      ...{ family: 4, host: "127.0.0.1", port: 0, bind: native?.udpSocket },
      counters: createCounters(),
      receive: () => {},
      error: (error) => {
        throw error;
      },
    });
    closing.push(() => socket.close());
    const { address, port } = inbox;
    const sender = openSender(
      core.open(testKeys(profile), {
        path: { address, port, socket },
        send: (datagram) => socket.send(datagram, port, address),
      }),
    );
    expect(sendFrames(sender, () => core.flush())).toBe(count);
    const { packets, octets, wireBytes } = sender;
    expect({ packets, octets, wireBytes }).toEqual({
      ...{ packets: reference.packets, octets: reference.octets, wireBytes: reference.wireBytes },
    });
    // Packets of unusual size go another way, and may overtake.
    const got = (await inbox.take(count)).map((datagram) => datagram.toString("hex"));
    expect([...got].sort()).toEqual([...expected].sort());
  });
});
