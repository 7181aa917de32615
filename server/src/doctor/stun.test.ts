import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseStunReply, StunMethod, stunLength, writeStunRequest } from "./stun.ts";
import { hasIntegrity, stunAnswer, stunField } from "./test-servers.ts";

/** RFC 5769 section 2.2: an answer over IPv4 to transaction b7e7a701bc34d686fa87dfae. */
const sample = Buffer.from(
  "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220" +
    "002000080001a147e112a643000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96",
  "hex",
);

function requestFor(reply: Buffer): Buffer {
  const request = Buffer.from(reply.subarray(0, 20));
  request.writeUInt16BE(StunMethod.binding, 0);
  return request;
}

describe("STUN", () => {
  it("reads the sample of RFC 5769", () => {
    const reply = parseStunReply(sample, requestFor(sample));
    expect(reply).toMatchObject({ outcome: "success", errorCode: 0 });
    expect(reply?.attributes.get(0x8022)?.toString()).toBe("test vector");
  });

  it("writes requests with a length, integrity and a fingerprint", () => {
    const request = writeStunRequest(StunMethod.binding, [[0x0006, Buffer.from("a:b")]], "key");
    expect(stunLength(request)).toBe(request.length);
    expect(hasIntegrity(request, "key")).toBe(true);
    expect(hasIntegrity(request, "other")).toBe(false);
    expect(stunField(request, 0x8028)?.at).toBe(request.length - 8);
  });

  it("reads the code of an error, and no answer to another request", () => {
    const request = writeStunRequest(StunMethod.allocate, []);
    const refused = stunAnswer(request, 0x0113, [[0x0009, Buffer.from([0, 0, 4, 1])]]);
    expect(parseStunReply(refused, request)).toMatchObject({ outcome: "error", errorCode: 401 });
    expect(parseStunReply(refused, writeStunRequest(StunMethod.allocate, []))).toBeUndefined();
    expect(parseStunReply(stunAnswer(request, 0x0101), request)).toBeUndefined();
  });

  it("meets any bytes with an answer or none", () => {
    const request = requestFor(sample);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const body = Buffer.from(bytes);
        parseStunReply(body, request);
        const header = Buffer.from(sample.subarray(0, 20));
        header.writeUInt16BE(body.length, 2);
        parseStunReply(Buffer.concat([header, body]), request);
      }),
    );
  });
});
