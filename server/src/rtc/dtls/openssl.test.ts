import { execFileSync, spawn } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
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

/** An independent DTLS client. Skipped where it is not installed. */
describe.skipIf(!hasOpenssl())("OpenSSL's DTLS client", () => {
  let folder = "";
  let socket: Socket;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "millrace-dtls-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each([
    ["P-256", ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "SRTP_AEAD_AES_128_GCM"],
    ["P-384", ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], "SRTP_AES128_CM_SHA1_80"],
    ["RSA", ["rsa:2048"], "SRTP_AEAD_AES_128_GCM"],
  ])(
    "connects with a %s certificate and exports the same keys",
    async (name, newkey, profile) => {
      const key = join(folder, `${name}.key`);
      const pem = join(folder, `${name}.pem`);
      execFileSync(
        "openssl",
        [
          "req",
          "-x509",
          "-newkey",
          ...newkey,
          "-nodes",
          "-keyout",
          key,
          "-out",
          pem,
          "-subj",
          "/CN=x",
        ],
        { stdio: "ignore" },
      );
      const der = Buffer.from(
        readFileSync(pem, "utf8").replace(/-----[^-]+-----|\s/g, ""),
        "base64",
      );
      const fingerprint = parseFingerprint("sha-256", fingerprintText(der));
      if (fingerprint === undefined) throw new Error("no fingerprint");
      const server = new DtlsServer(createCertificate(Date.now()), [fingerprint]);
      socket = createSocket("udp4");
      socket.on("message", (datagram, from) => {
        server.receive(datagram, performance.now() * 1000);
        for (let out = server.shiftOutput(); out !== undefined; out = server.shiftOutput()) {
          socket.send(out, from.port, from.address);
        }
      });
      socket.bind(0, "127.0.0.1");
      await once(socket, "listening");
      const saltBytes = profile === "SRTP_AEAD_AES_128_GCM" ? 12 : 14;
      const args = [
        ...["s_client", "-dtls1_2", "-connect", `127.0.0.1:${socket.address().port}`],
        ...["-cert", pem, "-key", key, "-use_srtp", profile],
        ...["-keymatexport", "EXTRACTOR-dtls_srtp", "-keymatexportlen", String(32 + 2 * saltBytes)],
      ];
      const client = spawn("openssl", args, { timeout: 15_000 });
      let output = "";
      client.stdout.on("data", (chunk) => {
        output += String(chunk);
        if (output.includes("Keying material:")) client.stdin.end("Q\n");
      });
      await once(client, "close");
      socket.close();
      const keys = server.srtpKeys;
      expect(output).toContain("Extended master secret: yes");
      const exported = /Keying material: ([0-9A-F]+)/.exec(output)?.[1]?.toLowerCase();
      const ours = [keys?.remote.key, keys?.local.key, keys?.remote.salt, keys?.local.salt]
        .map((part) => Buffer.from(part ?? []).toString("hex"))
        .join("");
      expect(exported).toBe(ours);
      expect(server.reason).toBe("PEER_CLOSED");
    },
    20_000,
  );

  test("sends application data and gets it back", async () => {
    const key = join(folder, "echo.key");
    const pem = join(folder, "echo.pem");
    const subject = ["-nodes", "-keyout", key, "-out", pem, "-subj", "/CN=x"];
    execFileSync(
      "openssl",
      ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", ...subject],
      { stdio: "ignore" },
    );
    const text = readFileSync(pem, "utf8").replace(/-----[^-]+-----|\s/g, "");
    const fingerprint = parseFingerprint("sha-256", fingerprintText(Buffer.from(text, "base64")));
    if (fingerprint === undefined) throw new Error("no fingerprint");
    const server = new DtlsServer(createCertificate(Date.now()), [fingerprint]);
    const echo = createSocket("udp4");
    echo.on("message", (datagram, from) => {
      server.receive(datagram, performance.now() * 1000);
      for (let data = server.shiftData(); data !== undefined; data = server.shiftData()) {
        server.sendData(Buffer.from(`got ${Buffer.from(data).toString()}`));
      }
      for (let out = server.shiftOutput(); out !== undefined; out = server.shiftOutput()) {
        echo.send(out, from.port, from.address);
      }
    });
    echo.bind(0, "127.0.0.1");
    await once(echo, "listening");
    const address = `127.0.0.1:${echo.address().port}`;
    const client = spawn(
      "openssl",
      [
        ...["s_client", "-dtls1_2", "-quiet", "-connect", address, "-cert", pem, "-key", key],
        ...["-use_srtp", "SRTP_AEAD_AES_128_GCM"],
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
    echo.close();
    expect(output).toContain("got hello");
  }, 20_000);
});
