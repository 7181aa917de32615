import { describe, expect, test } from "vitest";
import { OriginPolicy } from "./origin-policy.ts";
import { type GateRequest, ProxyTrust } from "./proxy-trust.ts";

function request(
  remoteAddress: string | undefined,
  headers: Record<string, string> = {},
): GateRequest {
  return { headers, socket: { remoteAddress } };
}

describe("the client's address", () => {
  const trust = new ProxyTrust(["loopback", "10.0.0.0/8", "2001:db8::/32"]);

  test.each([
    ["192.0.2.1", undefined, "192.0.2.1"],
    ["::ffff:192.0.2.1", undefined, "192.0.2.1"],
    // An untrusted peer cannot say that it is somebody else.
    ["192.0.2.1", "198.51.100.1", "192.0.2.1"],
    ["127.0.0.1", "198.51.100.1", "198.51.100.1"],
    ["::1", "198.51.100.1", "198.51.100.1"],
    ["::ffff:10.1.2.3", "198.51.100.1:4711", "198.51.100.1"],
    ["2001:db8::9", "[2001:db9::1]:443", "2001:db9::1"],
    // What the client itself wrote stands left of what the proxies wrote.
    ["10.0.0.1", "203.0.113.9, 198.51.100.1, 10.9.9.9", "198.51.100.1"],
    ["10.0.0.1", "10.0.0.2", "10.0.0.2"],
    ["10.0.0.1", "garbage", "10.0.0.1"],
    ["10.0.0.1", "", "10.0.0.1"],
    ["10.0.0.1", "198.51.100.1, unknown", "10.0.0.1"],
    [undefined, "198.51.100.1", "unknown"],
  ])("peer %s, forwarded for %s: %s", (peer, forwarded, expected) => {
    const headers = forwarded === undefined ? {} : { "x-forwarded-for": forwarded };
    expect(trust.clientAddress(request(peer, headers))).toBe(expected);
  });

  test("endless forwarding chains are followed 32 hops at most", () => {
    const chain = ["198.51.100.1", ...Array(40).fill("10.0.0.3")].join(",");
    expect(trust.clientAddress(request("10.0.0.1", { "x-forwarded-for": chain }))).toBe("10.0.0.3");
  });

  test.each(["10.0.0.0/33", "300.1.1.1", "example.org", "10.0.0.0/8/8", "10.0.0.0/", "::/129"])(
    "%s is no proxy",
    (entry) => {
      expect(() => new ProxyTrust([entry])).toThrow(RangeError);
    },
  );
});

describe("a proxy on this machine that nobody declared", () => {
  const nobody = new ProxyTrust([]);

  test.each(["127.0.0.1", "::1", "::ffff:127.0.0.1"])("%s lends nobody its address", (peer) => {
    for (const name of ["x-forwarded-for", "forwarded", "x-real-ip", "via"]) {
      expect(nobody.clientAddress(request(peer, { [name]: "127.0.0.1" }))).toBe("unknown");
    }
    expect(nobody.clientAddress(request(peer))).toMatch(/^(127\.0\.0\.1|::1)$/);
  });

  test("is one only where it is on this machine", () => {
    const headers = { "x-forwarded-for": "198.51.100.1" };
    expect(nobody.clientAddress(request("192.0.2.1", headers))).toBe("192.0.2.1");
  });
});

describe("the path prefix", () => {
  const trust = new ProxyTrust(["loopback"]);

  test.each([
    ["127.0.0.1", "/gateway", "/gateway"],
    ["127.0.0.1", "/a/b/", "/a/b"],
    ["127.0.0.1", "/outer, /inner", "/outer"],
    ["127.0.0.1", "", ""],
    ["127.0.0.1", "//evil.example", ""],
    ["127.0.0.1", "/a/../b", ""],
    ["127.0.0.1", "/a\r\nSet-Cookie: x", ""],
    ["127.0.0.1", `/${"a".repeat(256)}`, ""],
    ["192.0.2.1", "/gateway", ""],
  ])("peer %s, prefix %j: %j", (peer, prefix, expected) => {
    expect(trust.prefix(request(peer, { "x-forwarded-prefix": prefix }))).toBe(expected);
  });
});

describe("origins", () => {
  const trust = new ProxyTrust(["loopback"]);
  const listed = new OriginPolicy(["https://player.example"], trust);

  test.each([
    [undefined, true],
    ["https://player.example", true],
    ["http://player.example", false],
    ["https://player.example.evil", false],
    ["http://gateway.example:8080", true],
    ["http://gateway.example", false],
    ["https://GATEWAY.example:8080", true],
    ["null", false],
    ["", false],
    ["garbage", false],
  ])("%s on gateway.example:8080 → %s", (origin, allowed) => {
    const headers: Record<string, string> = { host: "gateway.example:8080" };
    if (origin !== undefined) headers["origin"] = origin;
    expect(listed.allows(request("192.0.2.1", headers))).toBe(allowed);
    const echoed = origin !== undefined && allowed ? origin : undefined;
    expect(listed.allowOrigin(request("192.0.2.1", headers))).toBe(echoed);
  });

  test("behind a trusted proxy our host is the one that the client asked for", () => {
    const headers = {
      origin: "https://public.example",
      host: "127.0.0.1:8080",
      "x-forwarded-host": "public.example",
    };
    expect(listed.allows(request("127.0.0.1", headers))).toBe(true);
    expect(listed.allows(request("192.0.2.1", headers))).toBe(false);
  });

  test("the default port counts as none", () => {
    const headers = { origin: "https://gateway.example", host: "gateway.example:443" };
    expect(listed.allows(request("192.0.2.1", headers))).toBe(true);
  });

  test("* allows every page, also one without an origin of its own", () => {
    const any = new OriginPolicy("*", trust);
    const headers = { origin: "null", host: "gateway.example" };
    expect(any.allows(request("192.0.2.1", headers))).toBe(true);
    expect(any.allowOrigin(request("192.0.2.1", headers))).toBe("*");
  });

  test.each(["player.example", "https://player.example/path", "file:///x", ""])(
    "%j is no origin",
    (origin) => {
      expect(() => new OriginPolicy([origin], trust)).toThrow(RangeError);
    },
  );
});

describe("the scheme", () => {
  const trust = new ProxyTrust(["10.0.0.1"]);

  test.each([
    ["10.0.0.1", "https", "https"],
    ["10.0.0.1", "HTTPS, http", "https"],
    ["10.0.0.1", "http", "http"],
    ["10.0.0.1", "gopher", "http"],
    ["203.0.113.9", "https", "http"],
  ])("peer %s, forwarded %j: %s", (peer, proto, expected) => {
    expect(trust.scheme(request(peer, { "x-forwarded-proto": proto }))).toBe(expected);
  });

  test("is that of the connection without a proxy", () => {
    const socket = { remoteAddress: "203.0.113.9", encrypted: true };
    expect(trust.scheme({ headers: { "x-forwarded-proto": "http" }, socket })).toBe("https");
  });
});
