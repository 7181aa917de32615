import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ProtocolError } from "../error/index.ts";
import { type SseEvent, SseReader, writeSseComment, writeSseEvent } from "./sse.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function read(text: string): SseEvent[] {
  return [...new SseReader().receive(bytesOf(text))];
}

describe("writing", () => {
  test("all fields in the order that readers need", () => {
    expect(writeSseEvent({ retryMs: 10_000, id: "e.7", event: "stream", data: '{"a":1}' })).toBe(
      'retry: 10000\nid: e.7\nevent: stream\ndata: {"a":1}\n\n',
    );
  });

  test("each line of the data has its own field", () => {
    expect(writeSseEvent({ data: "{\n\r\n}\r." })).toBe("data: {\ndata: \ndata: }\ndata: .\n\n");
  });

  test("a comment alone", () => {
    expect(writeSseComment()).toBe(":\n\n");
    expect(writeSseComment("still here")).toBe(": still here\n\n");
  });

  test.each([{ id: "a\nb" }, { id: "a\0" }, { event: "x\ry" }])(
    "nothing can slip into another field: %j",
    (fields) => {
      expect(() => writeSseEvent(fields)).toThrow(RangeError);
    },
  );
});

describe("the standard's examples", () => {
  test("two data lines make one event", () => {
    expect(read("data: YHOO\ndata: +2\ndata: 10\n\n")).toEqual([
      { id: "", event: "message", data: "YHOO\n+2\n10" },
    ]);
  });

  test("comments, ids that stay, ids that are taken back, and an event without end", () => {
    const reader = new SseReader();
    const text =
      ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event";
    expect(reader.receive(bytesOf(text))).toEqual([
      { id: "1", event: "message", data: "first event" },
      { id: "", event: "message", data: "second event" },
    ]);
    expect(reader.lastEventId).toBe("");
  });

  test("empty data", () => {
    expect(read("data\n\ndata\ndata\n\ndata:").map((event) => event.data)).toEqual(["", "\n"]);
  });

  test("one space after the colon is left out", () => {
    expect(read("data:test\n\ndata: test\n\ndata:  test\n\n").map((event) => event.data)).toEqual([
      "test",
      "test",
      " test",
    ]);
  });
});

test("a byte order mark at the very beginning is skipped, later ones are not", () => {
  const events = read("\ufeffdata: a\n\ndata: \ufeffb\n\n");
  expect(events.map((event) => event.data)).toEqual(["a", "\ufeffb"]);
});

test("retry and an id count without data; what is no number or has a NUL is ignored", () => {
  const reader = new SseReader();
  expect(reader.receive(bytesOf("retry: 2500\nid: 4\n\n"))).toEqual([]);
  expect([reader.retryMs, reader.lastEventId]).toEqual([2500, "4"]);
  reader.receive(bytesOf("retry: 1s\nid: 5\0\nunknown: 1\n\n"));
  expect([reader.retryMs, reader.lastEventId]).toEqual([2500, "4"]);
});

test("an id counts only when its event is complete", () => {
  const reader = new SseReader();
  reader.receive(bytesOf("id: 9\ndata: cut"));
  expect(reader.lastEventId).toBe("");
});

test("any split of any line ends gives the same events", () => {
  const text =
    'retry: 3000\r\nid: é.1\revent: stream\ndata: {"name":\r\ndata: "grün"}\r\n\r\n: beat\n\ndata: 2\r\rdata:\n\n';
  const bytes = bytesOf(text);
  const whole = read(text);
  expect(whole).toHaveLength(3);
  for (let at = 0; at <= bytes.length; at++) {
    const reader = new SseReader();
    const events = [
      ...reader.receive(bytes.subarray(0, at)),
      ...reader.receive(bytes.subarray(at)),
    ];
    expect(events).toEqual(whole);
  }
  const single = new SseReader();
  expect([...bytes].flatMap((byte) => [...single.receive(Uint8Array.of(byte))])).toEqual(whole);
});

test("what is written is read back, JSON with line ends included, however proxies split it", () => {
  const line = fc.string().map((text) => text.replaceAll(/[\r\n\0]/g, ""));
  fc.assert(
    fc.property(
      fc.array(fc.record({ id: line, event: line, data: fc.string() }), { maxLength: 5 }),
      fc.array(fc.nat(40), { maxLength: 30 }),
      (list, cuts) => {
        const bytes = bytesOf(list.map((fields) => writeSseEvent(fields)).join(writeSseComment()));
        const reader = new SseReader();
        const events: SseEvent[] = [];
        let at = 0;
        for (const cut of [...cuts, bytes.length]) {
          events.push(...reader.receive(bytes.subarray(at, at + cut)));
          at += cut;
        }
        expect(events).toEqual(
          list.map(({ id, event, data }) => ({
            id,
            event: event || "message",
            data: data.replaceAll(/\r\n|\r/g, "\n"),
          })),
        );
      },
    ),
  );
});

test("arbitrary bytes give events or nothing", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), (pieces) => {
      const reader = new SseReader(200);
      try {
        for (const piece of pieces) reader.receive(piece);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    }),
  );
});

test("an event may be as long as the limit and no longer, in one line or in many", () => {
  const fits = new SseReader(20);
  expect(fits.receive(bytesOf("data: 12345678901234\n\n"))).toHaveLength(1);
  expect(fits.receive(bytesOf("data: 12345678901234\n\n"))).toHaveLength(1);
  expect(() => new SseReader(20).receive(bytesOf("data: 123456789012345"))).toThrow(
    "An event is longer",
  );
  expect(() => new SseReader(20).receive(bytesOf("data: 12345\ndata: 12345\n"))).toThrow(
    ProtocolError,
  );
});
