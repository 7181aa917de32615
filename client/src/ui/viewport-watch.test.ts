import { beforeEach, expect, it } from "vitest";
import { FakeScheduler } from "../player/fake-scheduler.ts";
import { ViewportReporter, viewportQuietMs } from "./viewport-watch.ts";

let scheduler: FakeScheduler;
let told: string[];
let reporter: ViewportReporter;

beforeEach(() => {
  scheduler = new FakeScheduler();
  told = [];
  reporter = new ViewportReporter(scheduler, (size) =>
    told.push(size === null ? "hidden" : `${size.width}x${size.height}`),
  );
});

it("tells the first size at once, in whole pixels", () => {
  reporter.sizeIs(640.4, 359.6);
  expect(told).toEqual(["640x360"]);
});

it("tells a change when it has come to rest", async () => {
  reporter.sizeIs(640, 360);
  for (const width of [700, 800, 900]) {
    reporter.sizeIs(width, 360);
    await scheduler.advance(viewportQuietMs - 1);
  }
  expect(told).toEqual(["640x360"]);
  await scheduler.advance(1);
  expect(told).toEqual(["640x360", "900x360"]);
});

it("tells nothing when a change is taken back", async () => {
  reporter.sizeIs(640, 360);
  reporter.sizeIs(1, 1);
  reporter.sizeIs(640, 360);
  await scheduler.advance(viewportQuietMs * 2);
  expect(told).toEqual(["640x360"]);
});

it("tells that nothing is shown", async () => {
  reporter.sizeIs(0, 0);
  reporter.sizeIs(640, 0.4);
  await scheduler.advance(viewportQuietMs);
  expect(told).toEqual(["hidden"]);
});

it("tells nothing after its end", async () => {
  reporter.sizeIs(640, 360);
  reporter.sizeIs(320, 180);
  reporter.close();
  reporter.close();
  await scheduler.advance(viewportQuietMs);
  expect(told).toEqual(["640x360"]);
  expect(scheduler.pending).toBe(0);
});
