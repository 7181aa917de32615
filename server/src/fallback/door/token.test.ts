import type { IncomingMessage } from "node:http";
import { OriginPolicy, ProxyTrust } from "@millrace/signaling/gate";
import { expect, test } from "vitest";
import { TokenReader } from "./token.ts";

const trust = new ProxyTrust([]);
const read = (headers: Record<string, string>, query = "", origins: "*" | string[] = "*") => {
  const request = {
    headers: { host: "gateway.example", ...headers },
    socket: { remoteAddress: "192.0.2.1" },
  } as unknown as IncomingMessage;
  const reader = new TokenReader(new OriginPolicy(origins, trust), trust);
  return reader.read(request, new URLSearchParams(query));
};

test.each([
  [{ authorization: "Bearer abc" }, "", "abc"],
  [{ authorization: "bearer  abc " }, "token=other", "abc"],
  [{ authorization: "Basic abc" }, "token=def", "def"],
  [{}, "token=d%26f", "d&f"],
  [{ cookie: "a=b; millrace_token=ghi; c=d" }, "", "ghi"],
  [{ cookie: 'millrace_token="g%20i"' }, "", "g i"],
  [{ cookie: "millrace_token=%zz" }, "", "%zz"],
  [{ cookie: "millrace_token=ghi" }, "token=def", "def"],
  [{ cookie: "xmillrace_token=ghi; millrace_token" }, "", undefined],
  [{}, "", undefined],
])("%j and %j show %j", (headers, query, expected) => {
  expect(read(headers as unknown as Record<string, string>, query)).toBe(expected);
});

test("the pass of the form login counts last", () => {
  expect(read({ cookie: "millrace_pass=p" })).toBe("p");
  expect(read({ cookie: "millrace_pass=p; millrace_token=t" })).toBe("t");
  expect(read({ cookie: "millrace_pass=p" }, "token=q")).toBe("q");
  expect(read({ cookie: "millrace_pass=p", origin: "https://evil.example" })).toBeUndefined();
});

test("the cookie of a browser does not count for pages of others", () => {
  const cookie = "millrace_token=ghi";
  expect(read({ cookie, origin: "https://gateway.example" })).toBe("ghi");
  expect(read({ cookie, origin: "https://evil.example" })).toBeUndefined();
  expect(
    read({ cookie, origin: "https://evil.example" }, "", ["https://a.example"]),
  ).toBeUndefined();
  expect(read({ cookie, origin: "https://a.example" }, "", ["https://a.example"])).toBe("ghi");
});
