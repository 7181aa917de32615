import { expect, it } from "vitest";
import { isFatal, offersTakeOver, publishFailureText } from "./failure.ts";

it("tells what ends a stream from what passes", () => {
  expect(isFatal("TAKEN_OVER")).toBe(true);
  expect(isFatal("ICE_FAILED")).toBe(false);
  expect(isFatal("SOMETHING_NEW")).toBe(false);
});

it("offers to take over only where somebody else is live", () => {
  expect(offersTakeOver("STREAM_BUSY")).toBe(true);
  expect(offersTakeOver("TAKEN_OVER")).toBe(true);
  expect(offersTakeOver("FORBIDDEN")).toBe(false);
});

it("speaks to publishers, not to viewers", () => {
  for (const code of ["UNAUTHORIZED", "SERVER_CLOSING", "SERVER_UNREACHABLE", "SDP_UNSUPPORTED"]) {
    const { title, detail } = publishFailureText(code);
    expect(title).not.toBe("");
    expect(detail).not.toMatch(/playback|viewer|watch/i);
  }
  expect(publishFailureText("DTLS_FAILED").title).toBe("Connection broken");
});

it("shows the server's own sentence for codes that it does not know", () => {
  expect(publishFailureText("LIMIT_OF_YOURS", "You have two streams.")).toEqual({
    title: "Publishing failed",
    detail: "You have two streams.",
  });
});
