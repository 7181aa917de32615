import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { issueCredentials } from "./index.ts";

test("credentials are what coturn's use-auth-secret computes", () => {
  expect(issueCredentials("s3cret", "alice", 1_700_000_000)).toEqual({
    username: "1700000000:alice",
    password: "TtElzSjT0GdnTQ9xdcRNxx96yQs=",
  });
});

test("credentials of names and secrets that are not ASCII are made of UTF-8", () => {
  const { username, password } = issueCredentials("clé", "マトリックス", 1);
  expect(username).toBe("1:マトリックス");
  const mac = createHmac("sha1", Buffer.from("clé", "utf8")).update(Buffer.from(username, "utf8"));
  expect(password).toBe(mac.digest("base64"));
});
