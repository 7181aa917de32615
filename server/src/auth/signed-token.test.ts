import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { AccessRequest } from "../core/ports.ts";
import { SignedTokenReader, signToken } from "./signed-token.ts";

const secret = "a-secret-of-the-back-end";
const now = 1_700_000_000;
const reader = new SignedTokenReader(["the-next-secret", secret], () => now * 1000);
const request: AccessRequest = {
  action: "play",
  stream: "live/cam",
  token: undefined,
  address: "192.0.2.1",
  transport: "http-flv",
  userAgent: undefined,
};
const made = { action: "play", stream: "live/cam", expires: now + 60 } as const;

async function read(token: string, changes: Partial<AccessRequest> = {}): Promise<string> {
  try {
    const rights = await reader.read(token, { ...request, ...changes });
    return rights === undefined ? "none" : `${rights.allows} ${rights.expiresWallMs / 1000 - now}`;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

test("a back end makes one with nothing but HMAC-SHA-256", async () => {
  const body = `sig1.play.${now + 60}`;
  const mac = createHmac("sha256", secret).update(`${body}.live/cam`).digest("hex");
  expect(signToken(secret, made)).toBe(`${body}.${mac}`);
  expect(await read(`${body}.${mac}`)).toBe("true 60");
});

describe("a signed token", () => {
  const token = signToken(secret, made);
  test.each([
    ["is good for its stream", token, {}, "true 60"],
    ["is not good for another stream", token, { stream: "live/cam2" }, "TOKEN_INVALID"],
    ["to play does not publish", token, { action: "publish" }, "false 60"],
    ["to play does not call", token, { action: "call" }, "false 60"],
    ["to publish does not play", signToken(secret, { ...made, action: "publish" }), {}, "false 60"],
    [
      "to publish calls",
      signToken(secret, { ...made, action: "publish" }),
      { action: "call" },
      "true 60",
    ],
    ["of another secret is not", signToken("another-secret", made), {}, "TOKEN_INVALID"],
    ["of the secret before is", signToken("the-next-secret", made), {}, "true 60"],
    ["ends", signToken(secret, { ...made, expires: now }), {}, "TOKEN_EXPIRED"],
    ["for an address", signToken(secret, { ...made, address: "192.0.2.1" }), {}, "true 60"],
    [
      "for an address is good there only",
      signToken(secret, { ...made, address: "192.0.2.1" }),
      { address: "192.0.2.2" },
      "TOKEN_INVALID",
    ],
    ["made longer is not", token.replace(String(now + 60), String(now + 61)), {}, "TOKEN_INVALID"],
    ["with another action is not", token.replace("play", "publish"), {}, "TOKEN_INVALID"],
    ["cut off is not", token.slice(0, -1), {}, "TOKEN_INVALID"],
    ["of another kind is nobody's", "plain-token", {}, "none"],
  ] as const)("%s", async (_, shown, changes, expected) => {
    expect(await read(shown, changes)).toBe(expected);
  });
});

test("without secrets nothing is good", async () => {
  const none = new SignedTokenReader([], () => now * 1000);
  await expect(none.read(signToken("", made), request)).rejects.toMatchObject({
    code: "TOKEN_INVALID",
  });
});
