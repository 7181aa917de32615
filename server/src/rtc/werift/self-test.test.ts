import { describe, expect, test } from "vitest";
import { createCertificate } from "../dtls/certificate.ts";
import { parseFingerprint } from "../dtls/fingerprint.ts";
import { DtlsServer } from "../dtls/server.ts";
import {
  createWeriftCertificate,
  createWeriftSrtp,
  installedWerift,
  PINNED_WERIFT,
  readWeriftAnswer,
  WeriftDtlsClient,
} from "./adapter.ts";
import { selfTest } from "./self-test.ts";

test("the self-test passes with the pinned version", async () => {
  expect(installedWerift()).toBe(PINNED_WERIFT);
  await selfTest();
});

describe("werift's DTLS client", () => {
  test.each([0, 1, 2])(
    "connects although our datagram %d is lost",
    async (lost) => {
      const certificate = await createWeriftCertificate();
      const fingerprint = parseFingerprint("sha-256", certificate.fingerprint);
      if (fingerprint === undefined) throw new Error("no fingerprint");
      const server = new DtlsServer(createCertificate(0), [fingerprint]);
      const nowUs = (): number => Math.round(performance.now() * 1000);
      let timer: NodeJS.Timeout | undefined;
      const client = await new Promise<WeriftDtlsClient>((resolve, reject) => {
        let count = 0;
        const drain = (): void => {
          for (let out = server.shiftOutput(); out !== undefined; out = server.shiftOutput()) {
            if (count++ !== lost) connecting.receive(out);
          }
        };
        const connecting = new WeriftDtlsClient(certificate, "AEAD_AES_128_GCM", {
          connected: () => resolve(connecting),
          send(datagram) {
            server.receive(datagram, nowUs());
            drain();
          },
        });
        timer = setInterval(() => {
          server.onTimeout(nowUs());
          drain();
        }, 10);
        connecting.connect().catch(reject);
      });
      clearInterval(timer);
      expect(server.state).toBe("connected");
      expect(client.srtpKeys?.remote.key).toEqual(Buffer.from(server.srtpKeys?.local.key ?? []));
      client.close();
    },
    15_000,
  );
});

test("werift's SRTP refuses what was changed", () => {
  const master = { key: new Uint8Array(16).fill(1), salt: new Uint8Array(12).fill(2) };
  const keys = { profile: "AEAD_AES_128_GCM" as const, local: master, remote: master };
  const srtp = createWeriftSrtp(keys);
  const sealed = srtp.sealRtp(Buffer.from("806000010000000001020304ff", "hex"));
  sealed[14] = (sealed[14] ?? 0) ^ 1;
  expect(() => srtp.openRtp(sealed)).toThrow();
});

test("an answer that is not authentic is none to werift", () => {
  expect(readWeriftAnswer(new Uint8Array(20), "password")).toBeUndefined();
});
