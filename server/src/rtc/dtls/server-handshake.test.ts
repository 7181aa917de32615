import { generateKeyPairSync, randomBytes } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import { createCertificate } from "./certificate.ts";
import { Extension } from "./client-hello.ts";
import { MAX_TIMEOUTS } from "./server.ts";
import { selfSigned } from "./test-certificates.ts";
import { type TestClientOptions, TestDtlsClient } from "./test-client.ts";
import { lossy, runHandshake } from "./test-link.ts";
import { pair, serverFor, theirs } from "./test-pair.ts";
import { writeUint16, writeVector } from "./tls-writer.ts";

vi.setConfig({ testTimeout: 30_000 });

describe("a handshake", () => {
  test("connects in two round trips and gives both sides the same keys", () => {
    const { client, server } = pair();
    const endUs = runHandshake(client, server);
    expect(client.connected).toBe(true);
    expect(server.state).toBe("connected");
    expect(endUs).toBe(40_000);
    expect(server.srtpKeys?.profile).toBe("AEAD_AES_128_GCM");
    expect(server.srtpKeys?.local).toEqual(client.srtpKeys?.remote);
    expect(server.srtpKeys?.remote).toEqual(client.srtpKeys?.local);
    expect(server.srtpKeys?.local.salt).toHaveLength(12);
  });

  test("takes AES-CM when it is the only profile offered", () => {
    const { client, server } = pair({ profiles: [1] });
    runHandshake(client, server);
    expect(server.srtpKeys?.profile).toBe("AES_CM_128_HMAC_SHA1_80");
    expect(server.srtpKeys?.local.salt).toHaveLength(14);
    expect(server.srtpKeys?.local).toEqual(client.srtpKeys?.remote);
  });

  test.each([1, 7, 100, 333])("takes messages in pieces of %d bytes", (fragmentBytes) => {
    const { client, server } = pair({ fragmentBytes, scatter: true });
    runHandshake(client, server);
    expect(client.connected).toBe(true);
  });

  test("takes the records of a flight in reverse order", () => {
    const { client, server } = pair({ scatter: true });
    client.start(0);
    const exchange = (): void => {
      const out: Uint8Array[] = [];
      for (let d = client.shiftOutput(); d !== undefined; d = client.shiftOutput()) out.push(d);
      for (const datagram of out.reverse()) server.receive(datagram, 0);
      for (let d = server.shiftOutput(); d !== undefined; d = server.shiftOutput()) {
        client.receive(d, 0);
      }
    };
    exchange();
    exchange();
    expect(client.connected).toBe(true);
  });

  test.each([
    [0.1, 1],
    [0.1, 2],
    [0.25, 3],
    [0.25, 4],
    [0.25, 5],
  ])("connects with a share of %d of the datagrams lost (seed %d)", (share, seed) => {
    for (let run = 0; run < 20; run++) {
      const { client, server } = pair({ scatter: run % 2 === 0 });
      runHandshake(client, server, 15_000_000, lossy(share, seed * 1000 + run));
      expect(server.state).toBe("connected");
      expect(client.connected).toBe(true);
    }
  });

  test.each(["sha-256", "sha-384", "sha-512"] as const)("knows a %s fingerprint", (hash) => {
    const { client } = pair();
    const server = serverFor(theirs.der, hash);
    runHandshake(client, server);
    expect(client.connected).toBe(true);
  });

  test.each([
    ["P-256", 0x0403],
    ["P-256", 0x0503],
    ["P-384", 0x0503],
    ["P-384", 0x0603],
    ["P-521", 0x0603],
    ["P-521", 0x0403],
    ["rsa", 0x0401],
    ["rsa", 0x0501],
    ["rsa", 0x0601],
    ["rsa", 0x0804],
    ["rsa", 0x0805],
    ["rsa", 0x0806],
  ] as const)("takes a %s certificate with signature scheme %i", (kind, scheme) => {
    const certificate = selfSigned(kind);
    const client = new TestDtlsClient({ ...certificate, scheme });
    const server = serverFor(certificate.der);
    runHandshake(client, server);
    expect(server.reason).toBeUndefined();
    expect(client.connected).toBe(true);
  });
});

test("takes an RSA certificate of 4096 bits, in pieces of any size", () => {
  const certificate = selfSigned("rsa", 4096);
  for (const fragmentBytes of [50, 300, 1100]) {
    const client = new TestDtlsClient({ ...certificate, scheme: 0x0804, fragmentBytes });
    const server = serverFor(certificate.der);
    runHandshake(client, server);
    expect(server.reason).toBeUndefined();
    expect(client.connected).toBe(true);
  }
});

describe("a handshake is refused", () => {
  const flip = (type: number): TestClientOptions["tamper"] => {
    return (current, body) => {
      if (current !== type) return body;
      const changed = Uint8Array.from(body);
      changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
      return changed;
    };
  };
  const replace = (type: number, by: Uint8Array | undefined): TestClientOptions["tamper"] => {
    return (current, body) => (current === type ? by : body);
  };
  const signature = (bytes: Uint8Array): Uint8Array =>
    Uint8Array.from([...writeUint16(0x0403), ...writeVector(2, bytes)]);

  test.each<[string, TestClientOptions["tamper"], string]>([
    [
      "a garbage CertificateVerify",
      replace(15, signature(randomBytes(70))),
      "DTLS_CERTIFICATE_VERIFY",
    ],
    ["an empty signature", replace(15, signature(new Uint8Array())), "DTLS_CERTIFICATE_VERIFY"],
    ["a signature with one wrong bit", flip(15), "DTLS_CERTIFICATE_VERIFY"],
    ["no CertificateVerify", replace(15, undefined), "DTLS_TIMEOUT"],
    ["a wrong Finished", flip(20), "DTLS_FINISHED"],
    ["a short Finished", replace(20, new Uint8Array(11)), "DTLS_FINISHED"],
    ["a changed certificate", flip(11), "DTLS_FINGERPRINT_MISMATCH"],
    ["no certificate", replace(11, Uint8Array.of(0, 0, 0)), "DTLS_MALFORMED"],
    ["a point off the curve", flip(16), "DTLS_KEY_EXCHANGE"],
    [
      "a compressed point",
      replace(16, writeVector(1, new Uint8Array(33).fill(2))),
      "DTLS_KEY_EXCHANGE",
    ],
    ["bytes behind the point", replace(16, new Uint8Array(80)), "DTLS_MALFORMED"],
  ])("with %s", (_name, tamper, code) => {
    const { client, server } = pair(tamper === undefined ? {} : { tamper });
    runHandshake(client, server, 60_000_000);
    expect(server.state).toBe("closed");
    expect(server.reason).toBe(code);
    expect(server.srtpKeys).toBeUndefined();
    expect(client.connected).toBe(false);
    if (code !== "DTLS_TIMEOUT") expect(client.alerts).toHaveLength(1);
  });

  test("with the certificate of somebody else, who does not have its key", () => {
    const thief = createCertificate(0);
    const { client, server } = pair({ privateKey: thief.privateKey });
    runHandshake(client, server);
    expect(server.reason).toBe("DTLS_CERTIFICATE_VERIFY");
  });

  test("with another certificate than the description announced", () => {
    const other = createCertificate(0);
    const { client, server } = pair({ der: other.der, privateKey: other.privateKey });
    runHandshake(client, server);
    expect(server.reason).toBe("DTLS_FINGERPRINT_MISMATCH");
    expect(client.alerts).toEqual([[2, 42]]);
  });

  test("with an RSA key of 1024 bits", () => {
    const certificate = selfSigned("rsa", 1024);
    const client = new TestDtlsClient({ ...certificate, scheme: 0x0401 });
    const server = serverFor(certificate.der);
    runHandshake(client, server);
    expect(server.reason).toBe("DTLS_CERTIFICATE_INVALID");
  });

  test("with an Ed25519 certificate", () => {
    const certificate = selfSigned("ed25519");
    const client = new TestDtlsClient({ der: certificate.der, privateKey: theirs.privateKey });
    const server = serverFor(certificate.der);
    runHandshake(client, server);
    expect(server.reason).toBe("DTLS_CERTIFICATE_INVALID");
  });

  test.each<[string, number, Uint8Array | undefined, string]>([
    [
      "no extended master secret",
      Extension.extendedMasterSecret,
      undefined,
      "DTLS_NO_COMMON_PARAMETERS",
    ],
    ["no use_srtp", Extension.useSrtp, undefined, "DTLS_NO_COMMON_PARAMETERS"],
    [
      "only other SRTP profiles",
      Extension.useSrtp,
      Uint8Array.of(0, 2, 0, 2, 0),
      "DTLS_NO_COMMON_PARAMETERS",
    ],
    ["no groups", Extension.supportedGroups, undefined, "DTLS_NO_COMMON_PARAMETERS"],
    [
      "only X25519",
      Extension.supportedGroups,
      Uint8Array.of(0, 2, 0, 29),
      "DTLS_NO_COMMON_PARAMETERS",
    ],
    [
      "no signature algorithms",
      Extension.signatureAlgorithms,
      undefined,
      "DTLS_NO_COMMON_PARAMETERS",
    ],
    [
      "no uncompressed points",
      Extension.ecPointFormats,
      Uint8Array.of(1, 1),
      "DTLS_NO_COMMON_PARAMETERS",
    ],
    ["a broken use_srtp", Extension.useSrtp, Uint8Array.of(0, 3, 0, 7, 0), "DTLS_MALFORMED"],
    ["an EMS with contents", Extension.extendedMasterSecret, Uint8Array.of(1), "DTLS_MALFORMED"],
    ["a renegotiation_info of a renegotiation", 0xff01, Uint8Array.of(1, 1), "DTLS_MALFORMED"],
  ])("with %s", (_name, type, data, code) => {
    const { client, server } = pair({ extensions: new Map([[type, data]]) });
    runHandshake(client, server);
    expect(server.reason).toBe(code);
  });

  test.each<[string, Partial<TestClientOptions>]>([
    ["lists DTLS 1.3 only", { extensions: new Map([[43, Uint8Array.of(2, 0xfe, 0xfc)]]) }],
    [
      "lists DTLS 1.3 and 1.0 only",
      { extensions: new Map([[43, Uint8Array.of(4, 0xfe, 0xfc, 0xfe, 0xff)]]) },
    ],
    [
      "has nothing above DTLS 1.0",
      {
        tamper: (type, body) =>
          type === 1 ? Uint8Array.of(0xfe, 0xff, ...body.subarray(2)) : body,
      },
    ],
  ])("of a client that %s, with an alert", (_name, options) => {
    const { client, server } = pair(options);
    runHandshake(client, server);
    expect(server.reason).toBe("DTLS_VERSION");
    expect(client.alerts).toEqual([[2, 70]]);
  });

  test("with no cipher suite in common, with an alert", () => {
    const { client, server } = pair({
      tamper: (type, body) => {
        if (type !== 1) return body;
        const at = Buffer.from(body).indexOf(Uint8Array.of(0xc0, 0x2b));
        // TLS_AES_128_GCM_SHA256, which is of TLS 1.3.
        return Uint8Array.from(body)
          .fill(0x13, at, at + 1)
          .fill(0x01, at + 1, at + 2);
      },
    });
    runHandshake(client, server);
    expect(server.reason).toBe("DTLS_NO_COMMON_PARAMETERS");
    expect(client.alerts).toEqual([[2, 40]]);
  });

  test("when the client falls silent, after about 16 s", () => {
    const { client, server } = pair();
    client.start(0);
    const hello = client.shiftOutput();
    if (hello !== undefined) server.receive(hello, 0);
    let flights = 0;
    let nowUs = 0;
    while (server.state === "handshaking") {
      while (server.shiftOutput() !== undefined) flights++;
      nowUs = server.nextTimeoutUs ?? 0;
      server.onTimeout(nowUs);
    }
    expect(server.reason).toBe("DTLS_TIMEOUT");
    expect(flights).toBe(MAX_TIMEOUTS + 1);
    expect(nowUs).toBeGreaterThan(12_000_000);
    expect(nowUs).toBeLessThan(30_000_000);
    expect(server.nextTimeoutUs).toBeUndefined();
  });
});

test("keys of another kind cannot sign for the certificate", () => {
  const certificate = selfSigned("P-256");
  const other = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const client = new TestDtlsClient({
    der: certificate.der,
    privateKey: other.privateKey,
    scheme: 0x0401,
  });
  const server = serverFor(certificate.der);
  runHandshake(client, server);
  expect(server.reason).toBe("DTLS_CERTIFICATE_VERIFY");
});
