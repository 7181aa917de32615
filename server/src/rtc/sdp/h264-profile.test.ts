import fc from "fast-check";
import { expect, test } from "vitest";
import { parseProfileLevelId, profileSuits } from "./h264-profile.ts";

/** RFC 6184 section 8.1, table 5. */
test.each([
  ["42e01f", "constrained-baseline", 31],
  ["42c00b", "constrained-baseline", 11],
  ["42f00b", "constrained-baseline", 9],
  ["4d801e", "constrained-baseline", 30],
  ["58c01e", "constrained-baseline", 30],
  ["42001f", "baseline", 31],
  ["588014", "baseline", 20],
  ["4D0028", "main", 40],
  ["640c2a", "constrained-high", 42],
  ["640033", "high", 51],
  ["f4001f", "high-444", 31],
])("%s is %s at level %d", (text, profile, level) => {
  expect(parseProfileLevelId(text)).toEqual({ profile, level });
});

test.each(["", "42e01", "42e01f0", "42e0zz", "58001f", "6e001f", "7a001f"])(
  "%s is none",
  (text) => {
    expect(parseProfileLevelId(text)).toBeUndefined();
  },
);

test("no profile suits a stream better than its own at its level", () => {
  const known = [
    "42e01f",
    "42001f",
    "4d001f",
    "640c1f",
    "64001f",
    "f4001f",
    "42e00a",
    "640034",
  ].map((text) => parseProfileLevelId(text) ?? { profile: "main" as const, level: 0 });
  const any = fc.constantFrom(...known);
  fc.assert(
    fc.property(any, any, (offered, stream) => {
      expect(profileSuits(stream, stream)).toBeGreaterThanOrEqual(profileSuits(offered, stream));
    }),
  );
});
