import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RtpHeader, SrtcpSession, SrtpSession } from "werift";
import type { SrtpMaster, SrtpProfile } from "../peer.ts";
import { SrtpReceiver } from "./srtp-receiver.ts";
import { SrtpSender } from "./srtp-sender.ts";

const profiles: [SrtpProfile, 1 | 7][] = [
  ["AEAD_AES_128_GCM", 7],
  ["AES_CM_128_HMAC_SHA1_80", 1],
];

function master(profile: SrtpProfile): SrtpMaster {
  return {
    key: Uint8Array.from({ length: 16 }, (_, i) => i * 3 + 1),
    salt: Uint8Array.from({ length: profile === "AEAD_AES_128_GCM" ? 12 : 14 }, (_, i) => i * 7),
  };
}

function header(sequence: number, ssrc = 0xcafebabe, extension = false): Uint8Array {
  const bytes = new Uint8Array(extension ? 20 : 12);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, extension ? 0x90 : 0x80);
  view.setUint8(1, 96);
  view.setUint16(2, sequence);
  view.setUint32(4, 1234);
  view.setUint32(8, ssrc);
  if (extension) bytes.set([0xbe, 0xde, 0, 1, 0x32, 1, 2, 3], 12);
  return bytes;
}

function seal(sender: SrtpSender, index: number, payload: Uint8Array, ssrc = 0xcafebabe) {
  const head = header(index & 0xffff, ssrc, true);
  const out = Buffer.alloc(head.length + payload.length + 16);
  out.set(head);
  const length = sender.sealRtp(out, 0, head.length, undefined, payload, ssrc, index);
  return out.subarray(0, length);
}

const receiverReport = Uint8Array.from(
  Buffer.from("80c9000100000001" + "81cd000300000001cafebabe00050003", "hex"),
);

function sealReport(sender: SrtpSender, plain = receiverReport) {
  const out = new Uint8Array(plain.length + sender.rtcpOverheadBytes);
  expect(sender.sealRtcp(out, 0, plain)).toBe(out.length);
  return out;
}

describe.each(profiles)("%s", (profile, number) => {
  const sender = () => new SrtpSender(profile, master(profile));
  const receiver = (maxSsrcs?: number) =>
    new SrtpReceiver(profile, master(profile), maxSsrcs === undefined ? {} : { maxSsrcs });
  const payload = Uint8Array.from({ length: 300 }, (_, i) => i);

  it("opens what it sealed, whatever the payload", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1300 }), fc.nat(0xffff), (bytes, sequence) => {
        const opened = receiver().openRtp(seal(sender(), sequence, bytes));
        if (typeof opened === "string") throw new Error(opened);
        expect(opened.packet.subarray(opened.headerBytes)).toEqual(bytes);
        expect(opened.extendedSequence).toBe(sequence);
      }),
    );
  });

  it("seals the same bytes as werift, which opens them", () => {
    const { key, salt } = master(profile);
    const keys = {
      localMasterKey: Buffer.from(key),
      localMasterSalt: Buffer.from(salt),
      remoteMasterKey: Buffer.from(key),
      remoteMasterSalt: Buffer.from(salt),
    };
    const other = new SrtpSession({ profile: number, keys });
    const ours = seal(sender(), 77, payload);
    const rtpHeader = RtpHeader.deSerialize(Buffer.from(header(77, 0xcafebabe, true)));
    expect(other.encrypt(Buffer.from(payload), rtpHeader)).toEqual(Buffer.from(ours));
    expect(other.decrypt(Buffer.from(ours)).subarray(20)).toEqual(Buffer.from(payload));
    const rtcp = new SrtcpSession({ profile: number, keys });
    expect(rtcp.decrypt(Buffer.from(sealReport(sender())))).toEqual(Buffer.from(receiverReport));
    const theirs = rtcp.encrypt(Buffer.from(receiverReport));
    const copy = Buffer.from(theirs);
    expect(Buffer.from(receiver().openRtcp(theirs))).toEqual(Buffer.from(receiverReport));
    expect(theirs).toEqual(copy);
  });

  it("refuses a packet that was there before", () => {
    const from = sender();
    const to = receiver();
    const packet = seal(from, 10, payload);
    expect(to.openRtp(packet)).toBeTypeOf("object");
    expect(to.openRtp(packet)).toBe("SRTP_REPLAYED");
    const report = sealReport(from);
    expect(to.openRtcp(report)).toEqual(receiverReport);
    expect(to.openRtcp(report)).toBe("SRTP_REPLAYED");
  });

  it("refuses a packet with any byte changed and stays able to take the right one", () => {
    const to = receiver();
    const packet = seal(sender(), 10, payload.subarray(0, 20));
    for (let at = 1; at < packet.length; at++) {
      const forged = Buffer.from(packet);
      forged[at] = (forged[at] ?? 0) ^ 0x01;
      expect(to.openRtp(forged)).toBeTypeOf("string");
    }
    expect(to.openRtp(packet)).toBeTypeOf("object");
    const report = sealReport(sender());
    for (let at = 0; at < report.length; at++) {
      const forged = Uint8Array.from(report);
      forged[at] = (forged[at] ?? 0) ^ 0x01;
      expect(to.openRtcp(forged)).toBe("SRTP_AUTH_FAILED");
    }
    expect(to.openRtcp(report)).toEqual(receiverReport);
  });

  it("follows the sequence number over wraps with hundreds of packets lost", () => {
    const from = sender();
    const to = receiver();
    for (let index = 65_000; index < 65_000 + 3 * 65_536; index += 401) {
      const opened = to.openRtp(seal(from, index, payload));
      expect(opened).toMatchObject({ extendedSequence: index });
    }
  });

  it("takes late packets from before a wrap and repeats of them as sealed the first time", () => {
    const from = sender();
    const to = receiver();
    const late = seal(from, 65_530, payload);
    expect(to.openRtp(seal(from, 65_520, payload))).toBeTypeOf("object");
    expect(to.openRtp(seal(from, 65_540, payload))).toBeTypeOf("object");
    expect(seal(from, 65_530, payload)).toEqual(late);
    expect(to.openRtp(late)).toMatchObject({ extendedSequence: 65_530 });
    expect(to.openRtp(late)).toBe("SRTP_REPLAYED");
  });

  it("tells at most as many sources apart as it may, and forged ones cost nothing", () => {
    const to = receiver(2);
    const forged = seal(sender(), 1, payload, 99);
    forged[forged.length - 1] = (forged[forged.length - 1] ?? 0) ^ 1;
    for (let i = 0; i < 5; i++) expect(to.openRtp(forged)).toBe("SRTP_AUTH_FAILED");
    expect(to.openRtp(seal(sender(), 1, payload, 1))).toBeTypeOf("object");
    expect(to.openRtp(seal(sender(), 1, payload, 2))).toBeTypeOf("object");
    expect(to.openRtp(seal(sender(), 1, payload, 3))).toBe("SRTP_TOO_MANY_SSRCS");
    expect(to.openRtp(seal(sender(), 2, payload, 2))).toBeTypeOf("object");
  });

  it("gives a failure, and nothing else, for arbitrary bytes", () => {
    const to = receiver();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(to.openRtp(bytes)).toBeTypeOf("string");
        expect(to.openRtcp(bytes)).toBeTypeOf("string");
      }),
    );
  });
});
