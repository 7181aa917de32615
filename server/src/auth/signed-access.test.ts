import { SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { FakeClock } from "../core/fake-clock.ts";
import type { AccessRequest } from "../core/ports.ts";
import { signToken } from "./signed-token.ts";
import { type AccessSettings, StaticAccess } from "./static-access.ts";

const settings: AccessSettings = {
  publishTokens: ["studio-token"],
  playTokens: [],
  adminTokens: ["admin-token"],
  publishWithoutToken: "auto",
  playWithoutToken: "auto",
  adminWithoutToken: "auto",
  rules: [{ streams: "open/*", playWithoutToken: "anybody" }],
};
const signing = "a-secret-of-the-back-end";
const jwtSecret = "a-secret-that-is-as-long-as-a-digest-of-sha-256";
const jwt = { secrets: [jwtSecret], publicKeys: [], jwksUrl: "", issuer: "", audience: "" };
const clock = new FakeClock();
const now = Math.floor(clock.wallMs() / 1000);

const request: AccessRequest = {
  action: "play",
  stream: "live/cam",
  token: undefined,
  address: "192.0.2.1",
  transport: "whep",
  userAgent: undefined,
};

async function ask(
  changes: Partial<AccessSettings>,
  asked: Partial<AccessRequest>,
): Promise<unknown> {
  try {
    const access = new StaticAccess({ ...settings, ...changes }, clock);
    return (await access.authorize({ ...request, ...asked })) ?? "ok";
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const signed = (action: "play" | "publish", stream = "live/cam") =>
  signToken(signing, { action, stream, expires: now + 60 });
const tokenOf = (claims: object) =>
  new SignJWT({ exp: now + 60, sub: "eva", ...claims })
    .setProtectedHeader({ alg: "HS256" })
    .sign(new TextEncoder().encode(jwtSecret));

describe("signed tokens", () => {
  const with_ = { signingSecrets: [signing] };
  test("are needed as soon as there is a secret, but not where a rule says so", async () => {
    expect(await ask({}, {})).toBe("ok");
    expect(await ask(with_, {})).toBe("UNAUTHORIZED");
    expect(await ask(with_, { stream: "open/cam" })).toBe("ok");
  });

  test("let in until they end", async () => {
    const grant = { stream: "live/cam", expiresWallMs: (now + 60) * 1000 };
    expect(await ask(with_, { token: signed("play") })).toMatchObject(grant);
    expect(await ask(with_, { token: signed("publish"), action: "publish" })).toMatchObject(grant);
    expect(await ask(with_, { token: signed("publish") })).toBe("FORBIDDEN");
    expect(await ask(with_, { token: signed("play"), stream: "live/b" })).toBe("TOKEN_INVALID");
    expect(await ask(with_, { token: signed("play"), action: "publish" })).toBe("FORBIDDEN");
  });

  test("stand beside plain tokens", async () => {
    expect(await ask(with_, { token: "studio-token", action: "publish" })).toBe("ok");
    expect(await ask(with_, { token: "studio-token" })).toBe("FORBIDDEN");
    expect(await ask(with_, { token: "nothing-known" })).toBe("UNAUTHORIZED");
  });

  test("typed into the form of a page are their own pass", async () => {
    const access = new StaticAccess({ ...settings, ...with_ }, clock);
    const token = signed("play");
    expect(await access.logIn({ ...request, token }, undefined)).toEqual({
      pass: token,
      maxAgeSeconds: 60,
    });
  });
});

describe("JSON Web Tokens", () => {
  test("let in where they say, tell who it is and when it ends", async () => {
    const token = await tokenOf({ play: "live/*" });
    expect(await ask({ jwt }, { token })).toEqual({
      stream: "live/cam",
      user: "eva",
      expiresWallMs: (now + 60) * 1000,
    });
    expect(await ask({ jwt }, { token, action: "publish" })).toBe("FORBIDDEN");
    expect(await ask({ jwt }, { token, stream: "private/cam" })).toBe("FORBIDDEN");
    expect(await ask({ jwt }, { token: await tokenOf({ play: "*/*", exp: now - 60 }) })).toBe(
      "TOKEN_EXPIRED",
    );
    expect(await ask({ jwt }, {})).toBe("UNAUTHORIZED");
  });

  test("longer than the limit are not looked at", async () => {
    const token = await tokenOf({ play: "live/*", padding: "x".repeat(4096) });
    expect(await ask({ jwt }, { token })).toBe("UNAUTHORIZED");
  });
});

describe("networks", () => {
  test.each([
    ["inside", "10.1.2.3", "ok"],
    ["inside, over IPv6", "::ffff:10.1.2.3", "ok"],
    ["a single address", "192.0.2.9", "ok"],
    ["IPv6", "2001:db8::7", "ok"],
    ["outside", "192.0.2.1", "ADDRESS_FORBIDDEN"],
    ["nowhere", "", "ADDRESS_FORBIDDEN"],
  ])("%s", async (_, address, expected) => {
    const playFrom = ["10.0.0.0/8", "192.0.2.9", "2001:db8::/32"];
    expect(await ask({ playFrom }, { address })).toBe(expected);
    const rules = [{ streams: "live/*", playFrom }];
    expect(await ask({ rules }, { address })).toBe(expected);
    expect(await ask({ rules }, { address, stream: "other/cam" })).toBe("ok");
  });

  test("count with a token too, each for its own action", async () => {
    const publishFrom = ["10.0.0.0/8"];
    const publishing = { action: "publish", token: "studio-token" } as const;
    expect(await ask({ publishFrom }, publishing)).toBe("ADDRESS_FORBIDDEN");
    expect(await ask({ publishFrom }, { ...publishing, address: "10.0.0.1" })).toBe("ok");
    expect(await ask({ publishFrom }, {})).toBe("ok");
  });

  test("count for administrators, whose address must be proven", async () => {
    const access = new StaticAccess({ ...settings, adminFrom: ["10.0.0.0/8"] }, clock);
    const asked = { token: "admin-token", address: "10.0.0.1", addressProven: true };
    await access.admin.authorize(asked);
    for (const change of [{ address: "192.0.2.1" }, { addressProven: false }]) {
      await expect(access.admin.authorize({ ...asked, ...change })).rejects.toMatchObject({
        code: "ADDRESS_FORBIDDEN",
      });
    }
  });
});

test("10,000 rules and 10,000 tokens", async () => {
  const many = Array.from({ length: 10_000 }, (_, i) => i);
  const access = new StaticAccess(
    {
      ...settings,
      playTokens: many.map((i) => `token-${i}`),
      rules: many.map((i) => ({ streams: `live/cam${i}`, playTokens: [`cam-token-${i}`] })),
    },
    clock,
  );
  const asked = { ...request, stream: "live/cam9999" };
  await access.authorize({ ...asked, token: "cam-token-9999" });
  await expect(access.authorize({ ...asked, token: "token-9999" })).rejects.toMatchObject({
    code: "UNAUTHORIZED",
  });
  await access.authorize({ ...asked, stream: "live/other", token: "token-9999" });
});
