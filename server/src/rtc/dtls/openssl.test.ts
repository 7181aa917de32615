import { execFileSync, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCertificate } from "./certificate.ts";
import { fingerprintText, parseFingerprint } from "./fingerprint.ts";
import { DtlsServer } from "./server.ts";

function hasOpenssl(): boolean {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const gcm = "SRTP_AEAD_AES_128_GCM";
const cm = "SRTP_AES128_CM_SHA1_80";

const keyKinds = {
  "P-256": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
  "P-384": ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
  "P-521": ["ec", "-pkeyopt", "ec_paramgen_curve:P-521"],
  "RSA-2048": ["rsa:2048"],
  "RSA-4096": ["rsa:4096"],
} as const;
type KeyKind = keyof typeof keyKinds;

/** An independent DTLS client. Skipped where it is not installed. */
describe.skipIf(!hasOpenssl())("OpenSSL's DTLS client", () => {
  let folder = "";

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "millrace-dtls-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** A key and a certificate of that kind, made once. */
  const made = new Map<KeyKind, { key: string; pem: string; der: Uint8Array }>();
  function certificate(kind: KeyKind): { key: string; pem: string; der: Uint8Array } {
    const known = made.get(kind);
    if (known !== undefined) return known;
    const key = join(folder, `${kind}.key`);
    const pem = join(folder, `${kind}.pem`);
    execFileSync(
      "openssl",
      [
        ...["req", "-x509", "-newkey", ...keyKinds[kind], "-nodes"],
        ...["-keyout", key, "-out", pem, "-subj", "/CN=x"],
      ],
      { stdio: "ignore" },
    );
    const text = readFileSync(pem, "utf8").replace(/-----[^-]+-----|\s/g, "");
    const files = { key, pem, der: Buffer.from(text, "base64") };
    made.set(kind, files);
    return files;
  }

  /** A server behind a socket. `answer` deals with application data. */
  async function listen(
    der: Uint8Array,
    answer: (server: DtlsServer, data: Uint8Array) => void = () => {},
  ): Promise<{ server: DtlsServer; port: number; close(): void }> {
    const fingerprint = parseFingerprint("sha-256", fingerprintText(der));
    if (fingerprint === undefined) throw new Error("no fingerprint");
    const server = new DtlsServer(createCertificate(Date.now()), [fingerprint]);
    const socket = createSocket("udp4");
    socket.on("message", (datagram, from) => {
      server.receive(datagram, performance.now() * 1000);
      for (let data = server.shiftData(); data !== undefined; data = server.shiftData()) {
        answer(server, data);
      }
      for (let out = server.shiftOutput(); out !== undefined; out = server.shiftOutput()) {
        socket.send(out, from.port, from.address);
      }
    });
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    return { server, port: socket.address().port, close: () => socket.close() };
  }

  /** Connects with these flags and gives what the client printed. It says goodbye once it knows the keys. */
  async function visit(
    kind: KeyKind,
    profile: string,
    flags: readonly string[] = [],
  ): Promise<{ server: DtlsServer; output: string }> {
    const { key, pem, der } = certificate(kind);
    const { server, port, close } = await listen(der);
    const client = spawn(
      "openssl",
      [
        ...["s_client", "-dtls1_2", "-connect", `127.0.0.1:${port}`, "-cert", pem, "-key", key],
        ...(profile === "" ? [] : ["-use_srtp", profile]),
        ...["-keymatexport", "EXTRACTOR-dtls_srtp"],
        ...["-keymatexportlen", String(profile === gcm ? 56 : 60), ...flags],
      ],
      { timeout: 60_000 },
    );
    let output = "";
    client.stdout.on("data", (chunk) => {
      output += String(chunk);
      if (output.includes("Keying material:")) client.stdin.end("Q\n");
    });
    client.stderr.on("data", (chunk) => {
      output += String(chunk);
    });
    await once(client, "close");
    close();
    return { server, output };
  }

  function expectSameKeys({ server, output }: { server: DtlsServer; output: string }): void {
    const keys = server.srtpKeys;
    expect(output).toContain("Extended master secret: yes");
    const exported = /Keying material: ([0-9A-F]+)/.exec(output)?.[1]?.toLowerCase();
    const ours = [keys?.remote.key, keys?.local.key, keys?.remote.salt, keys?.local.salt]
      .map((part) => Buffer.from(part ?? []).toString("hex"))
      .join("");
    expect(exported).toBe(ours);
    expect(server.reason).toBe("PEER_CLOSED");
  }

  test.each<[KeyKind, string, string[]]>([
    ["P-256", gcm, []],
    ["P-384", cm, []],
    ["P-521", gcm, []],
    ["RSA-2048", gcm, []],
    ["RSA-4096", cm, []],
    ["P-256", gcm, ["-mtu", "256"]],
    ["RSA-4096", gcm, ["-mtu", "400"]],
    ["P-256", gcm, ["-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"]],
    ["P-256", gcm, ["-cipher", "ALL", "-curves", "P-521:P-384:P-256"]],
    ["P-256", `${cm}:${gcm}`, []],
  ])(
    "connects with a %s certificate, %s and flags %j, and exports the same keys",
    async (...with_) => {
      const [kind, profile, flags] = with_;
      // Of both profiles ours is the better one.
      const length = profile.includes(gcm) ? ["-keymatexportlen", "56"] : [];
      expectSameKeys(await visit(kind, profile, [...flags, ...length]));
    },
    120_000,
  );

  test.each<[string, string, string[], string, number]>([
    ["ciphers we do not have", gcm, ["-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384"], "PARAMETERS", 40],
    ["RSA key exchange", gcm, ["-cipher", "AES128-GCM-SHA256"], "PARAMETERS", 40],
    ["curves we do not have", gcm, ["-curves", "X25519"], "PARAMETERS", 40],
    ["no SRTP", "", [], "PARAMETERS", 40],
    ["an SRTP profile that we do not have", "SRTP_AES128_CM_SHA1_32", [], "PARAMETERS", 40],
  ])(
    "with %s is refused with an alert",
    async (_name, profile, flags, reason, alert) => {
      const { server, output } = await visit("P-256", profile, flags);
      expect(server.srtpKeys).toBeUndefined();
      expect(server.reason).toContain(reason);
      expect(output).toContain(`alert number ${alert}`);
    },
    120_000,
  );

  test("sends application data and gets it back", async () => {
    const { key, pem, der } = certificate("P-256");
    const { port, close } = await listen(der, (server, data) => {
      server.sendData(Buffer.from(`got ${Buffer.from(data).toString()}`));
    });
    const client = spawn(
      "openssl",
      [
        ...["s_client", "-dtls1_2", "-quiet", "-connect", `127.0.0.1:${port}`],
        ...["-cert", pem, "-key", key, "-use_srtp", gcm],
      ],
      { timeout: 15_000 },
    );
    client.stdin.write("hello\n");
    let output = "";
    for await (const chunk of client.stdout) {
      output += String(chunk);
      if (output.includes("got hello")) break;
    }
    client.kill();
    close();
    expect(output).toContain("got hello");
  }, 20_000);
});
