import { afterEach, expect, test } from "vitest";
import { frameAt } from "../../core/test-frames.ts";
import { ask, eventsOf, SseClient } from "./test-client.ts";
import { Rig } from "./test-rig.ts";

let rig: Rig;
const clients: { close(): void }[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await rig.close();
  expect(rig.clock.timers).toBe(0);
});

/** Publishes pictures for so long, at a part of the speed at which they are watched. */
function publish(ms: number, speed = 1, fromMs = rig.clock.nowUs() / 1000): void {
  for (let at = 0; at < ms; at += 40) {
    rig.clock.advance(40);
    const mediaMs = fromMs + at * speed;
    rig.publisher.frame("video", frameAt(mediaMs, { key: at % 1000 === 0 }));
  }
}

interface Told {
  readonly buffer: string;
  readonly atMs: number;
}

/** What the stream's buffer was said to be, with the time at which it came. */
function listen(): Told[] {
  const told: Told[] = [];
  rig.stream.observe((change) => {
    if (change.type !== "buffer") return;
    told.push({ buffer: change.health.buffer, atMs: rig.clock.nowUs() / 1000 });
  });
  return told;
}

const bufferOf = (data: unknown): string => {
  const { health } = data as { health: { buffer: string; lagMs: number; speed: number } };
  expect([typeof health.lagMs, typeof health.speed]).toEqual(["number", "number"]);
  return health.buffer;
};

test(".sse tells within a second that an encoder is throttled, and that it is back (row 98)", async () => {
  rig = await Rig.start();
  const told = listen();
  const client = new SseClient(rig.port, "/live/cam.sse");
  clients.push(client);
  await client.count(2);
  publish(3000);
  publish(1000, 0.5);
  const slowMs = rig.clock.nowUs() / 1000 - 1000;
  publish(1000, 1, rig.clock.nowUs() / 1000);
  rig.publisher.close("PUBLISHER_CLOSED");
  rig.stream.end("PUBLISHER_CLOSED");
  await client.ended();
  const states = client.events
    .filter(({ event }) => event === "stream")
    .map(({ data }) => bufferOf(JSON.parse(data)));
  expect(states).toEqual(["EMPTY", "FULL", "DRY", "RECOVER", "EMPTY", "EMPTY"]);
  expect((told[1]?.atMs ?? Number.POSITIVE_INFINITY) - slowMs).toBeLessThanOrEqual(1000);
});

test(".poll tells it to a request that is held (row 98)", async () => {
  rig = await Rig.start();
  publish(3000);
  const { next, events } = eventsOf(await ask(rig.port, "/live/cam.poll"));
  expect(bufferOf(events[0]?.data)).toBe("FULL");
  const answered = ask(rig.port, `/live/cam.poll?after=${next}`);
  while ([...rig.responses].every((response) => response.headersSent)) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  rig.clock.advance(1000);
  const answer = eventsOf(await answered);
  expect(answer.events.map(({ data }) => bufferOf(data))).toEqual(["DRY"]);
});
