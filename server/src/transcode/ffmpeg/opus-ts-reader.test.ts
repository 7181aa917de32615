import { ProtocolError } from "@millrace/media/error";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OpusTsReader, type OpusUnit, opusPid } from "./opus-ts-reader.ts";

/** ISO/IEC 13818-1 section 2.4.3.2, stuffed by an adaptation field. */
function tsPackets(pes: Uint8Array, pid: number = opusPid): Uint8Array {
  const out: number[] = [];
  for (let at = 0; at < pes.length; ) {
    const size = Math.min(184, pes.length - at);
    const stuffing = 184 - size;
    const start = at === 0 ? 0x40 : 0;
    const head = [0x47, start | (pid >> 8), pid & 0xff, stuffing > 0 ? 0x30 : 0x10];
    const field =
      stuffing === 0
        ? []
        : [stuffing - 1, ...Array.from({ length: stuffing - 1 }, (_, i) => (i === 0 ? 0 : 0xff))];
    out.push(...head, ...field, ...pes.subarray(at, at + size));
    at += size;
  }
  return Uint8Array.from(out);
}

function pesOf(pts: number, units: readonly (readonly number[])[]): Uint8Array {
  const high = Math.floor(pts / 2 ** 30);
  const time = [
    0x21 | (high << 1),
    (pts >>> 22) & 0xff,
    (((pts >>> 15) & 0x7f) << 1) | 1,
    (pts >>> 7) & 0xff,
    ((pts & 0x7f) << 1) | 1,
  ];
  const body = [0x80, 0x80, 5, ...time, ...units.flat()];
  return Uint8Array.from([0, 0, 1, 0xbd, body.length >> 8, body.length & 0xff, ...body]);
}

const plain = (payload: readonly number[]): number[] => {
  const size = [
    ...Array.from({ length: Math.floor(payload.length / 255) }, () => 255),
    payload.length % 255,
  ];
  return [0x7f, 0xe0, ...size, ...payload];
};
const long = Array.from({ length: 700 }, (_, at) => at & 0xff);
const stream = Uint8Array.from([
  ...tsPackets(Uint8Array.of(1, 2, 3), 0),
  // With a start trim, as ffmpeg's first packet.
  ...tsPackets(pesOf(2 ** 33 - 225, [[0x7f, 0xf0, 2, 0, 120, 9, 8]])),
  ...tsPackets(pesOf(1575, [plain([7, 6, 5]), [0x7f, 0xe4, 1, 2, 0xaa, 0xbb, 4]])),
  ...tsPackets(pesOf(3375, [plain(long)])),
]);
const expected: OpusUnit[] = [
  { ptsTicks: -225, payload: Uint8Array.of(9, 8) },
  { ptsTicks: 1575, payload: Uint8Array.of(7, 6, 5) },
  { ptsTicks: 1575, payload: Uint8Array.of(4) },
  { ptsTicks: 3375, payload: Uint8Array.from(long) },
];

function brief(units: readonly OpusUnit[]): string {
  return units
    .map((unit) => `${unit.ptsTicks}:${Buffer.from(unit.payload).toString("hex")}`)
    .join();
}

describe("OpusTsReader", () => {
  it("reads units with their times however the bytes are split", () => {
    expect(brief(new OpusTsReader().receive(stream))).toBe(brief(expected));
    for (let at = 0; at <= stream.length; at++) {
      const reader = new OpusTsReader();
      const units = [...reader.receive(stream.slice(0, at)), ...reader.receive(stream.slice(at))];
      expect(brief(units)).toBe(brief(expected));
    }
  });

  it("goes on over the wrap of the clock", () => {
    const reader = new OpusTsReader();
    const at = (pts: number): number | undefined =>
      reader.receive(tsPackets(pesOf(pts % 2 ** 33, [plain([1])])))[0]?.ptsTicks;
    expect([2 ** 32, 2 ** 33 - 100, 2 ** 33 + 1700].map(at)).toEqual([
      2 ** 32,
      2 ** 33 - 100,
      2 ** 33 + 1700,
    ]);
  });

  it("gives units or ProtocolError for arbitrary bytes", () => {
    const packet = fc.uint8Array({ minLength: 187, maxLength: 187 });
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 5 }), fc.boolean(), (bodies, ours) => {
        const reader = new OpusTsReader();
        for (const body of bodies) {
          const bytes = Uint8Array.from([0x47, ...body]);
          if (ours) bytes.set([0x41, 0x00, 0x10], 1);
          try {
            reader.receive(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError);
            return;
          }
        }
      }),
    );
  });
});
