import type { TrackInfo } from "@millrace/media/frame";
import { type Publisher, silentLog, systemClock } from "../../core/index.ts";
import { audioInfo, frameAt, videoInfo } from "../../core/test-frames.ts";
import { feed, type Received, TestDoor, type TestDoorOptions } from "../door/test-door.ts";
import { createFlvOutput } from "./flv-output.ts";
import type { FlvLimits } from "./limits.ts";
import { dechunk, type ParsedFlv, parseFlv, splitAnswer } from "./test-flv.ts";

/** A server with HTTP-FLV; whoever opens it closes it. Streams need not be old to be served. */
export function openDoor(
  limits: Partial<FlvLimits> = {},
  options: Partial<TestDoorOptions> = {},
): Promise<TestDoor> {
  const output = createFlvOutput({
    clock: systemClock,
    log: silentLog,
    limits: { trackGraceMs: 0, ...limits },
  });
  return new TestDoor({ outputs: [output], ...options }).listen();
}

export const ask = (version: string, path = "/live/cam.flv", headers = ""): string =>
  `GET ${path} HTTP/${version}\r\nHost: gateway.example\r\n${headers}\r\n`;
/** What came over HTTP/1.1. */
export const flvOf = (received: Received): ParsedFlv =>
  parseFlv(dechunk(splitAnswer(received.bytes).body).data);
/** Words of tags without their times. */
export const timeless = (words: readonly string[]): string[] =>
  words.map((word) => word.replace(/ \d+$/, ""));
export const both: readonly TrackInfo[] = [videoInfo(), audioInfo()];
export const beginning: readonly string[] = ["onMetaData", "video config", "audio config", "key"];

/** Publishes a group of pictures: a key frame, sound and two more pictures. */
export function publishGroup(at: TestDoor, ...infos: readonly TrackInfo[]): Publisher {
  const publisher = at.publish("live/cam", ...infos);
  feed(publisher, "video", [frameAt(0, { key: true })]);
  feed(publisher, "audio", [frameAt(10, { key: true, size: 20 })]);
  feed(publisher, "video", [frameAt(40), frameAt(80)]);
  return publisher;
}
