import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Nonces } from "./index.ts";

const path = "udp 192.0.2.1 5000 203.0.113.1 3478";
const ttlMs = 60_000;

function clocked(secret?: Uint8Array): { nonces: Nonces; clock: { ms: number } } {
  const clock = { ms: 1_700_000_000_000 };
  return { clock, nonces: new Nonces({ secret, ttlMs, wallMs: () => clock.ms }) };
}

describe("a nonce", () => {
  test("is valid on its path until its time is over, then stale", () => {
    const { nonces, clock } = clocked();
    const nonce = nonces.issue(path);
    expect(nonces.check(nonce, path)).toBe("valid");
    clock.ms += ttlMs - 1;
    expect(nonces.check(nonce, path)).toBe("valid");
    clock.ms += 1;
    expect(nonces.check(nonce, path)).toBe("stale");
  });

  test("is wrong on every other path", () => {
    const { nonces } = clocked();
    const nonce = nonces.issue(path);
    for (const other of ["", "x", `${path} `, path.replace("5000", "5001"), path.slice(0, -1)]) {
      expect(nonces.check(nonce, other), other).toBe("wrong");
    }
  });

  test("of a clock that was ahead is stale", () => {
    const { nonces, clock } = clocked();
    const nonce = nonces.issue(path);
    clock.ms -= 1;
    expect(nonces.check(nonce, path)).toBe("stale");
  });

  test("has 24 ASCII characters that need no quoting, and differs by time", () => {
    const { nonces, clock } = clocked();
    const nonce = nonces.issue(path);
    expect(nonce).toMatch(/^[A-Za-z0-9_-]{24}$/);
    clock.ms += 1;
    expect(nonces.issue(path)).not.toBe(nonce);
  });

  test("is wrong with any character changed, added or left out", () => {
    const { nonces } = clocked();
    const nonce = nonces.issue(path);
    for (let i = 0; i < nonce.length; i++) {
      for (const character of "AZaz09-_+/=é\u0141 ") {
        if (character === nonce[i]) continue;
        const tampered = nonce.slice(0, i) + character + nonce.slice(i + 1);
        expect(nonces.check(tampered, path), tampered).toBe("wrong");
      }
      expect(nonces.check(nonce.slice(0, i) + nonce.slice(i + 1), path)).toBe("wrong");
    }
    expect(nonces.check(`${nonce}=`, path)).toBe("wrong");
    expect(nonces.check(`${nonce}AAAA`, path)).toBe("wrong");
  });

  test("with another time is wrong, not valid for longer", () => {
    const { nonces, clock } = clocked();
    const bytes = Buffer.from(nonces.issue(path), "base64url");
    clock.ms += ttlMs;
    bytes.writeUIntBE(clock.ms, 0, 6);
    expect(nonces.check(bytes.toString("base64url"), path)).toBe("wrong");
  });

  test("that names a member of every object is wrong", () => {
    const { nonces } = clocked();
    for (const nonce of ["constructor", "__proto__", "toString", ""]) {
      expect(nonces.check(nonce, path)).toBe("wrong");
    }
  });

  test("is good for whoever has the secret, and for nobody else", () => {
    const secret = new Uint8Array(32).fill(1);
    const nonce = clocked(secret).nonces.issue(path);
    expect(clocked(secret).nonces.check(nonce, path)).toBe("valid");
    expect(clocked(new Uint8Array(32).fill(2)).nonces.check(nonce, path)).toBe("wrong");
    expect(clocked().nonces.check(nonce, path)).toBe("wrong");
  });

  test("of arbitrary text is wrong", () => {
    const { nonces } = clocked();
    const text = fc.oneof(fc.string(), fc.string({ minLength: 24, maxLength: 24, unit: "binary" }));
    fc.assert(
      fc.property(text, (nonce) => {
        expect(nonces.check(nonce, path)).toBe("wrong");
      }),
    );
  });
});

test("a secret that is too short and a time of nothing are refused", () => {
  const wallMs = (): number => 0;
  expect(() => new Nonces({ secret: new Uint8Array(15), ttlMs, wallMs })).toThrow(RangeError);
  expect(() => new Nonces({ secret: new Uint8Array(16), ttlMs, wallMs })).not.toThrow();
  for (const bad of [0, -1, Number.NaN]) {
    expect(() => new Nonces({ ttlMs: bad, wallMs })).toThrow(RangeError);
  }
});
