import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessSettings, opennessOf } from "./access-settings.ts";
import { loadConfig } from "./config/index.ts";

const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const publicPem = publicKey.export({ type: "spki", format: "pem" }).toString();
const privatePem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const nobodyElse = { decides: () => false };
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-keys-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(content: string): Promise<unknown> {
  const path = join(folder, "keys.pem");
  await writeFile(path, content);
  const { config } = loadConfig({ args: [`--auth-jwt-public-keys=${path}`], readFile: () => "" });
  try {
    return accessSettings(config, nobodyElse).jwt?.publicKeys.length;
  } catch (error) {
    return (error as Error).message.replace(path, "FILE");
  }
}

test("public keys are read from a file, several if there are", async () => {
  expect(await read(publicPem)).toBe(1);
  expect(await read(`# ours\n${publicPem}\n# theirs\n${publicPem}`)).toBe(2);
});

test("a file that will not do is named with the reason", async () => {
  expect(await read("nothing")).toBe("auth.jwtPublicKeys is FILE, which has no PEM block.");
  expect(await read(privatePem)).toBe("auth.jwtPublicKeys is FILE, which has a private key in it.");
  expect(await read(publicPem.replace(/MFk/, "AAAA"))).toBe(
    "auth.jwtPublicKeys is FILE, which has a PEM block that is no public key.",
  );
  const { config } = loadConfig({
    args: ["--auth-jwt-public-keys=/nowhere/keys.pem"],
    readFile: () => "",
  });
  expect(() => accessSettings(config, nobodyElse)).toThrow("which cannot be read");
});

test("where a hook decides, everybody gets through to it until there is a token", () => {
  const openness = (...args: readonly string[]) =>
    opennessOf(loadConfig({ args, readFile: () => "" }).config, { decides: () => true });
  expect(openness()).toEqual({ publish: "hook", play: "hook", admin: "loopback" });
  expect(openness("--auth-publish-tokens=studio-token")).toMatchObject({ publish: "nobody" });
  expect(openness("--auth-play-tokens=play-token")).toMatchObject({ play: "nobody" });
  expect(openness("--auth-play-without-token=private")).toMatchObject({ play: "private" });
});
