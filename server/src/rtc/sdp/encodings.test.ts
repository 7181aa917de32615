import { parse } from "sdp-transform";
import { expect, test } from "vitest";
import type { ReceiveEncoding } from "../peer.ts";
import { encodingsOf } from "./encodings.ts";

function only(...lines: string[]): ReceiveEncoding | undefined {
  const [media] = parse(["v=0", "m=video 9 UDP/TLS/RTP/SAVPF 96", ...lines].join("\r\n")).media;
  const encodings = media === undefined ? [] : encodingsOf(media, []);
  expect(encodings).toHaveLength(1);
  return encodings[0];
}

test("the SSRC and its retransmissions are those that the offer names", () => {
  expect(only("a=ssrc-group:FID 7 8", "a=ssrc:7 cname:x", "a=ssrc:8 cname:x")).toEqual({
    rid: undefined,
    ssrc: 7,
    rtxSsrc: 8,
  });
});

test("retransmissions and error correction are not taken for the stream, whatever comes first", () => {
  const lines = ["a=ssrc:8 cname:x", "a=ssrc:9 cname:x", "a=ssrc:7 cname:x"];
  expect(only(...lines, "a=ssrc-group:FEC-FR 7 9", "a=ssrc-group:FID 7 8")).toMatchObject({
    ssrc: 7,
    rtxSsrc: 8,
  });
});

test("of simulcast without rids the first layer is taken", () => {
  const encoding = only(
    ...[1, 2, 3, 4, 5, 6].map((ssrc) => `a=ssrc:${ssrc} cname:x`),
    "a=ssrc-group:FID 1 4",
    "a=ssrc-group:FID 2 5",
    "a=ssrc-group:FID 3 6",
    "a=ssrc-group:SIM 2 1 3",
  );
  expect(encoding).toMatchObject({ ssrc: 2, rtxSsrc: 5 });
});

test("an offer need not name any, and one that is no SSRC does not count", () => {
  const none = { rid: undefined, ssrc: undefined, rtxSsrc: undefined };
  expect(only()).toEqual(none);
  expect(only("a=ssrc:0 cname:x", "a=ssrc:4294967296 cname:x")).toEqual(none);
  expect(only("a=ssrc:4294967295 cname:x", "a=ssrc-group:FID 4294967295 0")).toEqual({
    ...none,
    ssrc: 4_294_967_295,
  });
});

test("layers are told by their rid alone", () => {
  const layer = { rid: "h", paused: false, restrictions: undefined };
  const [media] = parse("v=0\r\nm=video 9 x 96\r\na=ssrc:1 cname:x\r\n").media;
  if (media === undefined) throw new Error("no m-line");
  expect(encodingsOf(media, [layer, { ...layer, rid: "l" }])).toEqual([
    { rid: "h", ssrc: undefined, rtxSsrc: undefined },
    { rid: "l", ssrc: undefined, rtxSsrc: undefined },
  ]);
});
