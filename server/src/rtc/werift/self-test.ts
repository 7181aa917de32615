import { createCertificate } from "../dtls/certificate.ts";
import { parseFingerprint } from "../dtls/fingerprint.ts";
import { DtlsServer } from "../dtls/server.ts";
import type { SrtpKeys, SrtpMaster, SrtpProfile } from "../peer.ts";
import { hasFingerprint, hasIntegrity } from "../stun/integrity.ts";
import { parseStun } from "../stun/message.ts";
import { writeBindingSuccess } from "../stun/writer.ts";
import {
  createWeriftCertificate,
  createWeriftSrtp,
  installedWerift,
  PINNED_WERIFT,
  readWeriftAnswer,
  WeriftDtlsClient,
  writeWeriftCheck,
} from "./adapter.ts";
import { checkSctp } from "./sctp-self-test.ts";

/**
 * The installed werift is not what our code was made for. `code` is `WERIFT_VERSION`, `SELFTEST_STUN`,
 * `SELFTEST_DTLS`, `SELFTEST_SRTP` or `SELFTEST_SCTP`.
 */
export class SelfTestError extends Error {
  override readonly name = "SelfTestError";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const HANDSHAKE_LIMIT_MS = 20_000;
const RTP = Uint8Array.from(Buffer.from("806000010000000001020304", "hex"));
const RTCP_RR = Uint8Array.from(Buffer.from("80c9000105060708", "hex"));

/**
 * Checks in this process that werift and our own STUN, DTLS, key export and SCTP agree, with both SRTP profiles.
 * Takes some tens of milliseconds and opens no socket.
 * @throws SelfTestError
 */
export async function selfTest(): Promise<void> {
  const version = installedWerift();
  if (version !== PINNED_WERIFT) {
    throw new SelfTestError(
      "WERIFT_VERSION",
      `werift ${version ?? "(unknown)"} is installed, ${PINNED_WERIFT} is needed: run npm ci`,
    );
  }
  checkStun();
  await checkDtls("AEAD_AES_128_GCM");
  await checkDtls("AES_CM_128_HMAC_SHA1_80");
  const wrong = await checkSctp();
  if (wrong !== undefined) throw new SelfTestError("SELFTEST_SCTP", wrong);
}

function checkStun(): void {
  const password = "selftestselftestselftest";
  const id = new Uint8Array(12).fill(7);
  const bytes = writeWeriftCheck(id, "us:them", password);
  const check = parseStun(bytes);
  const ok =
    check?.useCandidate === true &&
    check.username === "us:them" &&
    hasFingerprint(check, bytes) &&
    hasIntegrity(check, bytes, password) &&
    !hasIntegrity(check, bytes, `${password}x`);
  if (!ok) throw new SelfTestError("SELFTEST_STUN", "a check of werift's is not understood");
  for (const address of ["192.0.2.7", "2001:db8::7"]) {
    const answer = readWeriftAnswer(writeBindingSuccess(id, address, 4711, password), password);
    if (answer?.address !== address || answer.port !== 4711) {
      throw new SelfTestError("SELFTEST_STUN", "werift does not understand the answer to a check");
    }
  }
}

async function checkDtls(profile: SrtpProfile): Promise<void> {
  const certificate = await createWeriftCertificate();
  const fingerprint = parseFingerprint("sha-256", certificate.fingerprint);
  if (fingerprint === undefined) throw new SelfTestError("SELFTEST_DTLS", "no fingerprint");
  const server = new DtlsServer(createCertificate(Date.now()), [fingerprint]);
  const client = await handshake(server, (events) => {
    return new WeriftDtlsClient(certificate, profile, events);
  });
  const ours = server.srtpKeys;
  const theirs = client.srtpKeys;
  if (ours === undefined || theirs === undefined || ours.profile !== profile) {
    throw new SelfTestError("SELFTEST_DTLS", `no ${profile} with werift (${server.reason})`);
  }
  if (!sameMaster(ours.local, theirs.remote) || !sameMaster(ours.remote, theirs.local)) {
    throw new SelfTestError("SELFTEST_DTLS", "werift exports other keys than we do");
  }
  checkSrtp(ours, theirs);
}

/** Wires both together until the client is connected or the time is over. */
function handshake(
  server: DtlsServer,
  connect: (events: { send(datagram: Uint8Array): void; connected(): void }) => WeriftDtlsClient,
): Promise<WeriftDtlsClient> {
  return new Promise((resolve, reject) => {
    let nowUs = 0;
    const finish = (settle: () => void): void => {
      clearTimeout(limit);
      client.close();
      settle();
    };
    const client = connect({
      send(datagram) {
        server.receive(datagram, nowUs++);
        for (let out = server.shiftOutput(); out !== undefined; out = server.shiftOutput()) {
          client.receive(out);
        }
      },
      connected: () => finish(() => resolve(client)),
    });
    const failed = (why: string): void => {
      finish(() => reject(new SelfTestError("SELFTEST_DTLS", `werift cannot connect: ${why}`)));
    };
    const limit = setTimeout(() => failed(server.reason ?? "timeout"), HANDSHAKE_LIMIT_MS);
    client.connect().catch((cause: unknown) => failed(String(cause)));
  });
}

function checkSrtp(ours: SrtpKeys, theirs: SrtpKeys): void {
  const us = createWeriftSrtp(ours);
  const them = createWeriftSrtp(theirs);
  try {
    if (
      Buffer.compare(them.openRtp(us.sealRtp(RTP)), RTP) === 0 &&
      Buffer.compare(us.openRtcp(them.sealRtcp(RTCP_RR)), RTCP_RR) === 0
    ) {
      return;
    }
  } catch {
    // Not authentic: told below.
  }
  throw new SelfTestError("SELFTEST_SRTP", "werift does not open what it sealed with our keys");
}

function sameMaster(a: SrtpMaster, b: SrtpMaster): boolean {
  return Buffer.compare(a.key, b.key) === 0 && Buffer.compare(a.salt, b.salt) === 0;
}
