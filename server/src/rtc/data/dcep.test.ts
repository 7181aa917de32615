import { ProtocolError } from "@millrace/media/error";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type ChannelParameters,
  isAck,
  isReliable,
  parseOpen,
  sameParameters,
  writeAck,
  writeOpen,
} from "./dcep.ts";
import { channel } from "./test-far-channels.ts";

const LIMITS = { maxLabelBytes: 8, maxProtocolBytes: 4 };
const open = (hex: string): ChannelParameters => parseOpen(Buffer.from(hex, "hex"), LIMITS);

describe("DATA_CHANNEL_OPEN", () => {
  test.each<[string, Partial<ChannelParameters>]>([
    ["03000100000000000004000063686174", {}],
    ["03800000000000000004000063686174", { ordered: false }],
    ["03010100000000050004000063686174", { maxRetransmits: 5 }],
    ["03810100000000000004000063686174", { ordered: false, maxRetransmits: 0 }],
    ["0302000000000bb80004000063686174", { maxPacketLifeTimeMs: 3000 }],
    ["0382000000000bb80004000063686174", { ordered: false, maxPacketLifeTimeMs: 3000 }],
    ["030001000000000000040002636861747631", { protocol: "v1" }],
  ])("%s is read", (hex, fields) => {
    expect(open(hex)).toEqual(channel("chat", fields));
    expect(open(Buffer.from(writeOpen(channel("chat", fields))).toString("hex"))).toEqual(
      channel("chat", fields),
    );
  });

  test("names of the greatest length are taken, longer ones refused", () => {
    const written = (label: string, protocol = ""): Buffer =>
      Buffer.from(writeOpen(channel(label, { protocol })));
    expect(parseOpen(written("ü".repeat(4), "abcd"), LIMITS).label).toBe("üüüü");
    expect(() => parseOpen(written("üüüüx"), LIMITS)).toThrow(ProtocolError);
    expect(() => parseOpen(written("", "abcde"), LIMITS)).toThrow(ProtocolError);
  });

  test.each([
    ["another message", "02"],
    ["a kind that there is not", "03030100000000000000" + "0000"],
    ["a length that is wrong", "0300010000000000000400006368617400"],
    ["a name cut off", "030001000000000000040000636861"],
    ["a name that is no UTF-8", "030001000000000000020000c328"],
    ["nothing", ""],
  ])("with %s is refused", (_name, hex) => {
    expect(() => open(hex)).toThrow(ProtocolError);
  });

  test("arbitrary bytes are read or refused", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        bytes[0] = 3;
        try {
          parseOpen(bytes, LIMITS);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
    );
  });
});

test("DATA_CHANNEL_ACK is one byte", () => {
  expect([...writeAck()]).toEqual([2]);
  expect(isAck(writeAck())).toBe(true);
  expect(isAck(new Uint8Array())).toBe(false);
});

test("reliable is what has no limit, also not of zero", () => {
  expect(isReliable(channel("a", { ordered: false }))).toBe(true);
  expect(isReliable(channel("a", { maxRetransmits: 0 }))).toBe(false);
  expect(isReliable(channel("a", { maxPacketLifeTimeMs: 0 }))).toBe(false);
  expect(sameParameters(channel("a"), channel("a"))).toBe(true);
  expect(sameParameters(channel("a"), channel("a", { maxRetransmits: 0 }))).toBe(false);
});
