import { readFileSync } from "node:fs";
import { ByteQueue } from "@millrace/media/flv";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  clientKey,
  digestBytes,
  findDigest,
  handshakeBytes,
  hmac,
  serverFullKey,
  serverKey,
} from "./digest.ts";
import { ServerHandshake } from "./handshake.ts";
import { TestClient } from "./test-client.ts";

const zeros = (bytes: number): Uint8Array => new Uint8Array(bytes);

function answer(hello: Uint8Array): Uint8Array | undefined {
  const input = new ByteQueue();
  input.push(hello);
  return new ServerHandshake(zeros).receive(input, 0x0102_0304);
}

describe("ServerHandshake", () => {
  it("answers a plain client with its own C1 and a version of zeros", () => {
    const hello = new TestClient().greet().take();
    const out = answer(hello);
    expect(out).toHaveLength(1 + 2 * handshakeBytes);
    expect([...(out?.subarray(0, 9) ?? [])]).toEqual([3, 1, 2, 3, 4, 0, 0, 0, 0]);
    expect(out?.subarray(1 + handshakeBytes)).toEqual(Uint8Array.from(hello.subarray(1)));
  });

  it.each([0, 1] as const)("answers digests of scheme %i with digests", (scheme) => {
    const hello = new TestClient(scheme).greet().take();
    const found = findDigest(hello.subarray(1), clientKey);
    expect(found?.scheme).toBe(scheme);
    const out = answer(hello) ?? zeros(0);
    const s1 = out.subarray(1, 1 + handshakeBytes);
    const s2 = out.subarray(1 + handshakeBytes);
    expect(s1[4]).toBeGreaterThanOrEqual(3);
    expect(findDigest(s1, serverKey)?.scheme).toBe(scheme);
    const key = hmac(serverFullKey, found?.digest ?? zeros(0));
    const signed = hmac(key, s2.subarray(0, handshakeBytes - digestBytes));
    expect(Buffer.from(s2.subarray(handshakeBytes - digestBytes))).toEqual(signed);
  });

  it("finds the digest that ffmpeg made, and none in what librtmp and GStreamer sent", () => {
    const c1 = (name: string): Uint8Array =>
      readFileSync(new URL(`./fixtures/${name}.rtmp`, import.meta.url)).subarray(
        1,
        1 + handshakeBytes,
      );
    expect(findDigest(c1("ffmpeg"), clientKey)?.scheme).toBe(1);
    expect(findDigest(c1("rtmpsink"), clientKey)).toBeUndefined();
    expect(findDigest(c1("rtmp2sink"), clientKey)).toBeUndefined();
  });

  it("falls back to the plain answer when a version is given and the digest is wrong", () => {
    const hello = new TestClient(1).greet().take();
    hello[700] = (hello[700] ?? 0) ^ 1;
    expect(answer(hello)?.subarray(1 + handshakeBytes)).toEqual(Uint8Array.from(hello.subarray(1)));
  });

  it("reads no byte past C2 and nothing of C2's contents, however the input is split", () => {
    const hello = new TestClient(1).greet().take();
    const all = Buffer.concat([
      hello,
      new Uint8Array(handshakeBytes).fill(0xee),
      Uint8Array.of(1, 2, 3),
    ]);
    for (const size of [1, 2, 7, 100, 1536, 1537, 3073, 4000]) {
      const handshake = new ServerHandshake(zeros);
      const input = new ByteQueue();
      const answers: Uint8Array[] = [];
      for (let at = 0; at < all.length; at += size) {
        input.push(all.subarray(at, at + size));
        if (handshake.done) continue;
        const out = handshake.receive(input, 0);
        if (out !== undefined) answers.push(out);
      }
      expect(handshake.done).toBe(true);
      expect(answers).toHaveLength(1);
      expect([0, 1, 2].map((index) => input.peek(index))).toEqual([1, 2, 3]);
      expect(input.length).toBe(3);
    }
  });

  it.each([0, 2, 6, 0x16, 0x47, 0xff])("refuses version %i at its first byte", (version) => {
    expect(() => answer(Uint8Array.of(version))).toThrow(
      expect.objectContaining({ code: "RTMP_VERSION_UNSUPPORTED" }),
    );
  });

  it("answers any C1", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: handshakeBytes, maxLength: handshakeBytes }), (c1) => {
        expect(answer(Uint8Array.of(3, ...c1))).toHaveLength(1 + 2 * handshakeBytes);
      }),
      { numRuns: 50 },
    );
  });
});
