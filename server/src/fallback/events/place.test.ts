import type { IncomingMessage } from "node:http";
import { describe, expect, test } from "vitest";
import type { Visit } from "../output.ts";
import { parsePlace, writePlace } from "./place.ts";
import { readHoldMs, readWish } from "./wish.ts";

describe("places", () => {
  test.each([
    [writePlace("aB-_9", 7), { epoch: "aB-_9", seq: 7, media: undefined }],
    [writePlace("e", 0, "f", 12), { epoch: "e", seq: 0, media: { feed: "f", part: 12 } }],
    [writePlace("e", 1, "f"), { epoch: "e", seq: 1, media: undefined }],
  ])("%s", (text, place) => {
    expect(parsePlace(text)).toEqual(place);
  });

  test.each(["7", "e.", ".7", "e.-1", "e.7.f", "e.7.f.", "e.1e3", "e 7", `${"e".repeat(33)}.1`])(
    "%s is the place of no log",
    (text) => {
      expect(parsePlace(text)).toEqual({ epoch: "", seq: 0 });
    },
  );

  test("newcomers have none", () => {
    expect([parsePlace(undefined), parsePlace("")]).toEqual([undefined, undefined]);
  });
});

function visit(query: string, lastEventId?: string, rest = ""): Visit {
  const headers = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
  const request = { headers } as unknown as IncomingMessage;
  return { request, query: new URLSearchParams(query), rest } as unknown as Visit;
}

describe("what is asked for", () => {
  test.each([
    ["", undefined],
    ["media=0", undefined],
    ["media=1", "native"],
    ["media=1&sound=native", "native"],
    ["media=1&sound=aac", "aac"],
    ["sound=aac", undefined],
  ])("%j is %j", (query, sound) => {
    expect(readWish(visit(query)).sound).toBe(sound);
  });

  test("the header of a reconnect is newer than the address", () => {
    expect(readWish(visit("after=e.1", "e.5")).place?.seq).toBe(5);
    expect(readWish(visit("after=e.1", "")).place?.seq).toBe(1);
    expect(readWish(visit("")).place).toBeUndefined();
  });

  test.each([
    ["media=2", "", 400],
    ["media=1&sound=mp3", "", 400],
    ["", "x", 404],
  ])("%j with %j behind the suffix is refused with %i", (query, rest, status) => {
    expect(() => readWish(visit(query, undefined, rest))).toThrow(
      expect.objectContaining({ status }),
    );
  });
});

describe("the hold", () => {
  test.each([
    ["", 25_000],
    ["hold=0", 0],
    ["hold=0.25", 250],
    ["hold=54", 54_000],
    ["hold=55", 54_000],
    ["hold=999999", 54_000],
  ])("%j is %i ms", (query, ms) => {
    expect(readHoldMs(new URLSearchParams(query), 25_000, 54_000)).toBe(ms);
  });

  test.each(["hold=", "hold=-1", "hold=1e9", "hold=x", "hold=1234567"])(
    "%j is refused",
    (query) => {
      expect(() => readHoldMs(new URLSearchParams(query), 25_000, 54_000)).toThrow(
        expect.objectContaining({ code: "QUERY_INVALID" }),
      );
    },
  );

  test("a configured hold is clamped, too", () => {
    expect(readHoldMs(new URLSearchParams(), 120_000, 54_000)).toBe(54_000);
  });
});
