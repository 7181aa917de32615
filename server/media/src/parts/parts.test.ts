import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ProtocolError } from "../error/index.ts";
import { type MediaRecord, PartsReader, parseTextRecord, writeRecordHead } from "./index.ts";

const init = {
  type: "init",
  id: 1,
  mime: 'video/mp4; codecs="avc1.42e01f"',
  width: 1280,
  height: 720,
} as const;
const part = {
  type: "part",
  sequence: 7,
  independent: true,
  discontinuous: false,
  init: 1,
  startUs: 2_000_000,
  durationUs: 33_333,
  wallMs: 1_700_000_000_000.5,
} as const;

function join(...pieces: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(pieces.flatMap((piece) => [...piece]));
}

const body = join(
  writeRecordHead({ type: "event", id: "e.1", event: "stream", data: { name: "live/grün" } }),
  writeRecordHead(init, 4),
  Uint8Array.of(0, 1, 2, 3),
  writeRecordHead({ type: "gap", missed: 3 }),
  writeRecordHead({ ...part, wallMs: undefined }, 0),
  writeRecordHead(part, 2),
  Uint8Array.of(8, 9),
  writeRecordHead({ type: "end", next: "e.1.f.7", session: "s" }),
);
const records: readonly MediaRecord[] = [
  { type: "event", id: "e.1", event: "stream", data: { name: "live/grün" } },
  { ...init, bytes: Uint8Array.of(0, 1, 2, 3) },
  { type: "gap", missed: 3 },
  { ...part, wallMs: undefined, bytes: new Uint8Array(0) },
  { ...part, bytes: Uint8Array.of(8, 9) },
  { type: "end", next: "e.1.f.7", session: "s" },
];

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
}

test("a gap by the byte", () => {
  expect(writeRecordHead({ type: "gap", missed: 0 })).toEqual(
    hex("00000019 00000000 7b2274797065223a22676170222c226d6973736564223a307d"),
  );
});

test("a body split anywhere gives the same records", () => {
  for (let at = 0; at <= body.length; at++) {
    const reader = new PartsReader();
    expect([...reader.receive(body.subarray(0, at)), ...reader.receive(body.subarray(at))]).toEqual(
      records,
    );
    reader.finish();
  }
  const single = new PartsReader();
  expect([...body].flatMap((byte) => [...single.receive(Uint8Array.of(byte))])).toEqual(records);
});

test("an answer that was cut off is told from one that is over", () => {
  for (let at = 1; at < body.length; at++) {
    const reader = new PartsReader();
    const last = reader.receive(body.subarray(0, at)).at(-1);
    try {
      reader.finish();
      expect(last?.type).not.toBe("end");
    } catch (error) {
      expect(error).toMatchObject({ code: "PARTS_TRUNCATED" });
    }
  }
});

test("a type of the future is skipped with its payload", () => {
  const future = JSON.stringify({ type: "subtitles" });
  const head = new Uint8Array(8 + future.length + 3);
  new DataView(head.buffer).setUint32(0, future.length);
  new DataView(head.buffer).setUint32(4, 3);
  head.set(new TextEncoder().encode(future), 8);
  expect(new PartsReader().receive(join(head, body))).toEqual(records);
});

describe("limits", () => {
  const json = JSON.stringify({ type: "gap", missed: 1 });
  const head = writeRecordHead({ type: "gap", missed: 1 });

  test("a header may be as long as the limit and no longer", () => {
    expect(new PartsReader({ maxHeaderBytes: json.length }).receive(head)).toHaveLength(1);
    const strict = new PartsReader({ maxHeaderBytes: json.length - 1 });
    expect(() => strict.receive(head.subarray(0, 8))).toThrow("too long");
  });

  test("a payload may be as long as the limit and no longer", () => {
    const whole = join(writeRecordHead(part, 10), new Uint8Array(10));
    expect(new PartsReader({ maxPayloadBytes: 10 }).receive(whole)).toHaveLength(1);
    const strict = new PartsReader({ maxPayloadBytes: 9 });
    expect(() => strict.receive(whole)).toThrow(
      expect.objectContaining({ code: "PARTS_PAYLOAD_TOO_LARGE" }),
    );
  });
});

test.each([
  "",
  "[]",
  "null",
  "{}",
  '{"type":1}',
  '{"type":"gap"}',
  '{"type":"gap","missed":-1}',
  '{"type":"gap","missed":"1"}',
  '{"type":"end","next":"a"}',
  '{"type":"event","id":"a"}',
  '{"type":"part","sequence":1}',
  '{"type":"init","id":1,"mime":1,"width":0,"height":0}',
])("the header %j is refused", (json) => {
  expect(() => parseTextRecord(json)).toThrow(
    expect.objectContaining({ code: "PARTS_HEADER_INVALID" }),
  );
});

test("arbitrary bytes give records or a protocol error", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), fc.nat(body.length), (pieces, at) => {
      const reader = new PartsReader();
      try {
        reader.receive(body.subarray(0, at));
        for (const piece of pieces) reader.receive(piece);
        reader.finish();
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    }),
  );
});

test("records as text", () => {
  expect(parseTextRecord(`${JSON.stringify(part)}\nCAk=`)).toEqual({
    ...part,
    bytes: Uint8Array.of(8, 9),
  });
  expect(parseTextRecord(`${JSON.stringify(init)}\nAAECAw==`)).toEqual(records[1]);
  expect(parseTextRecord('{"type":"gap","missed":2}')).toEqual({ type: "gap", missed: 2 });
  expect(parseTextRecord('{"type":"subtitles"}\nAAAA')).toBeUndefined();
  expect(() => parseTextRecord(`${JSON.stringify(part)}\n{}`)).toThrow(ProtocolError);
});
