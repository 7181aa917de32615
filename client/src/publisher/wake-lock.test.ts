import { beforeEach, expect, it } from "vitest";
import { settle } from "../player/fake-scheduler.ts";
import { WakeLock } from "./wake-lock.ts";

let held: number;
let asked: number;
let refuses: boolean;
let lock: WakeLock;

beforeEach(() => {
  held = 0;
  asked = 0;
  refuses = false;
  lock = new WakeLock({
    async request() {
      asked++;
      await Promise.resolve();
      if (refuses) throw new Error("NotAllowedError");
      held++;
      return {
        async release() {
          held--;
        },
      };
    },
  });
});

it("holds one lock while it is wanted", async () => {
  lock.update(true, true);
  await settle();
  lock.update(true, true);
  await settle();
  expect([held, asked]).toEqual([1, 1]);
  lock.update(false, true);
  await settle();
  expect(held).toBe(0);
});

it("takes the lock again when the page is seen again", async () => {
  lock.update(true, true);
  await settle();
  lock.update(true, false);
  await settle();
  expect(held).toBe(0);
  lock.update(true, true);
  await settle();
  expect(held).toBe(1);
});

it("gives back a lock that comes too late", async () => {
  lock.update(true, true);
  lock.update(false, true);
  await settle();
  expect([held, asked]).toEqual([0, 1]);
});

it("does without where it is refused, or not known", async () => {
  refuses = true;
  lock.update(true, true);
  await settle();
  refuses = false;
  lock.update(true, true);
  await settle();
  expect(held).toBe(1);
  lock.close();
  lock.close();
  await settle();
  expect(held).toBe(0);
  const none = new WakeLock(undefined);
  none.update(true, true);
  await settle();
  none.close();
});
