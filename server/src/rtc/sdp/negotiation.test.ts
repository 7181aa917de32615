import { ProtocolError } from "@millrace/media/error";
import fc from "fast-check";
import { parse } from "sdp-transform";
import { describe, expect, test, vi } from "vitest";
import { answer, publisher, viewer } from "./test-answer.ts";
import { CHROMIUM_OFFER } from "./test-chromium-offer.ts";
import { testOffer } from "./test-offers.ts";

vi.setConfig({ testTimeout: 30_000 });

describe("a later offer", () => {
  test("keeps SSRCs, CNAME and tracks, and counts the version", () => {
    const sender = viewer();
    const first = answer(CHROMIUM_OFFER, sender);
    const second = answer(CHROMIUM_OFFER, sender);
    expect(second.media).toEqual(first.media);
    expect(second.sdp.media.map((line) => line.msid)).toEqual(
      first.sdp.media.map((line) => line.msid),
    );
    expect(second.sdp.origin.sessionId).toBe(first.sdp.origin.sessionId);
    expect(second.sdp.origin.sessionVersion).toBe(first.sdp.origin.sessionVersion + 1);
  });

  test("with other ICE credentials is a restart, with the same it is none", () => {
    const sender = viewer();
    answer(CHROMIUM_OFFER, sender);
    expect(sender.propose(CHROMIUM_OFFER).restartsIce).toBe(false);
    expect(sender.propose(CHROMIUM_OFFER.replaceAll("4JEK", "5JEK")).restartsIce).toBe(true);
    expect(sender.restartIce("5JEK", "x".repeat(22))).toBe(true);
    expect(sender.restartIce("5JEK", "x".repeat(22))).toBe(false);
    expect(() => viewer().restartIce("5JEK", "x".repeat(22))).toThrow(ProtocolError);
  });

  test("may pause, and take up again with the same SSRC", () => {
    const sender = viewer();
    const first = answer(CHROMIUM_OFFER, sender);
    const paused = answer(CHROMIUM_OFFER.replaceAll("a=recvonly", "a=inactive"), sender);
    expect(paused.media).toEqual([]);
    expect(answer(CHROMIUM_OFFER, sender).media).toEqual(first.media);
  });

  test("that cannot be answered leaves everything as it was", () => {
    const sender = viewer();
    const first = answer(CHROMIUM_OFFER, sender);
    const bad = [
      CHROMIUM_OFFER.replaceAll(/(a=fingerprint:sha-256) ../g, "$1 00"),
      CHROMIUM_OFFER.replaceAll("actpass", "passive"),
      CHROMIUM_OFFER.slice(0, CHROMIUM_OFFER.indexOf("m=audio")),
    ];
    for (const offer of bad) expect(() => sender.propose(offer)).toThrow(ProtocolError);
    expect(sender.media).toEqual(first.media);
    expect(answer(CHROMIUM_OFFER, sender).sdp.origin.sessionVersion).toBe(2);
  });
});

describe("a later offer's m-lines", () => {
  const invalid = expect.objectContaining({ code: "SDP_INVALID" });

  test("keep the one that carries the transport", () => {
    const sender = viewer();
    const first = answer(CHROMIUM_OFFER, sender);
    const without = CHROMIUM_OFFER.replace("m=video 9", "m=video 0").replace(
      "BUNDLE 0 1",
      "BUNDLE 1",
    );
    expect(() => sender.propose(without)).toThrow(
      expect.objectContaining({
        code: "SDP_UNSUPPORTED",
        message: expect.stringMatching(/m-line 0/),
      }),
    );
    expect(sender.media).toEqual(first.media);
    const inactive = CHROMIUM_OFFER.replace("a=recvonly", "a=inactive");
    expect(answer(inactive, sender).media.map(({ kind }) => kind)).toEqual(["audio"]);
  });

  test("are those of before: one in use is not renamed, nor made another kind", () => {
    const sender = viewer();
    answer(CHROMIUM_OFFER, sender);
    const renamed = CHROMIUM_OFFER.replace("BUNDLE 0 1", "BUNDLE 0 5").replace(
      "a=mid:1",
      "a=mid:5",
    );
    expect(() => sender.propose(renamed)).toThrow(invalid);
    const [head = "", video = "", audio = ""] = CHROMIUM_OFFER.split(/(?=m=)/);
    expect(() => sender.propose(head + audio + video)).toThrow(invalid);
    expect(sender.propose(CHROMIUM_OFFER).planned).toHaveLength(2);
  });

  test("may become others once they were rejected", () => {
    const sender = viewer();
    const rejected = CHROMIUM_OFFER.replace("m=audio 9", "m=audio 0").replace("0 1", "0");
    answer(CHROMIUM_OFFER, sender);
    answer(rejected, sender);
    const recycled = CHROMIUM_OFFER.replace("BUNDLE 0 1", "BUNDLE 0 5").replace(
      "a=mid:1",
      "a=mid:5",
    );
    expect(answer(recycled, sender).media.map(({ mid }) => mid)).toEqual(["0", "5"]);
  });
});

test("two senders never share an SSRC or CNAME", () => {
  const media = [viewer(), viewer()].flatMap((sender) => answer(CHROMIUM_OFFER, sender).media);
  const ssrcs = media.flatMap(({ ssrc, rtx }) => (rtx === undefined ? [ssrc] : [ssrc, rtx.ssrc]));
  expect(new Set(ssrcs).size).toBe(6);
  expect(new Set(media.map(({ cname }) => cname)).size).toBe(2);
});

describe.each([
  ["viewer", viewer, CHROMIUM_OFFER],
  ["viewer with data", viewer, testOffer("chromium-viewer-data")],
  ["publisher", publisher, testOffer("chromium-simulcast-paused")],
  ["publisher with data", publisher, testOffer("chromium-data")],
  ["Firefox that publishes", publisher, testOffer("firefox")],
  ["OBS", publisher, testOffer("obs-simulcast")],
  ["GStreamer", publisher, testOffer("gstreamer")],
] as const)("the offer of a %s", (_name, negotiation, offered) => {
  const lines = offered.split("\r\n");
  const change = fc.oneof(
    fc.constantFrom(...lines),
    fc
      .nat(lines.length - 1)
      .chain((at) => fc.nat(lines[at]?.length ?? 0).map((cut) => (lines[at] ?? "").slice(0, cut))),
    fc.string({ maxLength: 20 }).map((text) => `a=${text}`),
  );

  test("with any lines changed is answered line for line, or refused", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(lines.length - 1), change), { maxLength: 4 }),
        (changes) => {
          const changed = [...lines];
          for (const [at, line] of changes) changed[at] = line;
          const offer = changed.join("\r\n");
          const state = negotiation();
          try {
            const { sdp } = answer(offer, state);
            expect(sdp.media.map((line) => line.type)).toEqual(
              parse(offer).media.map((line) => line.type),
            );
            answer(offered, state);
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError);
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});
