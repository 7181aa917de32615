import { afterEach, expect, test } from "vitest";
import { type ActivityObserver, silentLog, systemClock } from "../../core/index.ts";
import { audioInfo, frameAt, videoInfo } from "../../core/test-frames.ts";
import { feed, Received, TestDoor } from "../door/test-door.ts";
import { loadNativeSend, type NativeSend } from "./fan-out.ts";
import { createFlvOutput } from "./flv-output.ts";

let door: TestDoor | undefined;
afterEach(async () => {
  await door?.close();
  door = undefined;
});

const requests = {
  "http-flv": "GET /live/cam.flv HTTP/1.1\r\nHost: x\r\n\r\n",
  "ws-flv": [
    "GET /live/cam.flv HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
  ].join("\r\n"),
} as const;
type Way = keyof typeof requests;
const ways = ["http-flv", "ws-flv"] as const;
const fanOuts: readonly [string, NativeSend | undefined][] = [
  ["the native fan-out", loadNativeSend(silentLog)],
  ["none", undefined],
];

async function open(nativeSend: NativeSend | undefined): Promise<{
  readonly at: TestDoor;
  readonly begun: string[];
}> {
  const limits = { trackGraceMs: 0 };
  const output = createFlvOutput({ clock: systemClock, log: silentLog, limits, nativeSend });
  door = await new TestDoor({ outputs: [output] }).listen();
  const begun: string[] = [];
  const observer: ActivityObserver = {
    mediaStarted: (_, { info }) => void begun.push(info.transport),
  };
  door.registry.watch(observer);
  return { at: door, begun };
}

async function watch(at: TestDoor, way: Way): Promise<Received> {
  const received = new Received(await at.raw(requests[way]));
  // FLV's own head has come.
  await received.until((all) => all.bytes.includes("onMetaData"));
  return received;
}

test.each(fanOuts.flatMap(([name, send]) => ways.map((way) => [way, name, send] as const)))(
  "over %s with %s nobody has media before the first frame is sent, and then once",
  async (way, _, send) => {
    const { at, begun } = await open(send);
    const publisher = at.publish("live/cam", videoInfo(), audioInfo());
    const first = await watch(at, way);
    expect(begun).toEqual([]);
    feed(publisher, "video", [frameAt(0, { key: true, size: 5000 })]);
    await first.until((all) => all.bytes.length > 5000);
    expect(begun).toEqual([way]);
    feed(publisher, "video", [frameAt(40, { size: 5000 }), frameAt(80, { key: true, size: 5000 })]);
    await first.until((all) => all.bytes.length > 15_000);
    expect(begun).toEqual([way]);
  },
);

test.each(fanOuts.flatMap(([name, send]) => ways.map((way) => [way, name, send] as const)))(
  "over %s with %s who opens the channel of a running stream has media at once, and so has who follows",
  async (way, _, send) => {
    const { at, begun } = await open(send);
    const publisher = at.publish("live/cam", videoInfo(), audioInfo());
    feed(publisher, "video", [frameAt(0, { key: true, size: 5000 })]);
    feed(publisher, "audio", [frameAt(10, { key: true, size: 20 })]);
    for (const expected of [[way], [way, way]]) {
      const received = await watch(at, way);
      await received.until((all) => all.bytes.length > 5000);
      expect(begun).toEqual(expected);
    }
  },
);
