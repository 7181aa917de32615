import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readCertificate } from "./certificate.ts";
import { checkTurnOptions, isSubnet, TurnOptionsError, type TurnOptionsInput } from "./options.ts";
import { defaultTurnLimits } from "./relay/turn-options.ts";
import { makeCertificate } from "./test-certificate.ts";

const good: TurnOptionsInput = {
  secrets: ["a-test-secret"],
  listen: [{ protocol: "udp", host: "*", port: 3478 }],
  announcedIps: ["203.0.113.7"],
};

function problems(change: object, base: object = good): readonly string[] {
  try {
    checkTurnOptions({ ...base, ...change } as TurnOptionsInput);
  } catch (error) {
    if (error instanceof TurnOptionsError) return error.problems;
    throw error;
  }
  return [];
}

describe("checkTurnOptions", () => {
  it("fills in the defaults", () => {
    expect(checkTurnOptions(good)).toEqual({
      dataPath: "auto",
      realm: "millrace",
      secrets: ["a-test-secret"],
      users: [],
      listen: [{ protocol: "udp", host: "*", port: 3478 }],
      relayHosts: ["0.0.0.0"],
      announcedIps: ["203.0.113.7"],
      minPort: 49_152,
      maxPort: 65_535,
      media: [],
      allowPeers: [],
      limits: defaultTurnLimits,
    });
    expect(checkTurnOptions({ ...good, limits: { maxChannels: 1 } }).limits).toEqual({
      ...defaultTurnLimits,
      maxChannels: 1,
    });
  });

  it("refuses to relay for everybody", () => {
    expect(problems({ secrets: [] })).toEqual([
      "turn.secret is missing: TURN relays for nobody without credentials.",
    ]);
    expect(problems({ secrets: [], users: [{ username: "a", password: "b" }] })).toEqual([]);
  });

  it.each([
    ["realm", { realm: "" }, "turn.realm must be 1 to 763 bytes"],
    ["realm", { realm: "a\nb" }, "turn.realm must be"],
    ["realm", { realm: "é".repeat(382) }, "turn.realm must be"],
    ["listen", { listen: [] }, "turn.listen must be at least one"],
    ["listen", { listen: [{ protocol: "dtls", host: "*", port: 1 }] }, "turn.listen must be"],
    ["listen", { listen: [{ protocol: "udp", host: "localhost", port: 1 }] }, "turn.listen must"],
    ["relayHosts", { relayHosts: [] }, "turn.relayHosts must be one or two"],
    ["relayHosts", { relayHosts: ["10.0.0.1", "10.0.0.2"] }, "turn.relayHosts must be"],
    ["announcedIps", { announcedIps: ["turn.example"] }, "turn.announcedIps must be IP addresses"],
    ["minPort", { minPort: 0 }, "turn.minPort must be a port number from 1 to 65535, not 0."],
    ["maxPort", { maxPort: 65_536 }, "turn.maxPort must be a port number from 1 to 65535"],
    ["range", { minPort: 50_001, maxPort: 50_000 }, "turn.minPort must not be above turn.maxPort."],
    ["allowPeers", { allowPeers: ["10.0.0.0/33"] }, "turn.allowPeers must be IP addresses, or"],
    ["media", { media: [{ announced: 1, local: 2 }] }, "turn.media must be pairs"],
    ["limit", { limits: { maxChannels: 0 } }, "turn.maxChannels must be a whole number above 0."],
    ["limit", { limits: { maxChannels: 1.5 } }, "turn.maxChannels must be a whole number above 0."],
    ["limit", { limits: { maxChanels: 5 } }, "turn.maxChanels is no limit."],
    [
      "lifetime",
      { limits: { minLifetimeSeconds: 60, maxLifetimeSeconds: 59 } },
      "turn.minLifetimeSeconds must not be above",
    ],
    [
      "same port",
      {
        listen: ["tcp", "tls"].map((protocol) => ({ protocol, host: "*", port: 3478 })),
        tls: { cert: "", key: "" },
      },
      "turn.port and turn.tlsPort must be different.",
    ],
    ["announced", { announcedIps: [] }, "turn.announcedIps needs an IPv4 address"],
    [
      "announced IPv6",
      { relayHosts: ["0.0.0.0", "::"] },
      "turn.announcedIps needs an IPv6 address for relays on ::.",
    ],
  ])("says what is wrong with %s", (_, change, message) => {
    const found = problems(change);
    expect(found[0]).toContain(message);
  });

  it("takes the largest and smallest that are allowed", () => {
    expect(problems({ minPort: 1, maxPort: 1 })).toEqual([]);
    expect(problems({ secrets: ["12345678", "x".repeat(512)] })).toEqual([]);
    expect(problems({ limits: { burstSeconds: 0.5 } })).toEqual([]);
    expect(problems({ relayHosts: ["127.0.0.1", "::1"], announcedIps: [] })).toEqual([]);
    const port = 3478;
    const listen = ["udp", "tcp"].map((protocol) => ({ protocol, host: "*", port }));
    expect(problems({ listen })).toEqual([]);
  });

  it("writes every address in the one way in which clients' addresses are written", () => {
    const place = (address: string) => ({ family: 6 as const, address, port: 8189 });
    const options = checkTurnOptions({
      ...good,
      announcedIps: ["203.0.113.7", "2001:DB8:0:0::1"],
      media: [{ announced: place("2001:0db8::0:7"), local: place("0:0:0:0:0:0:0:1") }],
    });
    expect(options.announcedIps).toEqual(["203.0.113.7", "2001:db8::1"]);
    expect(options.media).toEqual([{ announced: place("2001:db8::7"), local: place("::1") }]);
  });

  it("never shows a secret", () => {
    const found = problems({
      secrets: ["hunter2"],
      users: [{ username: "alice", password: "pass\u0000word-1" }],
    });
    expect(found).toHaveLength(2);
    expect(found.join()).not.toMatch(/hunter2|word-1/);
  });

  it("tells what is wrong with certificate and key", () => {
    const listen = [{ protocol: "tls", host: "*", port: 5349 }];
    const pair = makeCertificate();
    const other = makeCertificate();
    const tls = (change: object) => problems({ listen, tls: { ...pair, ...change } });
    expect(problems({ listen })).toEqual(["turn.tlsPort needs turn.cert and turn.key."]);
    expect(tls({})).toEqual([]);
    expect(tls({ cert: "no" })).toEqual(["turn.cert is no certificate in PEM."]);
    expect(tls({ key: "no" })[0]).toContain("turn.key is no private key in PEM");
    expect(tls({ key: other.key })).toEqual(["turn.key is not the key of the certificate."]);
  });

  it("has a problem or a result for anything", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...Object.keys(checkTurnOptions(good))), fc.anything()),
        (change) => {
          try {
            checkTurnOptions({ ...good, ...change } as TurnOptionsInput);
          } catch (error) {
            expect(error).toBeInstanceOf(TurnOptionsError);
          }
        },
      ),
    );
  });
});

describe("readCertificate", () => {
  it("knows the names that browsers may use", () => {
    const facts = readCertificate(makeCertificate("DNS:turn.example,DNS:*.example,IP:192.0.2.1"));
    expect(facts.dnsNames).toEqual(["turn.example"]);
    expect(facts.expiresAtMs).toBeGreaterThan(Date.now());
  });
});

describe("isSubnet", () => {
  it.each([
    ["10.0.0.0/8", true],
    ["10.0.0.1", true],
    ["::/0", true],
    ["fd00::/129", false],
    ["10.0.0.0/8/8", false],
    ["10.0.0.0/", false],
    ["loopback", false],
    ["", false],
  ])("%s: %s", (text, expected) => expect(isSubnet(text)).toBe(expected));
});
