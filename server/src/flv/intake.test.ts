import { readFileSync } from "node:fs";
import { writeFlvTag } from "@millrace/media/flv";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../core/errors.ts";
import { FlvIntake } from "./intake.ts";
import { defaultFlvTcpLimits, type FlvIntakeLimits } from "./limits.ts";
import { flvFile, flvHeader, RecordingTarget, soundTag, tagHead } from "./test-flv.ts";

function read(parts: readonly Uint8Array[], limits: Partial<FlvIntakeLimits> = {}) {
  const intake = new FlvIntake({ ...defaultFlvTcpLimits, ...limits }, 0);
  const target = new RecordingTarget();
  let begun = false;
  for (const part of parts) {
    intake.receive(part.slice(), 0);
    if (intake.headed && !begun) {
      begun = true;
      intake.begin(target, 0);
    }
  }
  return { intake, told: target.told };
}

function codeOf(act: () => unknown): string {
  try {
    act();
    return "none";
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}

describe("FlvIntake", () => {
  it("makes the same of a file however it is split in two", () => {
    const whole = read([flvFile]).told;
    expect(whole.filter((line) => line.startsWith("video"))).toHaveLength(10);
    expect(whole.filter((line) => line.startsWith("track"))).toHaveLength(2);
    const wrong: number[] = [];
    for (let at = 0; at <= flvFile.length; at++) {
      const { told } = read([flvFile.subarray(0, at), flvFile.subarray(at)]);
      if (told.join("\n") !== whole.join("\n")) wrong.push(at);
    }
    expect(wrong).toEqual([]);
  }, 60_000);

  it("makes the same of it byte by byte", () => {
    const bytes = Array.from(flvFile, (byte) => Uint8Array.of(byte));
    const { told, intake } = read(bytes);
    expect(told).toEqual(read([flvFile]).told);
    expect(intake.stats).toMatchObject({ bytes: flvFile.length, frames: { video: 10 } });
    expect(intake.pendingBytes).toBe(0);
  });

  it("hands on what came before it began", () => {
    const intake = new FlvIntake(defaultFlvTcpLimits, 0);
    intake.receive(flvFile, 0);
    expect(intake.headed).toBe(true);
    expect(intake.pendingBytes).toBe(flvFile.length - 13);
    const target = new RecordingTarget();
    intake.begin(target, 0);
    expect(target.told).toEqual(read([flvFile]).told);
    expect(intake.pendingBytes).toBe(0);
  });

  it.each([
    ["the header of another format", Buffer.from("RIFF....WAVE"), "FLV_HEADER_INVALID"],
    ["HTTP", Buffer.from("GET / HTTP/1.1\r\n"), "FLV_HEADER_INVALID"],
    ["version 2", Uint8Array.of(0x46, 0x4c, 0x56, 2, 5, 0, 0, 0, 9), "FLV_HEADER_INVALID"],
    ["a tag of unknown type", [...flvHeader, ...tagHead(7, 1)], "FLV_TAG_INVALID"],
    ["an encrypted tag", [...flvHeader, ...tagHead(0x29, 1)], "FLV_ENCRYPTED"],
    ["a cut video tag", [...flvHeader, ...writeFlvTag(9, 0, Uint8Array.of(0x17, 0))], ""],
  ])("refuses %s", (_, bytes, code) => {
    const found = codeOf(() => read([Uint8Array.from(bytes)]));
    expect(found).toBe(code === "" ? "FLV_TAG_TRUNCATED" : code);
  });

  it("takes tags of the largest size and no larger ones", () => {
    const limits = { maxTagBytes: 1000, maxScriptBytes: 100 };
    const sound = (size: number) => read([flvHeader, soundTag(0, size)], limits);
    expect(sound(1000).told).toHaveLength(2);
    expect(codeOf(() => sound(1001))).toBe("FLV_TAG_TOO_LARGE");
    const script = (size: number) =>
      read([flvHeader, writeFlvTag(18, 0, new Uint8Array(size))], limits);
    expect(script(100).intake.stats.tags).toBe(1);
    expect(codeOf(() => script(101))).toBe("FLV_TAG_TOO_LARGE");
  });

  it("takes the longest file header and no longer one", () => {
    const header = (length: number) => {
      const bytes = new Uint8Array(length + 4);
      bytes.set(flvHeader.subarray(0, 5));
      new DataView(bytes.buffer).setUint32(5, length);
      return read([bytes, soundTag(0)], { maxHeaderBytes: 64 });
    };
    expect(header(64).told).toHaveLength(2);
    expect(codeOf(() => header(65))).toBe("FLV_HEADER_INVALID");
  });

  it("knows the bytes of a tag that is not complete", () => {
    const { intake } = read([flvHeader, soundTag(0), tagHead(9, 100_000), new Uint8Array(60_000)]);
    expect(intake.pendingBytes).toBeGreaterThanOrEqual(60_000);
    expect(intake.pendingBytes).toBeLessThan(60_020);
  });

  it("tells unsupported codecs and ignores their frames", () => {
    const file = readFileSync(new URL("../../media/src/flv/fixtures/h263.flv", import.meta.url));
    expect(read([file]).told).toEqual(["no video", "hint VIDEO_CODEC_UNSUPPORTED"]);
  });

  it("is overdue without a header, and later without picture and sound", () => {
    const limits = { ...defaultFlvTcpLimits, startTimeoutMs: 10, publishTimeoutMs: 30 };
    const intake = new FlvIntake(limits, 0);
    expect([intake.overdue(9), intake.overdue(10)]).toEqual([undefined, "FLV_START_TIMEOUT"]);
    intake.receive(flvHeader, 9);
    expect(intake.overdue(1000)).toBeUndefined();
    intake.begin(new RecordingTarget(), 1000);
    expect([intake.overdue(1029), intake.overdue(1030)]).toEqual([
      undefined,
      "FLV_PUBLISH_TIMEOUT",
    ]);
    intake.receive(soundTag(0), 1029);
    expect(intake.overdue(1058)).toBeUndefined();
    // Script data and halves of tags are not what anybody waits for.
    intake.receive(writeFlvTag(18, 0, new Uint8Array(5)), 1058);
    intake.receive(tagHead(8, 100), 1058);
    expect(intake.overdue(1059)).toBe("FLV_PUBLISH_TIMEOUT");
  });

  it("hands on nothing after it was closed, not even in the middle of its bytes", () => {
    const intake = new FlvIntake(defaultFlvTcpLimits, 0);
    const target = new RecordingTarget();
    target.hint = () => {};
    target.setTrack = () => intake.close();
    intake.receive(flvFile, 0);
    intake.begin(target, 0);
    intake.receive(soundTag(0), 0);
    expect(target.told.length).toBeLessThanOrEqual(1);
    expect(intake.stats.tags).toBeLessThanOrEqual(2);
  });

  it("meets any bytes with a result or a ProtocolError", () => {
    const tag = fc
      .tuple(fc.constantFrom(8, 9, 15, 18), fc.nat(0xffff_ffff), fc.uint8Array({ maxLength: 64 }))
      .map(([type, timeMs, body]) => writeFlvTag(type, timeMs, body));
    const stream = fc.array(fc.oneof(tag, fc.uint8Array({ maxLength: 40 })), { maxLength: 20 });
    fc.assert(
      fc.property(stream, fc.boolean(), (parts, headed) => {
        codeOf(() => read(headed ? [flvHeader, ...parts] : parts));
      }),
      { numRuns: 500 },
    );
  });

  it("meets a damaged file with a result or a ProtocolError", () => {
    const damage = fc.array(fc.tuple(fc.nat(flvFile.length - 1), fc.nat(255)), { maxLength: 20 });
    fc.assert(
      fc.property(damage, (changes) => {
        const bytes = flvFile.slice();
        for (const [at, value] of changes) bytes[at] = value;
        codeOf(() => read([bytes]));
      }),
      { numRuns: 300 },
    );
  });
});
