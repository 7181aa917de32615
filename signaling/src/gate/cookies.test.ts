import { describe, expect, test } from "vitest";
import { CookieGate, cookieValues } from "./cookies.ts";
import { type AllowedOrigins, OriginPolicy, ProxyTrust } from "./index.ts";

const trust = new ProxyTrust([]);
const id = "AbCdEfGhIjKlMnOpQrSt-_";

function gate(origins: AllowedOrigins = "*"): CookieGate {
  return new CookieGate(new OriginPolicy(origins, trust), trust);
}

const request = (headers: Record<string, string>) => ({
  headers: { host: "gateway.example", ...headers },
  socket: { remoteAddress: "192.0.2.1" },
});

test.each([
  [undefined, []],
  ["", []],
  ["a=1", ["1"]],
  ["b=0; a=1;a=2 ; xa=3; a", ["1", "2"]],
  ['a="1"', ['"1"']],
  ["a=1=2", ["1=2"]],
  ["a=", [""]],
])("of %j the values of a are %j", (header, values) => {
  expect(cookieValues(header, "a")).toEqual(values);
});

describe("a pass", () => {
  test("is what the cookie says, of two cookies both", () => {
    const pass = (cookie: string) => gate().pass(request({ cookie }));
    expect(pass("millrace_pass=p1")).toBe("p1");
    expect(pass("millrace_pass=p1; a=b; millrace_pass=p2; millrace_pass=p3")).toBe("p1,p2");
    expect(pass("millrace_token=t")).toBeUndefined();
    expect(gate().pass(request({}))).toBeUndefined();
  });

  test.each([
    [{}, "*", true],
    [{ origin: "https://gateway.example" }, "*", true],
    [{ origin: "https://evil.example" }, "*", false],
    [{ origin: "null" }, "*", false],
    [{ origin: "https://evil.example" }, ["https://partner.example"], false],
    [{ origin: "https://partner.example" }, ["https://partner.example"], true],
    [{ "sec-fetch-site": "same-origin" }, "*", true],
    [{ "sec-fetch-site": "none" }, "*", true],
    // A picture in a page of others.
    [{ "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" }, "*", false],
    [{ "sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors" }, "*", false],
    // A link in one.
    [{ "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" }, "*", true],
  ] as const)("of %j where %j may use us counts: %j", (headers, origins, counts) => {
    const { pass, clientId } = {
      pass: gate(origins).pass(request({ cookie: "millrace_pass=p", ...headers })),
      clientId: gate(origins).clientId(request({ cookie: `millrace_client=${id}`, ...headers })),
    };
    expect([pass, clientId]).toEqual(counts ? ["p", id] : [undefined, undefined]);
  });
});

test("what a client calls itself in the request comes before its cookie, where it is a name at all", () => {
  const shown = (text: string | null) =>
    gate().clientId(request({ cookie: `millrace_client=${id}` }), text);
  expect(shown("a".repeat(16))).toBe("a".repeat(16));
  expect(shown("Z_9-".repeat(16))).toBe("Z_9-".repeat(16));
  for (const text of [null, "", "a".repeat(15), "a".repeat(65), `${"a".repeat(16)}.`]) {
    expect(shown(text)).toBe(id);
  }
});

test("the client's id is taken in the form that we give it only", () => {
  const clientId = (value: string) =>
    gate().clientId(request({ cookie: `millrace_client=${value}` }));
  expect(clientId(id)).toBe(id);
  for (const value of ["", id.slice(1), `${id}A`, `${id.slice(1)}<`]) {
    expect(clientId(value)).toBeUndefined();
  }
});
