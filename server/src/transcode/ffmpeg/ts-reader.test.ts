import { ProtocolError } from "@millrace/media/error";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mediaPid, TsReader } from "./ts-reader.ts";
import { readAacUnits, readOpusUnits, type SoundUnit } from "./ts-units.ts";

/** ISO/IEC 13818-1 section 2.4.3.2, stuffed by an adaptation field. */
function tsPackets(pes: Uint8Array, pid: number = mediaPid): Uint8Array {
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
const expected: SoundUnit[] = [
  { ptsTicks: -225, payload: Uint8Array.of(9, 8) },
  { ptsTicks: 1575, payload: Uint8Array.of(7, 6, 5) },
  { ptsTicks: 1575, payload: Uint8Array.of(4) },
  { ptsTicks: 3375, payload: Uint8Array.from(long) },
];

function brief(units: readonly SoundUnit[]): string {
  return units
    .map((unit) => `${unit.ptsTicks}:${Buffer.from(unit.payload).toString("hex")}`)
    .join();
}

/** Opus packets out of a transport stream. */
class OpusTs {
  readonly #reader = new TsReader({ maxBytes: 65_536 });

  receive(bytes: Uint8Array): SoundUnit[] {
    return this.#reader.receive(bytes).flatMap(readOpusUnits);
  }
}

describe("TsReader with Opus", () => {
  it("reads units with their times however the bytes are split", () => {
    expect(brief(new OpusTs().receive(stream))).toBe(brief(expected));
    for (let at = 0; at <= stream.length; at++) {
      const reader = new OpusTs();
      const units = [...reader.receive(stream.slice(0, at)), ...reader.receive(stream.slice(at))];
      expect(brief(units)).toBe(brief(expected));
    }
  });

  it("goes on over the wrap of the clock", () => {
    const reader = new OpusTs();
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
        const reader = new OpusTs();
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

describe("TsReader with JPEG", () => {
  const isWhole = (data: Uint8Array): boolean => data.at(-2) === 0xff && data.at(-1) === 0xd9;
  const image = [0xff, 0xd8, ...Array.from({ length: 900 }, (_, at) => at & 0x7f), 0xff, 0xd9];
  const unbounded = (pts: number): Uint8Array => {
    const pes = pesOf(pts, [image]);
    pes.fill(0, 4, 6);
    return tsPackets(pes);
  };

  it("gives an image of unknown length out with its last byte", () => {
    const reader = new TsReader({ maxBytes: 10_000, isWhole });
    const bytes = Uint8Array.from([...unbounded(900), ...unbounded(9900)]);
    const half = bytes.length / 2;
    expect(reader.receive(bytes.slice(0, half - 1))).toEqual([]);
    const units = [
      ...reader.receive(bytes.slice(half - 1, half)),
      ...reader.receive(bytes.slice(half)),
    ];
    expect(units.map(({ ptsTicks }) => ptsTicks)).toEqual([900, 9900]);
    expect(units.map(({ data }) => [...data])).toEqual([image, image]);
  });

  it("refuses a larger one than it may take, and any where lengths must be known", () => {
    const size = image.length + 14;
    expect(() => new TsReader({ maxBytes: size - 189, isWhole }).receive(unbounded(0))).toThrow(
      ProtocolError,
    );
    expect(new TsReader({ maxBytes: size, isWhole }).receive(unbounded(0))).toHaveLength(1);
    expect(() => new TsReader({ maxBytes: size }).receive(unbounded(0))).toThrow(ProtocolError);
  });
});

describe("readAacUnits", () => {
  const adts = (payload: readonly number[]): number[] => {
    const size = payload.length + 7;
    return [
      0xff,
      0xf1,
      0x4c,
      0x80 | (size >> 11),
      (size >> 3) & 0xff,
      ((size & 7) << 5) | 0x1f,
      0xfc,
      ...payload,
    ];
  };

  it("takes the headers off and gives each unit its time", () => {
    const data = Uint8Array.from([...adts([1, 2, 3]), ...adts([4])]);
    expect(brief(readAacUnits({ ptsTicks: 100, data }))).toBe("100:010203,2020:04");
  });

  it("refuses what is cut off", () => {
    const data = Uint8Array.from(adts([1, 2, 3]));
    expect(() => readAacUnits({ ptsTicks: 0, data: data.slice(0, -1) })).toThrow(ProtocolError);
    expect(() => readAacUnits({ ptsTicks: 0, data: data.slice(1) })).toThrow(ProtocolError);
  });
});
