import { beforeEach, describe, expect, test } from "vitest";
import { FakeClock } from "./fake-clock.ts";
import { Visits } from "./visits.ts";

const limits = { visitMs: 600_000, maxPastVisits: 3 };
const bytes = (bytesSent: number, bytesReceived = 1) => {
  return () => ({ bytesSent, bytesReceived });
};

let clock: FakeClock;
let visits: Visits;

beforeEach(() => {
  clock = new FakeClock(1000);
  visits = new Visits(clock, limits);
});

describe("a client", () => {
  test("that comes back goes on with its visit, over all its sessions", () => {
    const first = visits.enter("live/cam", "a", bytes(100));
    expect(first.visit).toEqual({
      ...{ firstJoinedWallMs: 1000, sessions: 1, bytesSent: 100, bytesReceived: 1 },
    });
    clock.advance(5000);
    first.leave();
    first.leave();
    clock.advance(limits.visitMs - 1);
    const second = visits.enter("live/cam", "a", bytes(20));
    const beside = visits.enter("live/cam", "a", bytes(3));
    const visit = { firstJoinedWallMs: 1000, sessions: 3, bytesSent: 123, bytesReceived: 3 };
    expect([second.visit, beside.visit]).toEqual([visit, visit]);
    second.leave();
    expect(beside.visit).toEqual(visit);
    expect(visits.size).toEqual({ present: 1, past: 0 });
  });

  test("that was away for too long begins anew", () => {
    visits.enter("live/cam", "a", bytes(100)).leave();
    clock.advance(limits.visitMs);
    expect(visits.enter("live/cam", "a", bytes(1)).visit).toMatchObject({
      ...{ sessions: 1, bytesSent: 1 },
    });
  });

  test("is another one on another stream, and without a name", () => {
    visits.enter("live/cam", "a", bytes(100)).leave();
    expect(visits.enter("live/other", "a", bytes(1)).visit.sessions).toBe(1);
    const nameless = visits.enter("live/cam", undefined, bytes(7));
    expect(nameless.visit).toMatchObject({ sessions: 1, bytesSent: 7 });
    nameless.leave();
    expect(visits.size).toEqual({ present: 1, past: 1 });
  });
});

test("as many are remembered as may be, and who has been away longest is forgotten first", () => {
  for (const name of ["a", "b", "c"]) visits.enter("live/cam", name, bytes(1)).leave();
  visits.enter("live/cam", "a", bytes(1)).leave();
  visits.enter("live/cam", "d", bytes(1)).leave();
  expect(visits.size).toEqual({ present: 0, past: limits.maxPastVisits });
  const sessions = ["a", "b"].map((name) => {
    const part = visits.enter("live/cam", name, bytes(1));
    return part.visit.sessions;
  });
  expect(sessions).toEqual([3, 1]);
  visits.close();
  expect(visits.size.past).toBe(0);
});
