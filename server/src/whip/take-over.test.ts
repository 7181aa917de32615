import type { SessionRequest } from "@millrace/signaling/session";
import { describe, expect, test } from "vitest";
import { type Claim, TakeOvers } from "./take-over.ts";

const second = 1_000_000;

function asked(token: string | undefined, more: Partial<SessionRequest> = {}): SessionRequest {
  return {
    action: "publish",
    stream: "live/cam",
    token,
    address: "192.0.2.1",
    transport: "whip",
    userAgent: undefined,
    ...more,
  };
}

/** A stream that is published with the token `T` by the session `first`. */
function published(): { takeOvers: TakeOvers; first: object } {
  const takeOvers = new TakeOvers({ takeOverRestMs: 60_000, maxTakeOverRestMs: 100_000 });
  const first = { name: "first" };
  takeOvers.hold(takeOvers.claim(asked("T"), 0), first, 0);
  return { takeOvers, first };
}

/** The present publisher gives way to a new session, as the gateway does it. */
function succeed(takeOvers: TakeOvers, claim: Claim, old: object, nowUs: number): object {
  expect(claim.takeOver).toBe(true);
  takeOvers.release("live/cam", old);
  const next = {};
  takeOvers.hold(claim, next, nowUs);
  return next;
}

describe("a stream's publisher gives way", () => {
  test.each<[string, SessionRequest, boolean]>([
    ["to its own token", asked("T"), true],
    ["to its own token from another address", asked("T", { address: "198.51.100.1" }), true],
    ["not to another token", asked("U"), false],
    ["not to nobody", asked(undefined), false],
    ["not to an empty token", asked(""), false],
    ["not for another stream", asked("T", { stream: "live/other" }), false],
    ["to whoever asks for it in words", asked("U", { takeOver: true }), true],
    ["not to its own token that asks not to", asked("T", { takeOver: false }), false],
  ])("%s", (_name, request, expected) => {
    expect(published().takeOvers.claim(request, 0).takeOver).toBe(expected);
  });

  test("nobody's token is nobody's own", () => {
    const { takeOvers } = published();
    const open = asked(undefined, { stream: "live/open" });
    takeOvers.hold(takeOvers.claim(open, 0), {}, 0);
    expect(takeOvers.claim(open, 0).takeOver).toBe(false);
  });

  test("only while it publishes", () => {
    const { takeOvers, first } = published();
    takeOvers.release("live/cam", first);
    expect(takeOvers.claim(asked("T"), 0).takeOver).toBe(false);
    expect(takeOvers.size).toBe(0);
  });
});

describe("two encoders with one token", () => {
  test("cannot push each other aside all the time: the wait doubles, up to a limit", () => {
    const { takeOvers, first } = published();
    let nowUs = 0;
    let holder = first;
    for (const waitSeconds of [60, 100, 100]) {
      holder = succeed(takeOvers, takeOvers.claim(asked("T"), nowUs), holder, nowUs);
      expect(takeOvers.claim(asked("T"), nowUs + waitSeconds * second - 1).takeOver).toBe(false);
      nowUs += waitSeconds * second;
    }
    expect(takeOvers.claim(asked("T"), nowUs).takeOver).toBe(true);
  });

  test("whoever asks in words need not wait", () => {
    const { takeOvers, first } = published();
    succeed(takeOvers, takeOvers.claim(asked("T"), 0), first, 0);
    expect(takeOvers.claim(asked("T", { takeOver: true }), 1).takeOver).toBe(true);
  });

  test("an attempt that fails costs no wait", () => {
    const { takeOvers } = published();
    expect(takeOvers.claim(asked("T"), 0).takeOver).toBe(true);
    expect(takeOvers.claim(asked("T"), 1).takeOver).toBe(true);
  });

  test("when all have left, a new start begins anew", () => {
    const { takeOvers, first } = published();
    const next = succeed(takeOvers, takeOvers.claim(asked("T"), 0), first, 0);
    takeOvers.release("live/cam", next);
    takeOvers.hold(takeOvers.claim(asked("T"), 1), {}, 1);
    expect(takeOvers.claim(asked("T"), 2).takeOver).toBe(true);
  });
});

test("the old session keeps its stream when the new one ends before it took it", () => {
  const { takeOvers } = published();
  const claim = takeOvers.claim(asked("T"), 0);
  const next = {};
  takeOvers.hold(claim, next, 0);
  takeOvers.release("live/cam", next);
  takeOvers.release("live/cam", next);
  expect(takeOvers.size).toBe(1);
  expect(takeOvers.claim(asked("T"), 61 * second).takeOver).toBe(true);
});
