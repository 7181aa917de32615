import fc from "fast-check";
import { expect, it } from "vitest";
import { LevelFollower, levelWords } from "./level.ts";

const block = (value: number) => new Float32Array(64).fill(value);

it("measures decibels below full scale", () => {
  const follower = new LevelFollower();
  expect(follower.next(block(1), 0)).toEqual({ db: 0, share: 1, peak: 1 });
  expect(new LevelFollower().next(block(0.1), 0).db).toBeCloseTo(-20);
  expect(new LevelFollower().next(block(0.1), 0).share).toBeCloseTo(2 / 3);
  expect(new LevelFollower().next(block(0), 0)).toEqual({ db: -100, share: 0, peak: 0 });
  expect(new LevelFollower().next([], 0).db).toBe(-100);
});

it("rises at once, falls slowly, and holds the peak for a moment", () => {
  const follower = new LevelFollower();
  follower.next(block(1), 0);
  const falling = follower.next(block(0), 100);
  expect(falling.share).toBeCloseTo(0.89);
  expect(falling.peak).toBe(1);
  expect(follower.next(block(0), 1000).peak).toBeLessThan(0.1);
  expect(follower.next(block(1), 1010).share).toBe(1);
});

it("notices a device that is switched off, but not a quiet room", () => {
  const off = new LevelFollower();
  off.next(block(0), 0);
  off.next(block(0), 11_999);
  expect(off.isDead(11_999)).toBe(false);
  expect(off.isDead(12_000)).toBe(true);
  off.next(block(0.0002), 12_001);
  expect(off.isDead(99_999)).toBe(false);
  off.next(block(0), 13_000);
  off.reset();
  expect(off.isDead(99_999)).toBe(false);
});

it("says in words what the bar shows", () => {
  expect([-100, -50, -20, -3].map(levelWords)).toEqual(["silent", "quiet", "good", "too loud"]);
});

it("stays on its scale whatever comes", () => {
  fc.assert(
    fc.property(fc.array(fc.float({ min: -8, max: 8, noNaN: true })), (samples) => {
      const { db, share, peak } = new LevelFollower().next(samples, 0);
      expect(db).toBeGreaterThanOrEqual(-100);
      expect(db).toBeLessThanOrEqual(0);
      for (const value of [share, peak]) expect(value >= 0 && value <= 1).toBe(true);
    }),
  );
});
