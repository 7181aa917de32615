import { expect, it } from "vitest";
import { verdictOf } from "./verdicts.ts";

it.each([
  ["UNAUTHORIZED", "whole"],
  ["FORBIDDEN", "whole"],
  ["STREAM_NAME_INVALID", "whole"],
  ["STREAM_NOT_FOUND", "whole"],
  ["STREAM_ENDED", "whole"],
  ["SERVER_CLOSING", "whole"],
  ["VIEWERS_FULL", "whole"],
  ["WEBRTC_UNSUPPORTED", "unfit"],
  ["MEDIA_UNSUPPORTED", "unfit"],
  ["B_FRAMES", "unfit"],
  ["ICE_FAILED", "rung"],
  ["NO_FIRST_FRAME", "rung"],
  ["CONNECTION_LOST", "rung"],
  ["SERVER_UNREACHABLE", "rung"],
  ["PEERS_FULL", "rung"],
  ["A_CODE_OF_TOMORROW", "rung"],
])("%s speaks for %s", (code, verdict) => {
  expect(verdictOf(code)).toBe(verdict);
});
