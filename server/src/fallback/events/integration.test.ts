import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { readChunk } from "@millrace/media/fmp4";
import { type InitRecord, type PartRecord, parseTextRecord } from "@millrace/media/parts";
import { OriginPolicy, ProxyTrust } from "@millrace/signaling/gate";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeClock } from "../../core/fake-clock.ts";
import { type Publisher, Registry, silentLog } from "../../core/index.ts";
import { audioInfo, frameAt, videoInfo } from "../../core/test-frames.ts";
import { createFallback, type Fallback } from "../door/index.ts";
import { createFmp4Outputs, type Fmp4Outputs } from "../fmp4/index.ts";
import { createPollOutput, createSseOutput, EventHub } from "./index.ts";
import { ask, recordsOf, SseClient } from "./test-client.ts";

const frameMs = 40;
const groupMs = 1000;

let clock: FakeClock;
let registry: Registry;
let fragments: Fmp4Outputs;
let hub: EventHub;
let door: Fallback;
let server: Server;
let publisher: Publisher;
let playedMs: number;

beforeEach(async () => {
  clock = new FakeClock();
  registry = new Registry({ clock, log: silentLog });
  fragments = createFmp4Outputs({ clock, log: silentLog });
  hub = new EventHub({ fragments, clock });
  const options = { fragments, clock, log: silentLog, hub };
  const trust = new ProxyTrust([]);
  door = createFallback({
    registry,
    access: { authorize: async () => {} },
    clock,
    log: silentLog,
    trust,
    origins: new OriginPolicy("*", trust),
    basePath: "",
    outputs: [createSseOutput(options), createPollOutput(options)],
  });
  server = createServer((request, response) => void door.handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  publisher = publish();
  playedMs = 0;
});

afterEach(async () => {
  door.close();
  hub.close();
  fragments.close();
  registry.close("SHUTTING_DOWN");
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
});

function publish(): Publisher {
  const made = registry.publish({
    stream: "live/cam",
    transport: "rtmp",
    address: "127.0.0.1",
    onKick: () => {},
  });
  made.setTrack(videoInfo());
  made.setTrack(audioInfo());
  return made;
}

function play(ms: number): void {
  for (const end = playedMs + ms; playedMs < end; playedMs += frameMs) {
    publisher.frame("video", frameAt(playedMs, { key: playedMs % groupMs === 0, size: 3000 }));
    publisher.frame("audio", frameAt(playedMs, { key: true, size: 50 }));
    clock.advance(frameMs);
  }
}

const port = (): number => (server.address() as AddressInfo).port;

function partsOf(client: SseClient): PartRecord[] {
  return client.events
    .filter(({ event }) => event === "part")
    .map(({ data }) => parseTextRecord(data) as PartRecord);
}

test("real fragments over both transports, which take over from one another without a gap", async () => {
  play(2400);
  const client = new SseClient(port(), "/live/cam.sse?media=1", { Origin: "http://other" });
  await client.until(() => partsOf(client).length >= 1);
  play(600);
  await client.until(() => partsOf(client).length >= 3);
  client.close();
  const init = parseTextRecord(
    client.events.find(({ event }) => event === "init")?.data ?? "",
  ) as InitRecord;
  const bySse = partsOf(client);
  expect(bySse[0]).toMatchObject({ independent: true, init: init.id, startUs: 2_000_000 });
  expect(client.headers["access-control-allow-origin"]).toBe("*");

  play(600);
  const path = `/live/cam.poll?media=1&after=${client.reader.lastEventId}`;
  const records = recordsOf(await ask(port(), path));
  const byPoll = records.filter((record) => record.type === "part");
  expect(records.some(({ type }) => type === "gap" || type === "init")).toBe(false);
  const all = [...bySse, ...byPoll];
  expect(all.map(({ sequence }) => sequence)).toEqual(
    all.map((_part, index) => (all[0]?.sequence ?? 0) + index),
  );
  for (const [index, part] of all.entries()) {
    const before = all[index - 1];
    if (before !== undefined) expect(part.startUs).toBe(before.startUs + before.durationUs);
    expect(readChunk(part.bytes).runs.length).toBeGreaterThan(0);
    expect(part.wallMs).toBe(registry.get("live/cam")?.captureWallMs(part.startUs));
  }
});

test("a publisher that returns is one stream to those who watch", async () => {
  play(1000);
  const client = new SseClient(port(), "/live/cam.sse?media=1");
  await client.until(() => partsOf(client).length >= 1);
  publisher.close("PUBLISHER_CLOSED");
  clock.advance(2000);
  playedMs = 0;
  publisher = publish();
  play(2000);
  await client.until(() => partsOf(client).some(({ discontinuous }) => discontinuous));
  const states = client.events
    .filter(({ event }) => event === "stream")
    .map(({ data }) => (JSON.parse(data) as { state: string }).state);
  expect(states.slice(-2)).toEqual(["waiting", "live"]);
  expect(client.names).not.toContain("gap");
  client.close();
});

test("the end is told, then the address is of nothing", async () => {
  play(1000);
  const client = new SseClient(port(), "/live/cam.sse?media=1");
  await client.until(() => partsOf(client).length >= 1);
  registry.get("live/cam")?.end("PUBLISHER_CLOSED");
  await client.ended();
  expect(client.names.slice(-2)).toEqual(["stream", "bye"]);
  const gone = await ask(port(), "/live/cam.sse");
  expect(gone.headers).toMatchObject({
    "content-type": "application/problem+json",
    "retry-after": "2",
  });
  expect(JSON.parse(gone.body.toString())).toMatchObject({ code: "STREAM_NOT_FOUND" });
});

test("a stream without tracks has events but no media yet", async () => {
  registry.publish({ stream: "live/new", transport: "rtmp", address: "::1", onKick: () => {} });
  const events = await ask(port(), "/live/new.poll");
  expect(events.status).toBe(200);
  const media = await ask(port(), "/live/new.poll?media=1");
  expect([media.status, media.headers["retry-after"]]).toEqual([503, "2"]);
  expect(JSON.parse(media.body.toString())).toMatchObject({ code: "STREAM_NOT_READY" });
});
