import { SignJWT } from "jose";
import { expect, test } from "vitest";
import { FakeClock } from "../core/fake-clock.ts";
import { type AccessSettings, StaticAccess } from "./index.ts";

const secret = "a-secret-that-is-as-long-as-a-digest-of-sha-256";
const startMs = 1_700_000_000_000;
const jwtSettings = { secrets: [secret], publicKeys: [], jwksUrl: "", issuer: "", audience: "" };
const settings: AccessSettings = {
  publishTokens: [],
  playTokens: ["play-token"],
  adminTokens: ["admin-token"],
  publishWithoutToken: "auto",
  playWithoutToken: "auto",
  adminWithoutToken: "auto",
  rules: [{ streams: "lab/*", publishTokens: ["lab-token"] }],
  jwt: jwtSettings,
  cookieSecret: "the-same-after-a-restart",
};
const stranger = { address: "203.0.113.9", addressProven: true };

const jwt = (claims: object, seconds = 600, key = secret): Promise<string> =>
  new SignJWT({ exp: startMs / 1000 + seconds, ...claims })
    .setProtectedHeader({ alg: "HS256" })
    .sign(new TextEncoder().encode(key));

function make(change: Partial<AccessSettings> = {}) {
  const clock = new FakeClock(startMs);
  const { admin } = new StaticAccess({ ...settings, ...change }, clock);
  const outcome = async (shown: { token?: string; pass?: string }): Promise<unknown> => {
    try {
      return await admin.authorize({ ...stranger, token: undefined, ...shown });
    } catch (error) {
      const { code, status } = error as { code: string; status: number };
      return `${code} ${status}`;
    }
  };
  return { admin, clock, outcome };
}

test("tokens of the list, and JSON Web Tokens that say so until they end", async () => {
  const { clock, outcome } = make();
  expect(await outcome({ token: "admin-token" })).toEqual({});
  const good = await jwt({ admin: true });
  expect(await outcome({ token: good })).toEqual({ expiresWallMs: startMs + 600_000 });
  clock.advance(600_000);
  expect(await outcome({ token: good })).toBe("TOKEN_EXPIRED 401");
});

test.each([
  ["nothing", () => undefined, "UNAUTHORIZED 401"],
  ["another word", () => "wrong-token", "UNAUTHORIZED 401"],
  ["a token to watch", () => "play-token", "FORBIDDEN 403"],
  ["a token of a rule", () => "lab-token", "FORBIDDEN 403"],
  ["a JWT for streams", () => jwt({ publish: "*/*", play: "*/*" }), "FORBIDDEN 403"],
  ["a JWT that says it in words", () => jwt({ admin: "true" }), "FORBIDDEN 403"],
  ["a JWT that is over", () => jwt({ admin: true }, -600), "TOKEN_EXPIRED 401"],
  [
    "a JWT of somebody else",
    () => jwt({ admin: true }, 600, secret.repeat(2)),
    "TOKEN_INVALID 401",
  ],
  ["a very long token", () => "x".repeat(5000), "UNAUTHORIZED 401"],
])("%s does not do", async (_name, make_, expected) => {
  const token = await make_();
  expect(await make().outcome(token === undefined ? {} : { token })).toBe(expected);
});

test("without any token here, who shows none is told that none would help", async () => {
  const closed = { adminTokens: [], adminWithoutToken: "nobody" } as const;
  expect(await make({ ...closed, jwt: undefined }).outcome({})).toBe("FORBIDDEN 403");
  expect(await make(closed).outcome({})).toBe("UNAUTHORIZED 401");
});

test("a pass stands for the token as long as it lasts and as the token is there", async () => {
  const { admin, clock, outcome } = make({ loginHours: 1 });
  const { pass, maxAgeSeconds } = await admin.signIn({ ...stranger, token: "admin-token" });
  expect(maxAgeSeconds).toBe(3600);
  expect(pass).not.toContain("admin-token");
  expect(await outcome({ pass })).toEqual({ expiresWallMs: startMs + 3_600_000 });
  expect(await outcome({ token: pass })).toBe("UNAUTHORIZED 401");
  expect(await outcome({ pass: `${pass}x` })).toBe("UNAUTHORIZED 401");
  // After a restart, and after the token was taken away.
  expect(await make().outcome({ pass })).toEqual({ expiresWallMs: startMs + 3_600_000 });
  expect(await make({ adminTokens: ["another"] }).outcome({ pass })).toBe("UNAUTHORIZED 401");
  expect(await make({ cookieSecret: "another-one" }).outcome({ pass })).toBe("UNAUTHORIZED 401");
  clock.advance(3_600_000);
  expect(await outcome({ pass })).toBe("UNAUTHORIZED 401");
});

test("a pass for a JWT ends with it, and with the keys that verify it", async () => {
  const { admin, outcome } = make();
  const token = await jwt({ admin: true });
  const { pass, maxAgeSeconds } = await admin.signIn({ ...stranger, token });
  expect(maxAgeSeconds).toBe(600);
  expect(pass).not.toContain(token.split(".")[2] ?? "");
  expect(await outcome({ pass })).toEqual({ expiresWallMs: startMs + 600_000 });
  const otherKeys = { jwt: { ...jwtSettings, secrets: [`${secret}-2`] } };
  expect(await make(otherKeys).outcome({ pass })).toBe("UNAUTHORIZED 401");
});

test("a pass to watch is none to administer, with the same token and secret", async () => {
  const same = { playTokens: ["one-for-all"], adminTokens: ["one-for-all"] };
  const access = new StaticAccess({ ...settings, ...same }, new FakeClock(startMs));
  const asked = { stream: "live/cam", transport: "webrtc", userAgent: undefined } as const;
  const given = await access.logIn(
    { ...asked, action: "play", address: stranger.address, token: "one-for-all" },
    undefined,
  );
  expect(given?.pass).toBeDefined();
  await expect(
    access.admin.authorize({ ...stranger, token: undefined, pass: given?.pass }),
  ).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  const { pass } = await access.admin.signIn({ ...stranger, token: "one-for-all" });
  const play = { ...asked, action: "play", address: stranger.address, token: pass } as const;
  await expect(access.authorize(play)).rejects.toMatchObject({ code: "UNAUTHORIZED" });
});

test("networks count for passes and for signing in too", async () => {
  const { admin } = make({ adminFrom: ["10.0.0.0/8"] });
  const inside = { address: "10.0.0.1", addressProven: true };
  const { pass } = await admin.signIn({ ...inside, token: "admin-token" });
  await admin.authorize({ ...inside, token: undefined, pass });
  for (const place of [stranger, { ...inside, addressProven: false }]) {
    const forbidden = { code: "ADDRESS_FORBIDDEN" };
    await expect(admin.authorize({ ...place, token: undefined, pass })).rejects.toMatchObject(
      forbidden,
    );
    await expect(admin.signIn({ ...place, token: "admin-token" })).rejects.toMatchObject(forbidden);
  }
});
