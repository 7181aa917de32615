import { describe, expect, it } from "vitest";
import { TurnOptionsError } from "../options.ts";
import { makeCertificate } from "../test-certificate.ts";
import { keyNames, keys, type Settings } from "./keys.ts";
import { relayOptions } from "./relay-options.ts";

const own = ["127.0.0.1", "::1", "10.0.0.5", "198.51.100.5", "fe80::5", "2001:db8::5"];

function settings(change: Partial<Settings> = {}): Settings {
  const defaults = Object.fromEntries(keyNames.map((name) => [name, keys[name].default]));
  return { ...(defaults as unknown as Settings), "turn.secret": "a-test-secret", ...change };
}

describe("relayOptions", () => {
  it("listens on all addresses and tells the public one of each family", () => {
    expect(relayOptions(settings(), own)).toMatchObject({
      secrets: ["a-test-secret"],
      listen: [
        { protocol: "udp", host: "*", port: 3478 },
        { protocol: "tcp", host: "*", port: 3478 },
      ],
      relayHosts: ["0.0.0.0", "::"],
      announcedIps: ["198.51.100.5", "2001:db8::5"],
      limits: { maxBytesPerSecond: 5_000_000 },
    });
    const addresses = (list: string[]) => relayOptions(settings(), list).announcedIps;
    expect(addresses(["127.0.0.1", "10.0.0.5"])).toEqual(["10.0.0.5"]);
    expect(addresses(["127.0.0.1", "::1"])).toEqual(["127.0.0.1"]);
  });

  it("tells what it is told to tell", () => {
    const options = relayOptions(settings({ "turn.announcedIps": ["203.0.113.7"] }), own);
    expect(options).toMatchObject({ relayHosts: ["0.0.0.0"], announcedIps: ["203.0.113.7"] });
    const bound = { "turn.host": "10.0.0.5", "turn.announcedIps": ["203.0.113.7"] };
    expect(relayOptions(settings(bound), own)).toMatchObject({
      relayHosts: ["10.0.0.5"],
      announcedIps: ["203.0.113.7"],
    });
  });

  it("does not relay for everybody", () => {
    expect(() => relayOptions(settings({ "turn.secret": "" }), own)).toThrow("turn.secret");
    const users = [{ username: "u", password: "p" }];
    expect(relayOptions(settings({ "turn.secret": "", "turn.users": users }), own).users).toEqual(
      users,
    );
    const previous = { "turn.secret": "", "turn.previousSecrets": ["a-test-secret"] };
    expect(relayOptions(settings(previous), own).secrets).toEqual(["a-test-secret"]);
  });

  it("reads certificate and key, and says which of them is missing", () => {
    const { cert, key } = makeCertificate();
    const tls = { "turn.tlsPort": 5349, "turn.cert": "c.pem", "turn.key": "k.pem" };
    const readFile = (path: string): string => (path === "c.pem" ? cert : key);
    const options = relayOptions(settings(tls), own, readFile);
    expect(options.tls).toEqual({ cert, key });
    expect(options.listen[2]).toEqual({ protocol: "tls", host: "*", port: 5349 });
    const missing = (path: string): string => {
      if (path === "c.pem") return cert;
      throw Object.assign(new Error("gone"), { code: "ENOENT" });
    };
    expect(() => relayOptions(settings(tls), own, missing)).toThrow(
      new TurnOptionsError(["turn.key: k.pem cannot be read (ENOENT)."]),
    );
  });
});
