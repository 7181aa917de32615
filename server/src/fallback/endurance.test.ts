import { afterEach, expect, test } from "vitest";
import type { Received } from "./door/test-door.ts";
import { bytesInUse, Everything, eventually, turn } from "./test-everything.ts";

const cycles = 1000;
/** Cycles until code is compiled and tables have their size. */
const warmUp = 120;
/** One in so many streams is watched. */
const watchedEvery = 4;
const pictures = 30;
const pictureBytes = 8000;
/** A hundredth of what a stream brings. */
const maxBytesPerCycle = (pictures * pictureBytes) / 100;
/** Longer than anything lingers. */
const longMs = 120_000;
const addresses = [".flv", ".sse?media=1", ".mjpg", ".aac", ".m3u8", ".poll?media=1"];

let everything: Everything | undefined;
afterEach(async () => {
  await everything?.close();
  everything = undefined;
});

/** Publishes a stream, has it watched now and then, and ends it while it is. */
async function cycle(at: Everything, number: number): Promise<void> {
  const name = `live/cam${number}`;
  const publication = at.publish(name);
  const { publisher } = publication;
  await publication.play(2, { pictureBytes });
  if (number % watchedEvery !== 0) {
    await publication.play(pictures - 2, { pictureBytes });
    publisher.close("PUBLISHER_CLOSED");
    return;
  }
  const address = addresses[(number / watchedEvery) % addresses.length] ?? "";
  const first = await at.ask(`/${name}${address}`);
  // A playlist of playlists is no viewer yet, and waits for the first segment.
  const isHls = address === ".m3u8";
  if (!isHls) await eventually(() => publisher.stream.viewers.size === 1);
  await publication.play(pictures - 2, { pictureBytes, after: turn });
  if (isHls) await first.untilEnd();
  const viewer = isHls ? await at.ask(`/live/${lineOf(first)}`) : first;
  await viewer.until(({ bytes, ended }) => ended || bytes.length > 0);
  expect(publisher.stream.viewers.size).toBe(1);
  publisher.close("PUBLISHER_CLOSED");
  at.clock.advance(1000);
  await viewer.untilEnd();
  expect(viewer.text, address).toMatch(/^HTTP\/1\.[01] 200 /);
}

/** The address in a playlist of playlists. */
function lineOf({ text }: Received): string {
  return text.trim().split("\n").at(-1) ?? "";
}

async function settled(at: Everything): Promise<{ bytes: number; timers: number }> {
  await eventually(() => at.door.connections === 0);
  at.clock.advance(longMs);
  return { bytes: await bytesInUse(), timers: at.clock.timers };
}

test("a thousand streams that came, were watched and went leave nothing behind (row 75)", async () => {
  everything = await new Everything({ graceMs: 0 }).listen();
  for (let number = 0; number < warmUp; number++) await cycle(everything, number);
  const before = await settled(everything);
  for (let number = warmUp; number < warmUp + cycles; number++) await cycle(everything, number);
  const after = await settled(everything);
  expect(everything.door.registry.list()).toEqual([]);
  expect(everything.transcoder.running).toEqual([]);
  expect(after.timers).toBe(before.timers);
  expect((after.bytes - before.bytes) / cycles).toBeLessThan(maxBytesPerCycle);
}, 240_000);
