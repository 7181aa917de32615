import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tinyAnnexB } from "../h264/fixtures.ts";
import { NalType, nalType, splitAnnexB } from "../h264/index.ts";
import {
  defaultH264DepacketizerLimits,
  type H264AccessUnit,
  H264Depacketizer,
  type H264DepacketizerLimits,
} from "./h264-depacketizer.ts";
import { minH264PayloadBytes, packetizeH264 } from "./h264-packetizer.ts";
import { parseRtp, type RtpPacket } from "./packet.ts";

const hex = (text: string): Uint8Array =>
  new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const [sps, pps, idr, p1, p2] = splitAnnexB(hex(tinyAnnexB)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
];

/** rtph264pay of GStreamer, mtu=112, on the stream of `tinyAnnexB` with access unit delimiters. */
const gstreamer = [
  "8066fffdfffff3201234567878000209f000156742c00ad9096c0440000003004000000ca3c48992000568cb80e4b2",
  "8066fffefffff320123456787c85888411fb3e1600fc6c5062e3d32cc170329cb5e890f57e61a0c6861c565a85c4de176049c6cbd69573da922d0982d098fea9f48c755594b772aa298ac927217c769b0c83000f0898787c89d1a56ec3667391063ad0de5eb8b4260b426210ff510d8f",
  "80e6fffffffff320123456787c45e026d7c7bc1b50a0fa770c0cb038011d04000d091831252147f79c0d243d40103519f79ff0001885843c047be8f17ba7237dfd42f641081e185ab0ba0ae8243db44ec1f48ca94c2179d0",
  "80e60000fffff3201234567858000209f00006419a3816e580",
  "80e60001fffff3201234567858000209f00006419a5405b960",
].map((line, i) => {
  const packet = parseRtp(hex(line));
  // GStreamer gave all frames of this file one timestamp.
  return { ...packet, timestamp: packet.timestamp + 3600 * Math.max(0, i - 2) };
});

function rtp(
  payloads: readonly Uint8Array[],
  timestamp: number,
  firstSequence: number,
): RtpPacket[] {
  return payloads.map((payload, i) => ({
    marker: i === payloads.length - 1,
    payloadType: 102,
    sequence: (firstSequence + i) & 0xffff,
    timestamp,
    ssrc: 1,
    payload,
    paddingBytes: 0,
  }));
}

function depacketize(
  packets: readonly RtpPacket[],
  limits?: Partial<H264DepacketizerLimits>,
): H264AccessUnit[] {
  const reader = new H264Depacketizer({ ...defaultH264DepacketizerLimits, ...limits });
  const units: H264AccessUnit[] = [];
  const drain = (): void => {
    for (let unit = reader.shift(); unit !== undefined; unit = reader.shift()) units.push(unit);
  };
  for (const packet of packets) {
    reader.push(packet);
    drain();
  }
  reader.flush();
  drain();
  return units;
}

const good = { damaged: false, missingPackets: 0 };

describe("packetizeH264", () => {
  it("gives these packets for a frame of x264", () => {
    const payloads = packetizeH264([sps, pps, idr], 100).map(text);
    expect(payloads).toEqual([
      // STAP-A: NRI 3, SPS of 21 bytes, PPS of 5 bytes.
      `78 0015${text(sps)} 0005${text(pps)}`.replaceAll(" ", ""),
      // FU-A: 172 bytes after the NAL header in two fragments of 86.
      `7c85${text(idr.subarray(1, 87))}`,
      `7c45${text(idr.subarray(87))}`,
    ]);
    expect(packetizeH264([p1], 100)).toEqual([p1]);
  });

  it("copies nothing of a NAL unit that fits", () => {
    expect(packetizeH264([p1], 1200)[0]).toBe(p1);
    expect(packetizeH264([idr], idr.byteLength)).toEqual([idr]);
    expect(packetizeH264([idr], idr.byteLength - 1)).toHaveLength(2);
  });

  it("fills a STAP-A to the last byte", () => {
    const size = 1 + 2 + sps.byteLength + 2 + pps.byteLength;
    expect(packetizeH264([sps, pps], size)).toHaveLength(1);
    expect(packetizeH264([sps, pps], size - 1)).toEqual([sps, pps]);
  });

  it("gives the STAP-A the highest importance and any forbidden bit inside", () => {
    const payload = packetizeH264([hex("0600"), hex("4199"), hex("8c00")], 100)[0];
    expect(payload?.[0]).toBe(0x80 | 0x40 | 24);
    expect(packetizeH264([hex("0600"), hex("0199")], 100)[0]?.[0]).toBe(24);
  });

  it("leaves out what means something else in RTP", () => {
    expect(packetizeH264([hex(""), hex("00ff"), hex("78ffff"), hex("7f"), p1], 100)).toEqual([p1]);
    expect(packetizeH264([], 100)).toEqual([]);
  });

  it("holds its limit", () => {
    expect(() => packetizeH264([p1], minH264PayloadBytes - 1)).toThrow(RangeError);
    expect(packetizeH264([idr], minH264PayloadBytes)).toHaveLength(Math.ceil(172 / 14));
  });
});

describe("H264Depacketizer", () => {
  it("puts together what GStreamer sends", () => {
    const units = depacketize(gstreamer);
    expect(units).toHaveLength(3);
    expect(units.map(({ nals }) => nals.map(nalType))).toEqual([
      [NalType.accessUnitDelimiter, 7, 8, 5],
      [NalType.accessUnitDelimiter, 1],
      [NalType.accessUnitDelimiter, 1],
    ]);
    expect(units.flatMap(({ nals }) => nals.filter((nal) => nalType(nal) !== 9))).toEqual([
      sps,
      pps,
      idr,
      p1,
      p2,
    ]);
    for (const unit of units) expect(unit).toMatchObject(good);
  });

  it("ends an access unit at a new timestamp when the marker bit is missing", () => {
    const packets = gstreamer.map((packet) => ({ ...packet, marker: false }));
    const reader = new H264Depacketizer();
    for (const packet of packets) reader.push(packet);
    const units = [reader.shift(), reader.shift(), reader.shift()];
    expect(units.map((unit) => unit?.nals.length)).toEqual([4, 2, undefined]);
    expect(units.map((unit) => unit?.damaged)).toEqual([false, false, undefined]);
  });

  it.each([
    // Index of the lost packet; then per access unit: NAL units, damaged, missing packets.
    [
      0,
      [
        [1, false, 0],
        [2, false, 0],
        [2, false, 0],
      ],
    ],
    [
      1,
      [
        [3, true, 1],
        [2, false, 0],
        [2, false, 0],
      ],
    ],
    [
      2,
      [
        [3, true, 0],
        [2, false, 1],
        [2, false, 0],
      ],
    ],
    [
      3,
      [
        [4, false, 0],
        [2, false, 1],
      ],
    ],
  ] as const)("tells what is damaged when packet %i is lost", (lost, expected) => {
    const units = depacketize(gstreamer.filter((_, i) => i !== lost));
    expect(units.map((unit) => [unit.nals.length, unit.damaged, unit.missingPackets])).toEqual(
      expected,
    );
  });

  it("takes an access unit for damaged when its first slice may be lost", () => {
    const secondSlice = hex("411268ec467f");
    const units = depacketize([
      ...rtp([p1], 0, 0),
      ...rtp([secondSlice], 3000, 2),
      ...rtp([p2, secondSlice], 6000, 4),
    ]);
    expect(units.map((unit) => [unit.damaged, unit.missingPackets])).toEqual([
      [false, 0],
      [true, 1],
      [false, 1],
    ]);
  });

  it("begins with a damaged access unit when it joins inside of one", () => {
    const packets = rtp(packetizeH264([sps, pps, idr], 100), 0, 10);
    expect(depacketize(packets.slice(1))[0]).toMatchObject({ damaged: false });
    expect(depacketize(packets.slice(2))[0]).toMatchObject({ damaged: true, nals: [] });
  });

  it("ignores padding and packets that are not newer", () => {
    const [one, two] = [rtp([p1], 0, 1), rtp([p2], 3000, 3)];
    const padding: RtpPacket = {
      ...(one[0] as RtpPacket),
      sequence: 2,
      payload: new Uint8Array(),
      paddingBytes: 5,
    };
    const units = depacketize([...one, ...one, padding, ...two, ...one]);
    expect(units.map(({ nals }) => nals)).toEqual([[p1], [p2]]);
    for (const unit of units) expect(unit).toMatchObject(good);
  });

  it("keeps the whole NAL units of a damaged access unit", () => {
    const packets = rtp(packetizeH264([idr, p1, idr], 90), 0, 0);
    const units = depacketize(packets.filter((_, i) => i !== 1));
    expect(units).toMatchObject([{ damaged: true, missingPackets: 1, nals: [p1, idr] }]);
  });

  it("makes malformed payloads a damaged access unit and counts them", () => {
    for (const payload of [
      "78",
      "780005aabb",
      "7800",
      "78000165780002",
      "7c85",
      "7c",
      "60",
      "79aa",
      "7fff",
      "7cda11",
    ]) {
      const reader = new H264Depacketizer();
      for (const packet of rtp([p1, hex(payload), p2], 0, 0)) reader.push(packet);
      expect(reader.shift()).toMatchObject({ damaged: true });
      expect(reader.malformedPackets).toBe(1);
    }
  });

  it("drops a fragmented NAL unit that is not fragmented to its end", () => {
    const [start, end] = packetizeH264([idr], 90) as [Uint8Array, Uint8Array];
    const bad = { damaged: true, missingPackets: 0 };
    expect(depacketize(rtp([start, p1], 0, 0))).toMatchObject([{ ...bad, nals: [p1] }]);
    expect(depacketize(rtp([end, p1], 0, 0))).toMatchObject([{ ...bad, nals: [p1] }]);
    expect(depacketize(rtp([start, start, end], 0, 0))).toMatchObject([{ ...bad, nals: [idr] }]);
    expect(depacketize(rtp([start], 0, 0))).toMatchObject([{ ...bad, nals: [] }]);
    const other = end.slice();
    other[1] = 0x41;
    expect(depacketize(rtp([start, other], 0, 0))).toMatchObject([{ ...bad, nals: [] }]);
  });

  it("holds its limits", () => {
    const size = idr.byteLength + p1.byteLength;
    const packets = rtp([...packetizeH264([idr], 90), p1], 0, 0);
    expect(depacketize(packets, { maxAccessUnitBytes: size })).toMatchObject([
      { ...good, nals: [idr, p1] },
    ]);
    expect(depacketize(packets, { maxAccessUnitBytes: size - 1 })).toMatchObject([
      { damaged: true, nals: [idr] },
    ]);
    expect(depacketize(packets, { maxNals: 2 })).toMatchObject([good]);
    expect(depacketize(packets, { maxNals: 1 })).toMatchObject([{ damaged: true, nals: [idr] }]);
    expect(depacketize(packets, { maxPackets: 3 })).toMatchObject([good]);
    expect(depacketize(packets, { maxPackets: 2 })).toMatchObject([{ damaged: true, nals: [idr] }]);
    const after = [...packets, ...rtp([p2], 3000, 3)];
    expect(depacketize(after, { maxAccessUnitBytes: 20 })[1]).toMatchObject({
      ...good,
      nals: [p2],
    });
  });

  it("can be flushed at any time", () => {
    const reader = new H264Depacketizer();
    reader.flush();
    expect(reader.shift()).toBeUndefined();
    reader.push(gstreamer[0] as RtpPacket);
    reader.flush();
    expect(reader.shift()).toMatchObject({ damaged: true });
    for (const packet of rtp([p1], 9, 30_000)) reader.push(packet);
    expect(reader.shift()).toMatchObject({ ...good, nals: [p1] });
  });
});

describe("H.264 over RTP", () => {
  const nal = fc
    .tuple(fc.nat(255), fc.integer({ min: 1, max: 23 }), fc.uint8Array({ maxLength: 300 }))
    .map(([head, type, data]) => Uint8Array.of((head & 0xe0) | type, ...data));
  const unit = fc.array(nal, { minLength: 1, maxLength: 8 });
  const units = fc.array(unit, { minLength: 1, maxLength: 5 });
  const unitsWithoutP1 = units.map((list) =>
    list.map((nals) => nals.filter((one) => text(one) !== text(p1))),
  );
  const maxBytes = fc.integer({ min: minH264PayloadBytes, max: 400 });
  const first = (nals: readonly Uint8Array[]): readonly Uint8Array[] => [sps, ...nals];

  it("comes out as it went in", () => {
    fc.assert(
      fc.property(units, maxBytes, fc.nat(65_535), (list, max, sequence) => {
        let next = sequence;
        const packets = list.map(first).flatMap((nals, i) => {
          const payloads = packetizeH264(nals, max);
          for (const payload of payloads) expect(payload.byteLength).toBeLessThanOrEqual(max);
          const made = rtp(payloads, i * 3000, next);
          next += made.length;
          return made;
        });
        const out = depacketize(packets);
        expect(out.map(({ nals }) => nals)).toEqual(list.map(first));
        for (const made of out) expect(made).toMatchObject(good);
      }),
    );
  });

  it("never passes off as whole what has lost a packet", () => {
    fc.assert(
      fc.property(unitsWithoutP1, maxBytes, fc.nat(), (list, max, pick) => {
        let next = 0;
        const packets = list.flatMap((nals, i) => {
          const made = rtp([p1, ...packetizeH264(nals, max)], i * 3000, next);
          next += made.length;
          return made;
        });
        // Nobody can miss what was sent before the first packet that arrived.
        const lost = packets[1 + (pick % (packets.length - 1))] as RtpPacket;
        const out = depacketize(packets.filter((packet) => packet !== lost));
        for (const { damaged, nals, timestamp } of out) {
          // Only when the first packet is lost can the rest look whole; then packets are missing.
          const whole = [p1, ...(list[timestamp / 3000] ?? [])];
          if (timestamp !== lost.timestamp) expect(nals).toEqual(whole);
          else if (!damaged) expect(nals).not.toContainEqual(p1);
        }
        const hurt = out.filter(({ damaged, missingPackets }) => damaged || missingPackets > 0);
        const lastWasLost = lost === packets.at(-1);
        expect(hurt.length > 0 || lastWasLost).toBe(true);
      }),
    );
  });

  it("never throws for any payload", () => {
    const payload = fc.tuple(
      fc.constantFrom(0x78, 0x7c, 0x5c, 0x65, 0x79, 0),
      fc.uint8Array({ maxLength: 30 }),
    );
    const packet = fc.record({ payload, marker: fc.boolean(), skip: fc.nat(2), tick: fc.nat(1) });
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 30 }), (list) => {
        let sequence = 0;
        let timestamp = 0;
        const packets = list.map(({ payload: [head, rest], marker, skip, tick }) => {
          sequence += 1 + skip;
          timestamp += tick;
          return {
            ...(rtp([Uint8Array.of(head, ...rest)], timestamp, sequence)[0] as RtpPacket),
            marker,
          };
        });
        for (const { nals } of depacketize(packets)) {
          for (const one of nals) expect(nalType(one)).toBeGreaterThan(0);
        }
      }),
      { numRuns: 500 },
    );
  });
});
