import type { TrackInfo } from "@millrace/media/frame";
import { afterEach, describe, expect, test } from "vitest";
import { audioInfo, frameAt, videoInfo } from "../../core/test-frames.ts";
import { feed, Received, type TestDoor } from "../door/test-door.ts";
import { dechunk, parseFlv, splitAnswer } from "./test-flv.ts";
import { ask, beginning, both, flvOf, openDoor, publishGroup, timeless } from "./test-http.ts";

let door: TestDoor | undefined;
afterEach(async () => {
  await door?.close();
  door = undefined;
});

async function open(...parameters: Parameters<typeof openDoor>): Promise<TestDoor> {
  door = await openDoor(...parameters);
  return door;
}

describe("over HTTP/1.1", () => {
  test("the answer has exactly these headers and comes in chunks", async () => {
    const at = await open();
    publishGroup(at, ...both);
    const received = new Received(await at.raw(ask("1.1")));
    await received.until((all) => flvOf(all).tags.length >= 7);
    const { head, body } = splitAnswer(received.bytes);
    expect(head.replace(/Date: [^\r]+/, "Date: …").split("\r\n")).toEqual([
      "HTTP/1.1 200 OK",
      "X-Content-Type-Options: nosniff",
      "Cross-Origin-Resource-Policy: cross-origin",
      "Referrer-Policy: no-referrer",
      "Access-Control-Allow-Origin: *",
      "Access-Control-Expose-Headers: Content-Length, Date, ETag, Retry-After",
      "Content-Type: video/x-flv",
      "Cache-Control: no-cache, no-store, no-transform",
      "X-Accel-Buffering: no",
      "Connection: close",
      "Transfer-Encoding: chunked",
      "Date: …",
      "",
      "",
    ]);
    const { data } = dechunk(body);
    expect(data.subarray(0, 13).toString("hex")).toBe("464c5601050000000900000000");
    expect(body.toString("latin1")).toMatch(/^[1-9a-f][0-9a-f]*\r\nFLV/);
  });

  test("who comes late begins with metadata, configurations and the last key frame, then live", async () => {
    const at = await open();
    const publisher = publishGroup(at, ...both);
    feed(publisher, "video", [frameAt(120, { key: true, size: 300 }), frameAt(160)]);
    const received = new Received(await at.raw(ask("1.1")));
    await received.until((all) => flvOf(all).words.some((word) => word.startsWith("inter")));
    expect(timeless(flvOf(received).words)).toEqual([...beginning, "inter"]);
    feed(publisher, "audio", [frameAt(165, { key: true, size: 20 })]);
    feed(publisher, "video", [frameAt(200)]);
    await received.until((all) => flvOf(all).tags.length >= 7);
    expect(timeless(flvOf(received).words)).toEqual([...beginning, "inter", "audio", "inter"]);
    const [, videoConfig, audioConfig, key] = flvOf(received).tags;
    expect(Buffer.from(videoConfig?.body ?? []).toString("hex")).toBe("17000000000142e01f");
    expect(Buffer.from(audioConfig?.body ?? []).toString("hex")).toBe("af001190");
    expect(key?.body.length).toBe(5 + 4 + 300);
    expect(videoConfig?.timestampMs).toBe(key?.timestampMs);
  });

  test("the cached group has its sound", async () => {
    const at = await open();
    publishGroup(at, ...both);
    const received = new Received(await at.raw(ask("1.1")));
    await received.until((all) => flvOf(all).tags.length >= 7);
    expect(timeless(flvOf(received).words)).toEqual([...beginning, "audio", "inter", "inter"]);
  });

  test.each<[string, readonly TrackInfo[], number, string[]]>([
    ["video only", [videoInfo()], 1, ["onMetaData", "video config"]],
    ["sound only", [audioInfo()], 4, ["onMetaData", "audio config"]],
    ["both", both, 5, beginning.slice(0, 3)],
  ])("%s has the flags of what there is", async (_name, infos, flags, words) => {
    const at = await open();
    publishGroup(at, ...infos);
    const received = new Received(await at.raw(ask("1.1")));
    await received.until((all) => flvOf(all).tags.length > words.length);
    expect(flvOf(received).flags).toBe(flags);
    expect(flvOf(received).words.slice(0, words.length)).toEqual(words);
  });

  test("the end of the stream is the last chunk and the end of the connection", async () => {
    const at = await open({}, { core: { graceMs: 0 } });
    const publisher = publishGroup(at, ...both);
    const received = new Received(await at.raw(ask("1.1")));
    await received.until((all) => flvOf(all).tags.length >= 7);
    publisher.close("PUBLISHER_CLOSED");
    await received.untilEnd();
    expect(dechunk(splitAnswer(received.bytes).body).ended).toBe(true);
    expect(received.text.endsWith("\r\n0\r\n\r\n")).toBe(true);
  });

  test("earlier requests on the connection are answered first", async () => {
    const at = await open();
    publishGroup(at, ...both);
    const received = new Received(
      await at.raw(ask("1.1", "/live/other.flv") + ask("1.1") + ask("1.1", "/live/third.flv")),
    );
    await received.until(({ text }) => text.includes("FLV\x01"));
    expect(received.text).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
    expect(received.text.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 404", "HTTP/1.1 200"]);
  });

  test("HEAD has the same headers and no body, and the connection ends", async () => {
    const at = await open();
    publishGroup(at, ...both);
    const received = new Received(await at.raw(ask("1.1").replace("GET", "HEAD")));
    await received.untilEnd();
    const { head, body } = splitAnswer(received.bytes);
    expect(body.length).toBe(0);
    expect(head).toContain("Content-Type: video/x-flv\r\n");
    expect(head).toContain("Transfer-Encoding: chunked\r\n");
    expect(head).not.toContain("Content-Length: ");
    expect(at.registry.get("live/cam")?.viewers.size).toBe(0);
  });

  test("ranges are ignored: live has no positions", async () => {
    const at = await open();
    publishGroup(at, ...both);
    const received = new Received(await at.raw(ask("1.1", "/live/cam.flv", "Range: bytes=5-\r\n")));
    await received.until(({ text }) => text.includes("FLV\x01"));
    expect(received.text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(received.text).not.toMatch(/Content-Range|Content-Length: /);
  });
});

describe("over HTTP/1.0", () => {
  test("nothing is chunked and the connection's end is the end", async () => {
    const at = await open({}, { core: { graceMs: 0 } });
    const publisher = publishGroup(at, ...both);
    const received = new Received(
      await at.raw(ask("1.0", "/live/cam.flv", "Connection: keep-alive\r\n")),
    );
    const parsed = (all: Received) => parseFlv(splitAnswer(all.bytes).body);
    await received.until((all) => parsed(all).tags.length >= 7);
    const { head } = splitAnswer(received.bytes);
    expect(head).not.toMatch(/Transfer-Encoding|Content-Length: /);
    expect(head).toContain("Connection: close\r\n");
    expect(head).toContain("Content-Type: video/x-flv\r\n");
    expect(timeless(parsed(received).words)).toEqual([...beginning, "audio", "inter", "inter"]);
    publisher.close("PUBLISHER_CLOSED");
    await received.untilEnd();
    expect(parsed(received).tags.length).toBe(7);
    expect(received.text.endsWith("0\r\n\r\n")).toBe(false);
  });
});
