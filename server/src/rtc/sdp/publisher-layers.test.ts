import { describe, expect, test } from "vitest";
import { answer, published, publisher } from "./test-answer.ts";
import { testOffer } from "./test-offers.ts";

describe("simulcast", () => {
  test("of Chromium is received whole", () => {
    const { text, receives } = published("chromium-simulcast");
    expect(text).toContain("a=rid:l recv\r\na=rid:m recv\r\na=rid:h recv\r\n");
    expect(text).toContain("a=simulcast:recv l;m;h\r\n");
    expect(receives[0]?.encodings).toEqual(
      ["l", "m", "h"].map((rid) => ({ rid, ssrc: undefined, rtxSsrc: undefined })),
    );
  });

  test("keeps a paused layer paused", () => {
    const { text, receives } = published("chromium-simulcast-paused");
    expect(text).toContain("a=simulcast:recv l;~m;h\r\n");
    expect(receives[0]?.encodings.map(({ rid }) => rid)).toEqual(["l", "m", "h"]);
  });

  test("of OBS is received in its order, all four layers", () => {
    const { text, receives } = published("obs-simulcast");
    expect(text).toContain("a=simulcast:recv 0;1;2;3\r\n");
    expect(receives[0]?.mid).toBe("0");
    expect(receives[1]).toMatchObject({ mid: "1", extensions: { mid: 1, rid: 2 } });
    expect(receives[1]?.encodings.map(({ rid }) => rid)).toEqual(["0", "1", "2", "3"]);
  });

  test("of more layers than the limit is received without the last ones", () => {
    const two = answer(testOffer("chromium-simulcast"), publisher(2));
    expect(two.text).toContain("a=simulcast:recv l;m\r\n");
    expect(two.text).not.toContain("a=rid:h");
    expect(two.receives[0]?.encodings).toHaveLength(2);
  });

  test("without the extension that tells layers apart is received as one stream", () => {
    const offer = testOffer("chromium-simulcast").replaceAll(
      /a=extmap:\d+ \S+:rtp-stream-id\r\n/g,
      "",
    );
    const { text, receives } = answer(offer, publisher());
    expect(text).not.toContain("a=simulcast");
    expect(receives[0]?.encodings).toEqual([
      { rid: undefined, ssrc: undefined, rtxSsrc: undefined },
    ]);
  });
});
