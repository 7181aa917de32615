import { type MediaRecord, parseTextRecord } from "@millrace/media/parts";
import type { SseEvent } from "@millrace/media/text";
import { afterEach, describe, expect, test } from "vitest";
import type { FakeOutput } from "./fake-fragments.ts";
import { RawClient, SseClient } from "./test-client.ts";
import { Rig, type RigLimits } from "./test-rig.ts";

let rig: Rig;
const clients: { close(): void }[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await rig.close();
  expect(rig.clock.timers).toBe(0);
  expect(rig.fragments.leases).toBe(0);
});

async function start(limits: RigLimits = {}): Promise<FakeOutput> {
  rig = await Rig.start(limits);
  return rig.fragments.of(rig.stream);
}

function watch(headers: Record<string, string> = {}, query = "media=1"): SseClient {
  const client = new SseClient(rig.port, `/live/cam.sse?${query}`, headers);
  clients.push(client);
  return client;
}

const mediaEvents = new Set(["init", "part", "gap"]);

function records(client: SseClient): MediaRecord[] {
  return client.events
    .filter(({ event }) => mediaEvents.has(event))
    .map(({ data }) => parseTextRecord(data) as MediaRecord);
}

/** Media in short: `init 1`, `part 3`, `gap 2`. */
function media(client: SseClient): string[] {
  return records(client).map((record) => {
    if (record.type === "init") return `init ${record.id}`;
    if (record.type === "part") return `part ${record.sequence}`;
    return record.type === "gap" ? `gap ${record.missed}` : record.type;
  });
}

function sequenceOf(event: SseEvent): number {
  return event.event === "part" ? Number(event.id.split(".")[3]) : -1;
}

describe("media as text", () => {
  test("begins with the init and the latest independent part, then goes on live", async () => {
    const output = await start();
    output.pushGroup(2);
    output.pushGroup(2);
    const client = watch();
    await client.count(5);
    output.push({ size: 5000 });
    await client.count(6);
    expect(client.names).toEqual(["stream", "capture", "init", "part", "part", "part"]);
    const [init, , , last] = records(client);
    expect(init).toEqual({
      type: "init",
      id: 1,
      mime: 'video/mp4; codecs="avc1.42e01f"',
      width: 1280,
      height: 720,
      bytes: Uint8Array.of(0xf0, 1),
    });
    expect(last).toEqual({
      type: "part",
      sequence: 5,
      independent: false,
      discontinuous: false,
      init: 1,
      startUs: 400_000,
      durationUs: 100_000,
      wallMs: 1_700_000_000_400,
      bytes: new Uint8Array(5000).fill(5),
    });
  });

  test("a new configuration comes before the part that needs it", async () => {
    const output = await start();
    output.pushGroup(1);
    const client = watch();
    await client.count(4);
    output.reconfigure();
    output.pushGroup(2);
    await client.count(7);
    expect(media(client)).toEqual(["init 1", "part 1", "init 2", "part 2", "part 3"]);
  });

  test("each part is encoded once for all viewers", async () => {
    const output = await start();
    const three = [watch(), watch(), watch()];
    for (const client of three) await client.count(2);
    output.pushGroup(3);
    for (const client of three) await client.count(6);
    // Once for its length and once for its bytes would be two; the text takes one.
    expect([...output.reads.values()]).toEqual([1, 1, 1]);
  });

  test("sound=aac has an output of its own", async () => {
    await start();
    const client = watch({}, "media=1&sound=aac");
    await client.count(2);
    rig.fragments.of(rig.stream).pushGroup(1);
    rig.fragments.of(rig.stream, "aac").pushGroup(2);
    await client.count(5);
    expect(media(client)).toEqual(["init 1", "part 1", "part 2"]);
  });
});

describe("viewers", () => {
  test("are counted, have figures, can be sent away", async () => {
    const output = await start();
    const client = watch();
    await client.count(2);
    output.pushGroup(2);
    await client.count(5);
    const [viewer] = rig.stream.viewers.values();
    expect(viewer?.info).toMatchObject({ transport: "sse", address: "127.0.0.1" });
    expect(viewer?.info.stats?.()).toMatchObject({ partsSent: 2, partsDropped: 0, eventsSent: 2 });
    viewer?.info.onKick?.("KICKED");
    await client.ended();
    expect(client.events.at(-1)).toMatchObject({ event: "bye", data: '{"reason":"KICKED"}' });
    expect(rig.stream.viewers.size).toBe(0);
  });

  test("one more than may is refused and leaves nothing", async () => {
    await start({ maxViewersPerStream: 1 });
    await watch().count(2);
    const refused = watch();
    await refused.ended();
    expect([refused.status, rig.stream.viewers.size]).toEqual([503, 1]);
    await new SseClient(rig.port, "/live/cam.sse").count(2);
  });

  test("are told when the output ends though the stream goes on", async () => {
    const output = await start();
    const client = watch();
    await client.count(2);
    output.end("TRANSCODER_FAILED");
    await client.ended();
    expect(client.events.at(-1)?.data).toBe('{"reason":"TRANSCODER_FAILED"}');
  });

  test("are told the end of the stream once, by its log", async () => {
    const output = await start();
    const client = watch();
    await client.count(2);
    rig.endWith(output);
    await client.ended();
    expect(client.names).toEqual(["stream", "capture", "stream", "bye"]);
  });
});

describe("after a break", () => {
  test("events and parts go on where they were, each once", async () => {
    const output = await start();
    output.pushGroup(2);
    const first = watch();
    await first.count(5);
    first.close();
    output.push();
    rig.stream.addHint("A", "Between.");
    output.pushGroup(2);
    const second = watch({ "Last-Event-ID": first.reader.lastEventId });
    await second.count(5);
    expect(media(second)).toEqual(["init 1", "part 3", "part 4", "part 5"]);
    expect(second.names.filter((name) => !mediaEvents.has(name))).toEqual(["stream"]);
    // Whatever the last event was, its id has both places.
    expect(second.events.map(({ id }) => id.split(".").length)).toEqual([4, 4, 4, 4, 4]);
  });

  test("a place in between two kinds of events is as good", async () => {
    const output = await start();
    output.pushGroup(1);
    const first = watch();
    await first.count(4);
    rig.stream.addHint("A", "The last that came.");
    await first.count(5);
    const second = watch({ "Last-Event-ID": first.events[4]?.id ?? "" });
    output.push();
    await second.count(2);
    expect(second.names).toEqual(["init", "part"]);
    expect(media(second)).toEqual(["init 1", "part 2"]);
  });

  test("a gap is told when the next part is not kept any more", async () => {
    const output = await start();
    output.pushGroup(1);
    const first = watch();
    await first.count(4);
    first.close();
    output.pushGroup(2);
    output.pushGroup(2);
    output.forgetBefore(4);
    const second = watch({ "Last-Event-ID": first.reader.lastEventId });
    await second.count(4);
    expect(media(second)).toEqual(["gap 2", "init 1", "part 4", "part 5"]);
  });

  test("sound of another kind is another place", async () => {
    const output = await start();
    output.pushGroup(1);
    const first = watch();
    await first.count(4);
    rig.fragments.of(rig.stream, "aac").pushGroup(1);
    const second = watch({ "Last-Event-ID": first.reader.lastEventId }, "media=1&sound=aac");
    await second.count(3);
    expect(media(second)).toEqual(["gap 0", "init 1", "part 1"]);
  });
});

describe("a slow reader", () => {
  const limits = { sse: { maxWaitingBytes: 100_000, maxLagMs: 300, stallMs: 30_000 } };

  test("is given no more than may wait, costs others nothing, goes on at an independent part", async () => {
    const output = await start(limits);
    const slow = watch();
    await slow.count(2);
    const [response] = rig.responses;
    const fast = watch();
    await fast.count(2);
    stall(slow);
    const size = 700_000;
    let most = 0;
    for (let group = 0; group < 10; group++) {
      output.pushGroup(2, { size });
      await fast.count(2 + 1 + 2 * (group + 1));
      most = Math.max(most, response?.writableLength ?? 0);
    }
    // What may wait, and the part that crossed the line, as text.
    expect(most).toBeLessThan(100_000 + (size * 4) / 3 + 1_000);
    const [viewer] = rig.stream.viewers.values();
    flow(slow);
    await slow.until(() => sequenceOf(slow.events.at(-1) as SseEvent) === 20);
    const seen = records(slow);
    const gap = seen.findIndex(({ type }) => type === "gap");
    expect(gap).toBeGreaterThan(0);
    expect(seen[gap + 1]).toMatchObject({ type: "part", independent: true });
    const given = seen.filter(({ type }) => type === "part").length;
    expect(viewer?.info.stats?.()).toMatchObject({ partsSent: given, partsDropped: 20 - given });
    output.push({ size });
    for (const client of [fast, slow]) {
      await client.until(() => sequenceOf(client.events.at(-1) as SseEvent) === 21);
    }
    expect(media(fast).filter((item) => item.startsWith("gap"))).toEqual([]);
  }, 20_000);

  test("that takes nothing for too long is cut off", async () => {
    const output = await start(limits);
    const reasons: string[] = [];
    rig.registry.watch({ playEnded: (_stream, _viewer, reason) => void reasons.push(reason) });
    const client = new RawClient(rig.port, "GET /live/cam.sse?media=1 HTTP/1.0\r\n\r\n");
    await client.until((text) => text.includes("event: capture"));
    client.socket.pause();
    output.pushGroup(1, { size: 10_000_000 });
    const [response] = rig.responses;
    const gone = new Promise((resolve) => response?.once("close", resolve));
    rig.clock.advance(29_000);
    expect(rig.stream.viewers.size).toBe(1);
    rig.clock.advance(1_000);
    await gone;
    expect(rig.stream.viewers.size).toBe(0);
    expect(reasons).toEqual(["VIEWER_STALLED"]);
    client.socket.destroy();
  });

  test("hears the end of the stream, though late", async () => {
    const output = await start(limits);
    const client = watch();
    await client.count(2);
    stall(client);
    output.pushGroup(1, { size: 10_000_000 });
    rig.stream.end("PUBLISHER_CLOSED");
    flow(client);
    await client.ended();
    expect(client.events.at(-1)?.data).toBe('{"reason":"PUBLISHER_CLOSED"}');
  }, 20_000);
});

function stall(client: SseClient): void {
  client.answer?.pause();
}

function flow(client: SseClient): void {
  client.answer?.resume();
}
