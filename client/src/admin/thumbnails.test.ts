import { beforeEach, expect, test } from "vitest";
import { FakeScheduler, settle } from "../player/fake-scheduler.ts";
import { Thumbnails } from "./thumbnails.ts";

let scheduler: FakeScheduler;
let thumbnails: Thumbnails;
let loads: string[];
let running: Map<string, { readonly done: (shown: boolean) => void; readonly signal: AbortSignal }>;

beforeEach(() => {
  scheduler = new FakeScheduler();
  loads = [];
  running = new Map();
  thumbnails = new Thumbnails({
    ...{ scheduler, everyMs: 5000, restMs: 20_000, atOnce: 2 },
    load: (stream, signal) => {
      loads.push(stream);
      return new Promise((resolve) => {
        const done = (shown: boolean): void => {
          running.delete(stream);
          resolve(shown);
        };
        running.set(stream, { done, signal });
      });
    },
  });
});

async function finish(stream: string, shown = true): Promise<void> {
  running.get(stream)?.done(shown);
  await settle();
}

test("so many at once, the others when their turn comes", async () => {
  for (const stream of ["a", "b", "c"]) thumbnails.setSeen(stream, true);
  expect(loads).toEqual(["a", "b"]);
  await finish("a");
  expect(loads).toEqual(["a", "b", "c"]);
});

test("again after a while, much later where there is no picture", async () => {
  thumbnails.setSeen("a", true);
  thumbnails.setSeen("b", true);
  await finish("a");
  await finish("b", false);
  await scheduler.advance(4900);
  expect(loads).toEqual(["a", "b"]);
  await scheduler.advance(200);
  expect(loads).toEqual(["a", "b", "a"]);
  await finish("a");
  await scheduler.advance(15_500);
  expect(loads).toContain("b");
  expect(loads.filter((stream) => stream === "b")).toHaveLength(2);
});

test("what leaves the screen is given up, and a hidden page fetches nothing", async () => {
  thumbnails.setSeen("a", true);
  const { signal } = running.get("a") ?? {};
  thumbnails.setSeen("a", false);
  expect(signal?.aborted).toBe(true);
  await finish("a", false);
  thumbnails.setVisible(false);
  thumbnails.setSeen("b", true);
  await scheduler.advance(60_000);
  expect(loads).toEqual(["a"]);
  thumbnails.setVisible(true);
  expect(loads).toEqual(["a", "b"]);
  thumbnails.clear();
  await finish("b");
  expect(scheduler.pending).toBe(0);
});
