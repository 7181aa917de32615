import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, type JWTPayload, SignJWT } from "jose";
import { afterEach, describe, expect, test } from "vitest";
import type { AccessRequest } from "../core/ports.ts";
import { JwtReader, type JwtSettings } from "./jwt.ts";

const now = 1_700_000_000;
const secret = "a-secret-that-is-as-long-as-a-digest-of-sha-256";
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const pem = (key: typeof rsa.publicKey): string =>
  key.export({ type: "spki", format: "pem" }).toString();
const none: JwtSettings = { secrets: [], publicKeys: [], jwksUrl: "", issuer: "", audience: "" };
const all: JwtSettings = {
  ...none,
  secrets: ["an-older-secret-that-is-long-enough", secret],
  publicKeys: [pem(ec.publicKey), pem(rsa.publicKey)],
};
const claims: JWTPayload = { sub: "eva", play: "live/*", publish: ["live/eva", "lab/*"] };

function sign(
  changes: JWTPayload,
  alg = "HS256",
  key: Parameters<SignJWT["sign"]>[0] = new TextEncoder().encode(secret),
  header: { readonly kid?: string } = {},
): Promise<string> {
  return new SignJWT({ exp: now + 60, ...claims, ...changes })
    .setProtectedHeader({ alg, ...header })
    .sign(key);
}

async function read(
  token: string,
  changes: Partial<AccessRequest> = {},
  settings: JwtSettings = all,
): Promise<string> {
  return readBy(new JwtReader(settings, () => now * 1000), token, changes);
}

async function readBy(
  reader: JwtReader,
  token: string,
  changes: Partial<AccessRequest> = {},
): Promise<string> {
  try {
    const rights = await reader.read(token, {
      action: "play",
      stream: "live/cam",
      token,
      address: "192.0.2.1",
      transport: "whep",
      userAgent: undefined,
      ...changes,
    });
    if (rights === undefined) return "none";
    return `${rights.allows} ${rights.user} ${rights.expiresWallMs / 1000 - now}`;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe("a token", () => {
  test.each([
    ["HS256", new TextEncoder().encode(secret)],
    ["HS512", new TextEncoder().encode(secret)],
    ["RS256", rsa.privateKey],
    ["PS384", rsa.privateKey],
    ["ES256", ec.privateKey],
  ] as const)("of %s is read", async (alg, key) => {
    expect(await read(await sign({}, alg, key))).toBe("true eva 60");
  });

  test.each([
    ["plays what it names", { stream: "live/cam" }, "true eva 60"],
    ["plays nothing else", { stream: "private/cam" }, "false eva 60"],
    ["publishes what it names", { action: "publish", stream: "live/eva" }, "true eva 60"],
    ["publishes by pattern", { action: "publish", stream: "lab/1" }, "true eva 60"],
    ["publishes nothing else", { action: "publish", stream: "live/cam" }, "false eva 60"],
    ["calls where it publishes", { action: "call", stream: "lab/1" }, "true eva 60"],
    ["does not call where it plays", { action: "call", stream: "live/cam" }, "false eva 60"],
  ] as const)("%s", async (_, changes, expected) => {
    expect(await read(await sign({}), changes)).toBe(expected);
  });

  test.each([
    ["that has expired", { exp: now - 6 }, "TOKEN_EXPIRED"],
    ["of a clock that is a little off", { exp: now - 4 }, "true eva -4"],
    ["without an end", { exp: undefined }, "TOKEN_INVALID"],
    ["that is not good yet", { nbf: now + 60 }, "TOKEN_INVALID"],
    ["without streams", { play: undefined }, "false eva 60"],
    ["with streams that are none", { play: [7, { a: 1 }] }, "false eva 60"],
    ["without a name", { sub: undefined }, "true undefined 60"],
  ] as const)("%s", async (_, changes, expected) => {
    expect(await read(await sign(changes as JWTPayload))).toBe(expected);
  });

  test("of another secret, another key, an algorithm that is not theirs or no signature is refused", async () => {
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
    expect(await read(await sign({}, "HS256", bytes("another-secret-of-the-same-length!!")))).toBe(
      "TOKEN_INVALID",
    );
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    expect(await read(await sign({}, "ES256", other))).toBe("TOKEN_INVALID");
    // A public key is known to everybody.
    expect(await read(await sign({}, "HS256", bytes(pem(ec.publicKey))))).toBe("TOKEN_INVALID");
    const [, payload] = (await sign({})).split(".");
    const unsigned = Buffer.from('{"alg":"none"}').toString("base64url");
    expect(await read(`${unsigned}.${payload}.`)).toBe("TOKEN_INVALID");
    expect(await read("eyJ.eyJ.x")).toBe("TOKEN_INVALID");
    expect(await read("a-plain-token")).toBe("none");
  });

  test("must be of the issuer and for the audience that are asked for", async () => {
    const settings = { ...all, issuer: "https://login.example", audience: "millrace" };
    const right = { iss: "https://login.example", aud: ["millrace", "other"] };
    expect(await read(await sign(right), {}, settings)).toBe("true eva 60");
    expect(await read(await sign({ ...right, aud: "other" }), {}, settings)).toBe("TOKEN_INVALID");
    expect(await read(await sign({ ...right, iss: "x" }), {}, settings)).toBe("TOKEN_INVALID");
    expect(await read(await sign({}), {}, settings)).toBe("TOKEN_INVALID");
  });
});

test("verified tokens are remembered up to the limit, and no longer than they are good", async () => {
  let wall = now;
  const reader = new JwtReader(all, () => wall * 1000, { maxRemembered: 2 });
  const tokens = await Promise.all(["a", "b", "c"].map((sub) => sign({ sub })));
  for (const token of tokens) expect(await readBy(reader, token)).toMatch(/^true/);
  expect(reader.remembered).toBe(2);
  wall += 61;
  expect(await readBy(reader, tokens[2] ?? "")).toBe("TOKEN_EXPIRED");
  expect(reader.remembered).toBe(1);
});

describe("keys by address", () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  async function serve(
    answer: () => object | undefined,
  ): Promise<{ url: string; asked: number[] }> {
    const asked: number[] = [];
    server = createServer((_, response) => {
      asked.push(1);
      const body = answer();
      if (body === undefined) response.writeHead(500).end();
      else response.setHeader("Content-Type", "application/json").end(JSON.stringify(body));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`, asked };
  }

  test("are fetched once for many tokens, and a key without a name is found", async () => {
    const keys = [await exportJWK(ec.publicKey), await exportJWK(rsa.publicKey)];
    const second = generateKeyPairSync("ec", { namedCurve: "P-256" });
    keys.unshift(await exportJWK(second.publicKey));
    const { url, asked } = await serve(() => ({ keys }));
    const reader = new JwtReader({ ...none, jwksUrl: url }, () => now * 1000);
    expect(await readBy(reader, await sign({}, "RS256", rsa.privateKey))).toBe("true eva 60");
    expect(await readBy(reader, await sign({}, "ES256", ec.privateKey))).toBe("true eva 60");
    expect(await readBy(reader, await sign({}, "ES256", second.privateKey))).toBe("true eva 60");
    const stranger = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    expect(await readBy(reader, await sign({}, "ES256", stranger))).toBe("TOKEN_INVALID");
    expect(await readBy(reader, await sign({ sub: "x" }))).toBe("TOKEN_INVALID");
    expect(asked).toHaveLength(1);
  });

  test("a key that is new is fetched, and names that nobody has do not make it ask each time", async () => {
    const keys = [{ ...(await exportJWK(ec.publicKey)), kid: "old" }];
    const { url, asked } = await serve(() => ({ keys }));
    const reader = new JwtReader({ ...none, jwksUrl: url }, () => now * 1000, {
      keysCooldownMs: 0,
    });
    const token = (kid: string) => sign({ sub: kid }, "ES256", ec.privateKey, { kid });
    expect(await readBy(reader, await token("old"))).toBe("true old 60");
    keys.push({ ...(await exportJWK(ec.publicKey)), kid: "new" });
    expect(await readBy(reader, await token("new"))).toBe("true new 60");
    expect(asked).toHaveLength(2);
    const patient = new JwtReader({ ...none, jwksUrl: url }, () => now * 1000);
    for (const kid of ["old", "x", "y", "z"]) await readBy(patient, await token(kid));
    expect(asked).toHaveLength(3);
  });

  test("that cannot be had let nobody in", async () => {
    const { url } = await serve(() => undefined);
    const token = await sign({}, "ES256", ec.privateKey);
    expect(await read(token, {}, { ...none, jwksUrl: url })).toBe("ACCESS_UNAVAILABLE");
    server?.close();
    expect(await read(token, {}, { ...none, jwksUrl: "http://127.0.0.1:9/keys" })).toBe(
      "ACCESS_UNAVAILABLE",
    );
  });
});

test("maxBitrateBps bounds what a publisher may send; one that is no bit rate makes the token none", async () => {
  const reader = new JwtReader(all, () => now * 1000);
  const request: AccessRequest = {
    action: "publish",
    stream: "live/eva",
    address: "192.0.2.1",
    transport: "whip",
    token: undefined,
    userAgent: undefined,
  };
  const rights = await reader.read(await sign({ maxBitrateBps: 4_000_000 }), request);
  expect(rights).toMatchObject({ allows: true, maxBitrateBps: 4_000_000 });
  for (const maxBitrateBps of [0, -1, "4000000", null]) {
    const token = await sign({ maxBitrateBps });
    await expect(reader.read(token, request)).rejects.toMatchObject({ code: "TOKEN_INVALID" });
  }
});
