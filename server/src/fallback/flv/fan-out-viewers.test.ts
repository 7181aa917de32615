import { afterEach, expect, test } from "vitest";
import { silentLog, systemClock } from "../../core/index.ts";
import { audioInfo, frameAt, videoInfo } from "../../core/test-frames.ts";
import { feed, Received, TestDoor } from "../door/test-door.ts";
import { loadNativeSend, type NativeSend } from "./fan-out.ts";
import { createFlvOutput } from "./flv-output.ts";
import { dechunk, messagesOf, parseFlv, splitAnswer } from "./test-flv.ts";

let door: TestDoor | undefined;
afterEach(async () => {
  await door?.close();
  door = undefined;
});

const requests = {
  chunked: "GET /live/cam.flv HTTP/1.1\r\nHost: x\r\n\r\n",
  raw: "GET /live/cam.flv HTTP/1.0\r\nHost: x\r\n\r\n",
  websocket: [
    "GET /live/cam.flv HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
  ].join("\r\n"),
} as const;
type Wire = keyof typeof requests;

function flvOf(wire: Wire, received: Received): Buffer {
  const { body } = splitAnswer(received.bytes);
  if (wire === "raw") return body;
  if (wire === "chunked") return dechunk(body).data;
  return Buffer.concat(messagesOf(body).map(({ data }) => data));
}

const native = loadNativeSend(silentLog);
/** Takes a part of everything, and nothing of every third. */
const halfHearted: NativeSend = (places, count, bytes) => {
  if (native === undefined) {
    places.fill(0, 0, count);
    return;
  }
  for (let index = 0; index < count; index++) {
    const one = places.subarray(index, index + 1);
    if (index % 3 === 0) one[0] = 0;
    else native(one, 1, bytes.subarray(0, Math.ceil(bytes.length / 2)));
  }
};

test.each<[string, NativeSend | undefined]>([
  ["the native fan-out", native],
  ["one that takes parts", halfHearted],
  ["none", undefined],
])("with %s every viewer on every wire has the same bytes", async (_, nativeSend) => {
  const output = createFlvOutput({
    clock: systemClock,
    log: silentLog,
    limits: { trackGraceMs: 0, maxBlockBytes: 30_000 },
    nativeSend,
  });
  door = await new TestDoor({ outputs: [output] }).listen();
  const publisher = door.publish("live/cam", videoInfo(), audioInfo());
  feed(publisher, "video", [frameAt(0, { key: true })]);
  const wires = (Object.keys(requests) as Wire[]).flatMap((wire) => [wire, wire, wire]);
  const viewers = [];
  for (const wire of wires) {
    viewers.push({ wire, received: new Received(await door.raw(requests[wire])) });
  }
  await Promise.all(viewers.map(({ received }) => received.until((all) => all.bytes.length > 400)));
  for (let ms = 40; ms <= 2000; ms += 40) {
    // Several blocks at once, and now and then a group of pictures between two of them.
    feed(publisher, "video", [
      frameAt(ms, { size: 25_000 }),
      frameAt(ms + 10, { key: ms % 400 === 0, size: 40_000 }),
      frameAt(ms + 20, { size: 500 }),
    ]);
    feed(publisher, "audio", [frameAt(ms + 20, { key: true, size: 20 })]);
    await new Promise((resolve) => setImmediate(resolve));
  }
  publisher.removeTrack("audio");
  publisher.close("PUBLISHER_CLOSED");
  publisher.stream.end("STREAM_ENDED");
  await Promise.all(viewers.map(({ received }) => received.until((all) => all.ended)));
  const [first] = viewers;
  const expected = first === undefined ? Buffer.alloc(0) : flvOf(first.wire, first.received);
  expect(parseFlv(expected).words.filter((word) => /^(key|inter)/.test(word)).length).toBe(151);
  for (const { wire, received } of viewers) {
    const flv = flvOf(wire, received);
    // The code of a WebSocket's end stands behind the last message.
    expect(flv.subarray(0, expected.length).equals(expected)).toBe(true);
    expect(flv.length - expected.length).toBeLessThan(64);
  }
});
