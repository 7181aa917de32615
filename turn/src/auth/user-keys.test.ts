import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { methods } from "../stun/index.ts";
import { createUserKeys, issueCredentials, type UserKeys } from "./index.ts";

const realm = "millrace";
const nowSeconds = 1_700_000_000;
const md5 = (text: string): string => createHash("md5").update(text).digest("hex");

interface Setup {
  readonly secrets?: readonly string[];
  readonly users?: readonly (readonly [string, string])[];
  readonly realm?: string;
  readonly maxUsernameBytes?: number;
  readonly maxCachedUsers?: number;
}

function known({ secrets = [], users = [], ...rest }: Setup): {
  keys: UserKeys;
  clock: { ms: number };
} {
  const clock = { ms: nowSeconds * 1000 };
  const keys = createUserKeys({
    realm,
    secrets,
    users: new Map(users),
    wallMs: () => clock.ms,
    ...rest,
  });
  return { keys, clock };
}

/** Keys as hexadecimal text. */
function hexKeys(
  keys: UserKeys,
  username: string,
  method: number = methods.allocate,
): string[] | undefined {
  return keys.find(username, method)?.map(({ key }) => Buffer.from(key).toString("hex"));
}

describe("configured users", () => {
  test("have MD5(user:realm:password) and count for themselves", () => {
    const { keys } = known({ users: [["user", "pass"]], realm: "example.org" });
    expect(hexKeys(keys, "user")).toEqual([md5("user:example.org:pass")]);
    expect(keys.find("user", methods.refresh)?.[0]?.quotaUser).toBe("user");
    expect(keys.find("User", methods.allocate)).toBeUndefined();
    expect(keys.find("user ", methods.allocate)).toBeUndefined();
  });

  test("and realms that are not ASCII are hashed as UTF-8", () => {
    const { keys } = known({ users: [["マトリックス", "TheMatrIX"]], realm: "é-été" });
    const bytes = Buffer.from("マトリックス:é-été:TheMatrIX", "utf8");
    expect(hexKeys(keys, "マトリックス")).toEqual([createHash("md5").update(bytes).digest("hex")]);
  });

  test.each([
    "constructor",
    "__proto__",
    "toString",
    "hasOwnProperty",
    "valueOf",
    "",
    ":",
    "undefined",
  ])("named %j are unknown", (name) => {
    const { keys } = known({ users: [["user", "pass"]], secrets: ["s3cret"] });
    for (const method of Object.values(methods)) {
      expect(keys.find(name, method)).toBeUndefined();
    }
  });

  test("may have such a name when they are configured", () => {
    const { keys } = known({ users: [["__proto__", "pass"]] });
    expect(hexKeys(keys, "__proto__")).toEqual([md5("__proto__:millrace:pass")]);
  });

  test("do not change with the map that they were given in", () => {
    const users = new Map([["user", "pass"]]);
    const keys = createUserKeys({ realm, secrets: [], users, wallMs: () => 0 });
    users.set("other", "pass");
    expect(keys.find("other", methods.allocate)).toBeUndefined();
  });

  test("without name or password, and empty secrets, are refused", () => {
    expect(() => known({ users: [["user", ""]] })).toThrow(RangeError);
    expect(() => known({ users: [["", "pass"]] })).toThrow(RangeError);
    expect(() => known({ secrets: ["good", ""] })).toThrow(RangeError);
  });
});

describe("time-limited users", () => {
  test("have the key of the password that was issued, and count for the part behind the expiry", () => {
    const { keys } = known({ secrets: ["s3cret"] });
    const { username, password } = issueCredentials("s3cret", "alice:tab:2", nowSeconds + 60);
    expect(hexKeys(keys, username)).toEqual([md5(`${username}:${realm}:${password}`)]);
    expect(keys.find(username, methods.allocate)?.[0]?.quotaUser).toBe("alice:tab:2");
  });

  test("may allocate until their time is over, and go on with what they have", () => {
    const { keys, clock } = known({ secrets: ["s3cret"] });
    const username = `${nowSeconds + 60}:alice`;
    clock.ms += 59_999;
    expect(keys.find(username, methods.allocate)).toHaveLength(1);
    clock.ms += 1;
    expect(keys.find(username, methods.allocate)).toBeUndefined();
    for (const method of [methods.refresh, methods.createPermission, methods.channelBind]) {
      expect(keys.find(username, method)).toHaveLength(1);
    }
  });

  test("have one key for each secret, in their order, and none for a secret that is gone", () => {
    const username = `${nowSeconds + 60}:alice`;
    const keyOf = (secret: string): string =>
      md5(`${username}:${realm}:${issueCredentials(secret, "alice", nowSeconds + 60).password}`);
    const both = known({ secrets: ["new", "old"] }).keys;
    expect(hexKeys(both, username)).toEqual([keyOf("new"), keyOf("old")]);
    const rotated = known({ secrets: ["new"] }).keys;
    expect(hexKeys(rotated, username)).toEqual([keyOf("new")]);
  });

  test("are unknown without a secret", () => {
    const { keys } = known({ users: [["user", "pass"]] });
    expect(keys.find(`${nowSeconds + 60}:alice`, methods.allocate)).toBeUndefined();
  });

  test.each([
    "alice",
    ":alice",
    "1700000060:",
    "1700000060",
    "alice:1700000060",
    "-1700000060:alice",
    "+1700000060:alice",
    " 1700000060:alice",
    "1700000060 :alice",
    "1.7e9:alice",
    "1700000060.5:alice",
    "0x7fffffff:alice",
    "17000000600:alice",
    "99999999999999999999:alice",
    "Infinity:alice",
    "NaN:alice",
    "١٧٠٠٠٠٠٠٦٠:alice",
    "\n1700000060:alice",
    "1700000060;alice",
  ])("with the malformed name %j are unknown for every method", (name) => {
    const { keys } = known({ secrets: ["s3cret"] });
    for (const method of Object.values(methods)) {
      expect(keys.find(name, method)).toBeUndefined();
    }
  });

  test("are taken up to the longest name, in bytes", () => {
    const { keys } = known({ secrets: ["s3cret"], maxUsernameBytes: 20 });
    expect(keys.find(`1700000060:${"x".repeat(9)}`, methods.allocate)).toHaveLength(1);
    expect(keys.find(`1700000060:${"x".repeat(10)}`, methods.allocate)).toBeUndefined();
    expect(keys.find("1700000060:ééé12", methods.allocate)).toHaveLength(1);
    expect(keys.find("1700000060:éééé12", methods.allocate)).toBeUndefined();
    const usual = known({ secrets: ["s3cret"] }).keys;
    expect(usual.find(`1700000060:${"x".repeat(497)}`, methods.allocate)).toHaveLength(1);
    expect(usual.find(`1700000060:${"x".repeat(498)}`, methods.allocate)).toBeUndefined();
  });

  test("keep their keys while they are used, and only so many are remembered", () => {
    const { keys, clock } = known({ secrets: ["s3cret"], maxCachedUsers: 4 });
    const name = (user: string): string => `${nowSeconds + 60}:${user}`;
    const first = keys.find(name("a"), methods.allocate);
    for (const other of ["b", "c", "d", "e", "f", "g"]) {
      keys.find(name(other), methods.allocate);
      expect(keys.find(name("a"), methods.allocate)).toBe(first);
    }
    for (const other of ["b", "c", "d", "e", "f", "g"]) keys.find(name(other), methods.allocate);
    const again = keys.find(name("a"), methods.allocate);
    expect(again).not.toBe(first);
    expect(again).toEqual(first);
    clock.ms += 60_000;
    expect(keys.find(name("a"), methods.allocate)).toBeUndefined();
  });
});
