import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadNative } from "../egress/native-module.ts";
import type { SrtpMaster, SrtpProfile } from "../peer.ts";
import { type NativeSrtp, nativeCiphers } from "./native-cipher.ts";
import { testNativeSrtp } from "./native-self-test.ts";
import { createPacketCipher } from "./packet-cipher.ts";
import { SrtpReceiver } from "./srtp-receiver.ts";
import { SrtpSender } from "./srtp-sender.ts";

const native = loadNative() as NativeSrtp;
const built = native !== undefined;
const profiles: readonly SrtpProfile[] = ["AEAD_AES_128_GCM", "AES_CM_128_HMAC_SHA1_80"];

function master(profile: SrtpProfile): SrtpMaster {
  return {
    key: Uint8Array.from({ length: 16 }, (_, i) => i * 3 + 1),
    salt: Uint8Array.from({ length: profile === "AEAD_AES_128_GCM" ? 12 : 14 }, (_, i) => i * 7),
  };
}

function rtpPacket(payload: Uint8Array, sequence: number, ssrc: number): Uint8Array {
  const packet = new Uint8Array(12 + payload.length);
  const view = new DataView(packet.buffer);
  view.setUint16(0, 0x8060);
  view.setUint16(2, sequence);
  view.setUint32(8, ssrc);
  packet.set(payload, 12);
  return packet;
}

describe.runIf(built)("the native ciphers", () => {
  it("pass their self-test, which a wrong module does not", () => {
    expect(testNativeSrtp(native)).toBeUndefined();
    expect(testNativeSrtp({ ...native, srtpOpen: () => true })).toMatch(/opened|opens/);
    expect(testNativeSrtp({ ...native, srtpOpen: () => false })).toMatch(/not opened/);
    expect(testNativeSrtp({ ...native, srtcpOpen: () => 28 })).toMatch(/RTCP/);
    expect(testNativeSrtp({ ...native, srtcpOpen: () => 0 })).toMatch(/not opened/);
    const flips: NativeSrtp = {
      ...native,
      srtcpSeal: (session, out, at, plain, index) => {
        const length = native.srtcpSeal(session, out, at, plain, index);
        out[at + length - 1] = (out[at + length - 1] ?? 0) ^ 1;
        return length;
      },
    };
    expect(testNativeSrtp(flips)).toMatch(/sealed otherwise/);
  });

  describe.each(profiles)("with %s", (profile) => {
    const create = nativeCiphers(native);
    const receivers = () =>
      [create, createPacketCipher].map(
        (createCipher) => new SrtpReceiver(profile, master(profile), { createCipher }),
      );
    const seal = (payload: Uint8Array, sequence = 1, ssrc = 5): Uint8Array => {
      const sender = new SrtpSender(profile, master(profile), create);
      const out = new Uint8Array(12 + payload.length + 16);
      out.set(rtpPacket(payload, sequence, ssrc).subarray(0, 12));
      const size = sender.sealRtp(out, 0, 12, undefined, payload, ssrc, sequence);
      return out.subarray(0, size);
    };
    const sealReport = (body: Uint8Array): Uint8Array => {
      const sender = new SrtpSender(profile, master(profile), create);
      const plain = Uint8Array.of(0x81, 201, 0, 7, 0, 0, 0, 1, ...body);
      const out = new Uint8Array(plain.length + sender.rtcpOverheadBytes);
      return out.subarray(0, sender.sealRtcp(out, 0, plain));
    };

    it("open what node:crypto opens, and nothing else, of changed and cut datagrams", () => {
      const change = fc.record({
        at: fc.nat(),
        bits: fc.nat(0xff),
        cut: fc.nat(40),
        front: fc.boolean(),
      });
      const bytes = fc.uint8Array({ maxLength: 200 });
      fc.assert(
        fc.property(bytes, change, fc.boolean(), (body, { at, bits, cut, front }, isRtp) => {
          const sealed = Uint8Array.from(isRtp ? seal(body) : sealReport(body));
          const place = at % sealed.length;
          sealed[place] = (sealed[place] ?? 0) ^ bits;
          const kept = cut % 3 === 0 ? cut : 0;
          const left = front ? sealed.subarray(kept) : sealed.subarray(0, sealed.length - kept);
          const datagram = Uint8Array.from(left);
          const [ours, theirs] = receivers().map((receiver) => {
            const opened = isRtp ? receiver.openRtp(datagram) : receiver.openRtcp(datagram);
            if (typeof opened === "string") return opened;
            return Buffer.from("packet" in opened ? opened.packet : opened).toString("hex");
          });
          expect(ours).toBe(theirs);
        }),
        { numRuns: 1000 },
      );
    });

    it("open nothing of arbitrary bytes", () => {
      const [receiver] = receivers();
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 100 }), (datagram) => {
          expect(receiver?.openRtp(datagram)).toBeTypeOf("string");
          expect(receiver?.openRtcp(datagram)).toBeTypeOf("string");
        }),
        { numRuns: 1000 },
      );
    });

    it("keep packets apart that are opened one after the other, and leave the datagram as it is", () => {
      const [receiver] = receivers();
      const kept = Array.from({ length: 80 }, (_, i) => {
        const datagram = seal(new Uint8Array(1100).fill(i), i);
        const before = Buffer.from(datagram);
        const opened = receiver?.openRtp(datagram);
        expect(before.equals(datagram)).toBe(true);
        // A forgery in between must not touch what was opened before.
        const forged = Uint8Array.from(seal(new Uint8Array(1100).fill(255), i + 1));
        forged[forged.length - 1] = (forged[forged.length - 1] ?? 0) ^ 1;
        expect(receiver?.openRtp(forged)).toBe("SRTP_AUTH_FAILED");
        if (opened === undefined || typeof opened === "string") throw new Error(opened);
        return opened.packet;
      });
      kept.forEach((packet, i) => {
        expect(packet.subarray(12).every((byte) => byte === i)).toBe(true);
      });
    });

    it("refuse lengths that do not fit together", () => {
      const saltBytes = master(profile).salt.length;
      const auth = saltBytes === 14 ? new Uint8Array(20) : undefined;
      const make = (key = 16, salt = saltBytes, opens = true) =>
        native.srtp(new Uint8Array(key), new Uint8Array(salt), auth, opens);
      const invalid = expect.objectContaining({ code: "EINVAL" });
      expect(() => make(15)).toThrow(invalid);
      expect(() => make(16, saltBytes - 1)).toThrow(invalid);
      const [opens, seals] = [make(), make(16, saltBytes, false)];
      const tag = saltBytes === 14 ? 10 : 16;
      const bytes = (length: number) => new Uint8Array(length);
      const openRtp = (out: number, packet: number, header: number) => () =>
        native.srtpOpen(opens, bytes(out), bytes(packet), header, 1, 0, 1);
      expect(openRtp(12, 12 + tag, 12)).not.toThrow();
      expect(openRtp(11, 12 + tag, 12)).toThrow(invalid);
      expect(openRtp(12, 12 + tag, 13)).toThrow(invalid);
      expect(openRtp(12, 12 + tag, 0xffff_ffff)).toThrow(invalid);
      expect(openRtp(12, 3, 0)).toThrow(invalid);
      expect(() => native.srtcpOpen(opens, bytes(8), bytes(9))).toThrow(invalid);
      expect(native.srtcpOpen(opens, bytes(8), bytes(8))).toBe(0);
      expect(native.srtcpOpen(opens, bytes(0), bytes(0))).toBe(0);
      const sealRtcp = (out: number, at: number, plain: number) => () =>
        native.srtcpSeal(seals, bytes(out), at, bytes(plain), 0);
      expect(sealRtcp(8 + tag + 4, 0, 8)).not.toThrow();
      expect(sealRtcp(8 + tag + 4, 1, 8)).toThrow(invalid);
      expect(sealRtcp(8 + tag + 4, 0xffff_ffff, 8)).toThrow(invalid);
      expect(sealRtcp(100, 0, 7)).toThrow(invalid);
      const sealRtp = (at: number, header: number) => () =>
        native.srtpSeal(seals, bytes(100), at, header, undefined, bytes(60), 1, 0, 1);
      expect(sealRtp(0, 40 - tag)).not.toThrow();
      expect(sealRtp(1, 40 - tag)).toThrow(invalid);
      expect(sealRtp(0, 0xffff_fff0)).toThrow(invalid);
      // Each end does one thing.
      expect(() => native.srtcpOpen(seals, bytes(40), bytes(40))).toThrow(invalid);
      expect(() => native.srtcpSeal(opens, bytes(40), 0, bytes(8), 0)).toThrow(invalid);
      expect(() => native.srtcpOpen({} as never, bytes(40), bytes(40))).toThrow(invalid);
    });
  });
});
