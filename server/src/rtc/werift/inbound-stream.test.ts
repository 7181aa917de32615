import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FRAGMENT_OVERHEAD_BYTES, InboundStream } from "./inbound-stream.ts";
import { type DataFields, DataFlag } from "./sctp-read.ts";
import { add32 } from "./serial.ts";

const BASE = 0xfffffffa;

/** Fragments of messages, one character each, with numbers that wrap on the way. */
function fragments(
  messages: readonly { text: string; ordered?: boolean; ssn?: number }[],
): DataFields[] {
  let tsn = BASE;
  let ssn = 0;
  return messages.flatMap(({ text, ordered = true, ssn: given }) => {
    const number = given ?? (ordered ? ssn++ : 0);
    return [...text].map((character, i) => {
      const fields = {
        tsn,
        streamId: 1,
        ssn: number,
        ppid: 51,
        flags:
          (ordered ? 0 : DataFlag.unordered) |
          (i === 0 ? DataFlag.begin : 0) |
          (i === text.length - 1 ? DataFlag.end : 0),
        payload: Buffer.from(character),
      };
      tsn = add32(tsn, 1);
      return fields;
    });
  });
}

function drain(stream: InboundStream): string[] {
  const texts: string[] = [];
  for (let next = stream.shift(); next !== undefined; next = stream.shift()) {
    texts.push(Buffer.from(next.bytes).toString());
  }
  return texts;
}

describe("messages of a stream", () => {
  test("come in order whatever the order of their fragments", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 5 }), {
          minLength: 1,
          maxLength: 6,
        }),
        fc.infiniteStream(fc.nat()),
        (texts, random) => {
          const stream = new InboundStream(100);
          const parts = fragments(texts.map((text) => ({ text })));
          const got: string[] = [];
          while (parts.length > 0) {
            const [part] = parts.splice((random.next().value ?? 0) % parts.length, 1);
            if (part !== undefined) expect(stream.add(part)).toBe("kept");
            got.push(...drain(stream));
          }
          expect(got).toEqual(texts);
          expect(stream.bufferedBytes).toBe(0);
        },
      ),
    );
  });

  test("unordered ones come as soon as they are whole", () => {
    const stream = new InboundStream(100);
    const parts = fragments([
      { text: "xyz" },
      { text: "ab", ordered: false },
      { text: "c", ordered: false },
    ]);
    stream.add(parts[5] as DataFields);
    expect(drain(stream)).toEqual(["c"]);
    stream.add(parts[4] as DataFields);
    stream.add(parts[3] as DataFields);
    expect(drain(stream)).toEqual(["ab"]);
    for (const part of parts.slice(0, 3)) stream.add(part);
    expect(drain(stream)).toEqual(["xyz"]);
  });

  test("longer than allowed are told at the first fragment too many; the longest allowed comes", () => {
    const stream = new InboundStream(4);
    for (const part of fragments([{ text: "abcd" }])) expect(stream.add(part)).toBe("kept");
    expect(drain(stream)).toEqual(["abcd"]);
    const long = new InboundStream(4);
    const parts = fragments([{ text: "abcdefgh" }]);
    expect(parts.slice(0, 5).map((part) => long.add(part))).toEqual([
      "kept",
      "kept",
      "kept",
      "kept",
      "too-long",
    ]);
  });

  test("fragments are copied", () => {
    const stream = new InboundStream(100);
    const [first, second] = fragments([{ text: "ab" }]);
    stream.add(first as DataFields);
    first?.payload.fill(0);
    stream.add(second as DataFields);
    expect(drain(stream)).toEqual(["ab"]);
  });

  test("numbers may jump only by being given up", () => {
    const stream = new InboundStream(100);
    const parts = fragments([{ text: "a" }, { text: "bb" }, { text: "c" }, { text: "d" }]);
    stream.add(parts[0] as DataFields);
    stream.add(parts[1] as DataFields);
    stream.add(parts[3] as DataFields);
    stream.add(parts[4] as DataFields);
    expect(drain(stream)).toEqual(["a"]);
    stream.abandonUntil((parts[2] as DataFields).tsn);
    stream.skipTo(1);
    expect(drain(stream)).toEqual(["c", "d"]);
    expect(stream.bufferedBytes).toBe(0);
    // Told again, or told late, it changes nothing.
    stream.skipTo(0);
    stream.add({ ...(parts[4] as DataFields), tsn: 99, ssn: 4 });
    expect(drain(stream)).toEqual(["d"]);
  });

  test("a message whose number was given up never comes late", () => {
    const stream = new InboundStream(100);
    stream.skipTo(5);
    stream.add({ ...(fragments([{ text: "x" }])[0] as DataFields), ssn: 5 });
    expect(drain(stream)).toEqual([]);
    expect(stream.bufferedBytes).toBe(0);
  });

  test("each fragment costs more than its bytes", () => {
    const stream = new InboundStream(100);
    stream.add(fragments([{ text: "ab" }])[0] as DataFields);
    expect(stream.bufferedBytes).toBe(1 + FRAGMENT_OVERHEAD_BYTES);
  });
});
