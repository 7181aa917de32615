import { beforeEach, expect, test } from "vitest";
import type { BeaconReport } from "./beacon.ts";
import { BeaconSender, type BeaconSenderOptions, beaconEveryMs } from "./beacon-sender.ts";
import { FakeScheduler, settle } from "./fake-scheduler.ts";
import { noStats } from "./stats-delta.ts";

interface Sent {
  readonly url: string;
  readonly body: { reports: { playedSeconds: number }[]; client?: string; stream: string };
  readonly leaving: boolean;
}

let scheduler: FakeScheduler;
let sent: Sent[];
let counted: number;
let answers: (() => Promise<boolean>)[];

beforeEach(() => {
  scheduler = new FakeScheduler();
  sent = [];
  counted = 0;
  answers = [];
});

function report(playedSeconds: number): BeaconReport {
  return {
    transport: "webrtc",
    freezes: 0,
    frozenSeconds: 0,
    playedSeconds,
    framesDropped: 0,
    framesShown: 0,
    switches: [],
  };
}

function sender(change: Partial<BeaconSenderOptions> = {}): BeaconSender {
  let turn = 0;
  return new BeaconSender({
    scheduler,
    address: () => ({ url: "https://mill/api/v1/beacons", stream: "live/cam", client: "c" }),
    session: () => "s",
    take: () => [report(++turn)],
    stats: async () => ({ transport: "webrtc", media: noStats }),
    counted: () => void counted++,
    post: async (url, body, leaving) => {
      sent.push({ url, body: JSON.parse(body), leaving });
      return (await answers.shift()?.()) ?? true;
    },
    ...change,
  });
}

const told = (): number[][] =>
  sent.map(({ body }) => body.reports.map(({ playedSeconds }) => playedSeconds));

test("it is told every ten seconds, and at the end", async () => {
  const beacons = sender();
  beacons.start();
  beacons.start();
  await scheduler.advance(beaconEveryMs - 1);
  expect(sent).toEqual([]);
  await scheduler.advance(1 + beaconEveryMs);
  expect(told()).toEqual([[1], [2]]);
  expect(counted).toBe(2);
  expect(sent[0]?.body).toMatchObject({ client: "c", stream: "live/cam", session: "s" });
  beacons.stop();
  await settle();
  expect(sent.map(({ leaving }) => leaving)).toEqual([false, false, true]);
  await scheduler.advance(5 * beaconEveryMs);
  expect(sent).toHaveLength(3);
  expect(scheduler.pending).toBe(0);
});

test("what could not be sent is told the next time", async () => {
  const beacons = sender();
  answers = [async () => false, () => Promise.reject(new Error("offline"))];
  beacons.start();
  await scheduler.advance(3 * beaconEveryMs);
  expect(told()).toEqual([[1], [1, 2], [1, 2, 3]]);
  await scheduler.advance(beaconEveryMs);
  expect(told().at(-1)).toEqual([4]);
  beacons.stop();
});

test("not more is kept than the server takes", async () => {
  const beacons = sender({
    post: async (url, body, leaving) => {
      sent.push({ url, body: JSON.parse(body), leaving });
      return false;
    },
  });
  beacons.start();
  await scheduler.advance(20 * beaconEveryMs);
  expect(told().at(-1)).toEqual([13, 14, 15, 16, 17, 18, 19, 20]);
  beacons.stop();
});

test("what was not sent is not told of the next stream", async () => {
  const beacons = sender();
  answers = [async () => false, async () => false];
  beacons.start();
  await scheduler.advance(beaconEveryMs);
  beacons.stop();
  await settle();
  beacons.start();
  await scheduler.advance(beaconEveryMs);
  expect(told().at(-1)).toEqual([3]);
  beacons.stop();
});

test("nothing is sent where nobody is to be told, or when there is nothing", async () => {
  const off = sender({ address: () => undefined });
  const empty = sender({ take: () => [] });
  for (const beacons of [off, empty]) {
    beacons.start();
    await scheduler.advance(beaconEveryMs);
    beacons.stop();
  }
  await settle();
  expect(sent).toEqual([]);
});

test("figures that the browser does not give keep nothing back", async () => {
  const beacons = sender({ stats: () => Promise.reject(new Error("InvalidStateError")) });
  beacons.start();
  await scheduler.advance(beaconEveryMs);
  expect(told()).toEqual([[1]]);
  beacons.stop();
});
