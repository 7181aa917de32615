import fc from "fast-check";
import { expect, test } from "vitest";
import { ProtocolError } from "../error/index.ts";
import { decodeBase64 } from "./base64.ts";

/** RFC 4648 section 10. */
test.each([
  ["", ""],
  ["Zg==", "f"],
  ["Zm8=", "fo"],
  ["Zm9v", "foo"],
  ["Zm9vYg==", "foob"],
  ["Zm9vYmE=", "fooba"],
  ["Zm9vYmFy", "foobar"],
])("%j is %j", (text, expected) => {
  expect(new TextDecoder().decode(decodeBase64(text))).toBe(expected);
});

test("all bytes come back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(decodeBase64(Buffer.from(bytes).toString("base64"))).toEqual(bytes);
    }),
  );
});

test.each(["Z", "Zg", "Zg=", "Zm9-", "Zm 9", "=m9v", "Zg==Zg==", "Zh==", "Zm9=", "Zmé=", "===="])(
  "%j is refused",
  (text) => {
    expect(() => decodeBase64(text)).toThrow(ProtocolError);
  },
);
