import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type MultipartLimits, MultipartReader, type Part } from "./reader.ts";
import { checkBoundary, writeOpening, writePart } from "./writer.ts";

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));
const join = (...pieces: readonly Uint8Array[]): Uint8Array =>
  new Uint8Array(Buffer.concat(pieces));

function read(pieces: readonly Uint8Array[], limits?: Partial<MultipartLimits>) {
  const reader = new MultipartReader("imgboundary", limits);
  const parts = pieces.flatMap((piece) => reader.receive(piece));
  return { parts: parts.map(plain), closed: reader.closed };
}

const plain = ({ headers, body }: Part): { headers: string[][]; body: string } => ({
  headers: [...headers].map((header) => [...header]),
  body: Buffer.from(body).toString("latin1"),
});

/** As ffmpeg's mpjpeg muxer frames two bodies, with a preamble and a closing delimiter. */
const stream = bytes(
  "pre\r\namble --imgboundary no\r\n--imgboundary\r\nContent-type: image/jpeg\r\nContent-length: 9\r\n\r\n" +
    "\r\n--imgbo\r\n--imgboundary \t\r\n\r\nno length\r\n-\r\n--imgboundary\r\nA: 1\r\n\r\n\r\n--imgboundary--\r\nepilogue",
);
const expected = {
  parts: [
    {
      headers: [
        ["content-type", "image/jpeg"],
        ["content-length", "9"],
      ],
      body: "\r\n--imgbo",
    },
    { headers: [], body: "no length\r\n-" },
    { headers: [["a", "1"]], body: "" },
  ],
  closed: true,
};

describe("multipart writer", () => {
  it("writes each part with the delimiter line of the next", () => {
    const part = writePart(
      "imgboundary",
      [["Content-Type", "image/jpeg"]],
      bytes("\xff\xd8\xff\xd9"),
    );
    expect(join(writeOpening("imgboundary"), part)).toEqual(
      bytes(
        "--imgboundary\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\xff\xd9\r\n--imgboundary\r\n",
      ),
    );
  });

  it("takes boundaries of 1 to 70 characters that need no quotes", () => {
    expect(checkBoundary("b".repeat(70))).toHaveLength(70);
    for (const wrong of ["", "b".repeat(71), "a b", "a\r\n", 'a"']) {
      expect(() => checkBoundary(wrong)).toThrow(RangeError);
      expect(() => new MultipartReader(wrong)).toThrow(RangeError);
    }
  });
});

describe("MultipartReader", () => {
  it("gives the same parts wherever the stream is split", () => {
    expect(read([stream])).toEqual(expected);
    for (let at = 0; at <= stream.length; at++) {
      expect(read([stream.subarray(0, at), stream.subarray(at)])).toEqual(expected);
    }
    expect(read([...stream].map((byte) => Uint8Array.of(byte)))).toEqual(expected);
  });

  it("gives a part as soon as the delimiter behind it is there", () => {
    const reader = new MultipartReader("imgboundary");
    const part = writePart("imgboundary", [["Content-Length", "3"]], bytes("abc"));
    expect(reader.receive(writeOpening("imgboundary"))).toEqual([]);
    expect(reader.receive(part.subarray(0, -3))).toEqual([]);
    expect(reader.receive(part.subarray(-3, -2))).toHaveLength(1);
  });

  it("reads what is written, any bytes in pieces of any size", () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 8 });
    const sizes = fc.array(fc.nat(300), { maxLength: 40 });
    fc.assert(
      fc.property(bodies, sizes, fc.boolean(), (list, cuts, withLength) => {
        const whole = join(
          writeOpening("imgboundary"),
          ...list.map((body) =>
            writePart(
              "imgboundary",
              withLength ? [["Content-Length", `${body.length}`]] : [],
              body,
            ),
          ),
        );
        const pieces: Uint8Array[] = [];
        let at = 0;
        for (const size of [...cuts, whole.length]) {
          pieces.push(whole.subarray(at, at + size));
          at += size;
        }
        const reader = new MultipartReader("imgboundary");
        expect(pieces.flatMap((piece) => reader.receive(piece)).map((part) => part.body)).toEqual(
          list,
        );
      }),
    );
  });

  it("goes through many parts larger than its first buffer", () => {
    const body = new Uint8Array(100_000).fill(7);
    const part = writePart("imgboundary", [["Content-Length", "100000"]], body);
    const reader = new MultipartReader("imgboundary");
    reader.receive(writeOpening("imgboundary"));
    for (let count = 0; count < 20; count++) {
      const parts = [
        ...reader.receive(part.subarray(0, 70_000)),
        ...reader.receive(part.subarray(70_000)),
      ];
      expect(parts.map((p) => Buffer.compare(p.body, body))).toEqual([0]);
    }
  });

  it("has limits for heads and bodies", () => {
    const head = (size: number): Uint8Array =>
      bytes(`--imgboundary\r\nA: ${"x".repeat(size - 5)}\r\n\r\nb\r\n--imgboundary`);
    expect(read([head(100)], { maxHeadBytes: 100 }).parts).toHaveLength(1);
    const tooLong = expect.objectContaining({ code: "MULTIPART_HEAD_TOO_LARGE" });
    expect(() => read([head(101)], { maxHeadBytes: 100 })).toThrow(tooLong);
    expect(() => read([head(300).subarray(0, 200)], { maxHeadBytes: 100 })).toThrow(tooLong);
    expect(() => read([bytes(`--imgboundary${" ".repeat(200)}`)], { maxHeadBytes: 100 })).toThrow(
      tooLong,
    );

    const body = (length: string, size: number): Uint8Array =>
      bytes(`--imgboundary\r\n${length}\r\n${"x".repeat(size)}\r\n--imgboundary`);
    const tooLarge = expect.objectContaining({ code: "MULTIPART_BODY_TOO_LARGE" });
    for (const length of ["", "Content-Length: 50\r\n"]) {
      expect(read([body(length, 50)], { maxBodyBytes: 50 }).parts).toHaveLength(1);
    }
    expect(() => read([body("", 51)], { maxBodyBytes: 50 })).toThrow(tooLarge);
    expect(() => read([body("Content-Length: 51\r\n", 0)], { maxBodyBytes: 50 })).toThrow(tooLarge);
  });

  it("refuses what is no multipart body", () => {
    for (const wrong of [
      "--imgboundaryX\r\n",
      "--imgboundary\r\nno colon\r\n\r\n",
      "--imgboundary\r\nContent-Length: 1e3\r\n\r\n",
      "--imgboundary\r\nContent-Length: 1\r\n\r\nabcd",
    ]) {
      expect(() => read([bytes(wrong)])).toThrow(
        expect.objectContaining({ code: "MULTIPART_INVALID" }),
      );
    }
  });

  it("gives a result or a ProtocolError for any bytes", () => {
    const piece = fc.oneof(
      fc.constantFrom("--imgboundary", "\r\n", "\r\n\r\n", "Content-Length: 3", "--", "\r", ":"),
      fc.string({ maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        try {
          read(pieces.map(bytes), { maxHeadBytes: 60, maxBodyBytes: 60 });
        } catch (error) {
          expect(error).toMatchObject({ name: "ProtocolError" });
        }
      }),
      { numRuns: 500 },
    );
  });
});
