import { afterEach, expect, it } from "vitest";
import { type Rig, startRig } from "./test-rig.ts";

const open: Rig[] = [];
afterEach(async () => {
  for (const rig of open.splice(0)) await rig.close();
});

async function rigWith(limits: object = {}): Promise<Rig> {
  const rig = await startRig({ limits });
  open.push(rig);
  return rig;
}

async function readPiece(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  const { value } = await reader.read();
  return new TextDecoder().decode(value);
}

it("events come one by one, then the end is told", async () => {
  const rig = await rigWith({ beats: 3 });
  const answer = await rig.ask("GET", "/doctor/events");
  expect(answer.headers.get("content-type")).toBe("text/event-stream");
  expect(answer.headers.get("cache-control")).toBe("no-store, no-transform");
  expect(answer.headers.get("x-accel-buffering")).toBe("no");
  expect(answer.headers.get("content-length")).toBe(null);
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
  expect(await readPiece(reader)).toBe("event: beat\ndata: 1\n\n");
  rig.clock.advance(250);
  expect(await readPiece(reader)).toBe("event: beat\ndata: 2\n\n");
  rig.clock.advance(250);
  expect(await readPiece(reader)).toBe("event: beat\ndata: 3\n\n");
  rig.clock.advance(250);
  expect(await readPiece(reader)).toBe("event: bye\ndata: 0\n\n");
  expect((await reader.read()).done).toBe(true);
});

it("bytes have the size that they should have, and end", async () => {
  const rig = await rigWith({ beats: 4, beatBytes: 1000 });
  const answer = await rig.ask("GET", "/doctor/bytes");
  for (let beat = 0; beat < 4; beat++) rig.clock.advance(250);
  expect((await answer.arrayBuffer()).byteLength).toBe(4000);
});

it("are as many as there may be of one address, and closing ends them", async () => {
  const rig = await rigWith({ maxAnswersPerAddress: 2 });
  const running = [await rig.ask("GET", "/doctor/events"), await rig.ask("GET", "/doctor/bytes")];
  const third = await rig.ask("GET", "/doctor/events");
  expect(third.status).toBe(503);
  expect(await third.json()).toMatchObject({ code: "PROBES_FULL" });
  expect(rig.handler.answers).toBe(2);
  rig.handler.close();
  for (const answer of running) await expect(answer.text()).rejects.toThrow();
  expect([rig.handler.answers, rig.clock.timers]).toEqual([0, 0]);
});

it("nothing is left of an answer whose reader went away", async () => {
  const rig = await rigWith();
  const leaving = new AbortController();
  const answer = await fetch(`${rig.url}/doctor/bytes`, { signal: leaving.signal });
  expect(answer.status).toBe(200);
  leaving.abort();
  while (rig.handler.answers > 0) await new Promise((resolve) => setImmediate(resolve));
  expect(rig.clock.timers).toBe(0);
});
