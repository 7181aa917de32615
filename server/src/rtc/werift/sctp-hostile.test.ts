import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openSctp } from "./sctp-association.ts";
import { ChunkType } from "./sctp-read.ts";
import { timerClock } from "./test-far-sctp.ts";
import { connectedLink, packetOf, type SctpLink, SILENT } from "./test-sctp-link.ts";

vi.setConfig({ testTimeout: 60_000 });

const links: SctpLink[] = [];

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  for (const link of links.splice(0)) link.close();
  vi.clearAllTimers();
  vi.useRealTimers();
});

async function connected(): Promise<SctpLink> {
  const link = await connectedLink();
  links.push(link);
  return link;
}

const texts = (link: SctpLink): string[] => link.far.messages.map(({ data }) => data.toString());

describe("what a peer must not be able to do", () => {
  test("no packet makes it throw, also sealed rightly and with the right tag", async () => {
    const link = await connected();
    link.send("x");
    await vi.advanceTimersByTimeAsync(100);
    const tag = Buffer.from(link.sent[0] ?? []).readUInt32BE(16);
    const types = [...Object.values(ChunkType), 77, 0x84, 0xc5];
    fc.assert(
      fc.property(
        fc.constantFrom(...types),
        fc.nat(255),
        fc.uint8Array({ maxLength: 80 }),
        fc.constantFrom(tag, 0, 1),
        (type, flags, body, usedTag) => {
          const fresh = openSctp({ port: 5000, clock: timerClock }, SILENT);
          fresh.receive(packetOf(usedTag, type, flags, body));
          fresh.close();
          link.near.receive(packetOf(usedTag, type, flags, body));
        },
      ),
      { numRuns: 300 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => link.near.receive(bytes)));
    await vi.advanceTimersByTimeAsync(1000);
  });

  test("arbitrary chunks in sequence keep memory bounded and end or go on", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(
            fc.constantFrom<number>(...Object.values(ChunkType)),
            fc.nat(7),
            fc.uint8Array({ minLength: 4, maxLength: 60 }),
          ),
          { maxLength: 30 },
        ),
        async (chunks) => {
          const link = await connected();
          const tag = Buffer.from(link.sent[0] ?? []).readUInt32BE(16);
          for (const [type, flags, body] of chunks) {
            link.near.receive(packetOf(tag, type, flags, body));
            link.send("still here");
          }
          await vi.advanceTimersByTimeAsync(5000);
          expect(link.near.bufferedBytes).toBeLessThan(1000);
          link.close();
        },
      ),
      { numRuns: 40 },
    );
  });

  test("a SACK for what was never sent changes nothing", async () => {
    const link = await connected();
    const tag = Buffer.from(link.sent[0] ?? []).readUInt32BE(16);
    const initialTsn = Buffer.from(link.sent[0] ?? []).readUInt32BE(28);
    const sack = (cumulative: number, gaps: [number, number][]): Buffer => {
      const body = Buffer.alloc(12 + 4 * gaps.length);
      body.writeUInt32BE(cumulative >>> 0, 0);
      body.writeUInt32BE(100_000, 4);
      body.writeUInt16BE(gaps.length, 8);
      gaps.forEach(([from, to], i) => {
        body.writeUInt16BE(from, 12 + 4 * i);
        body.writeUInt16BE(to, 14 + 4 * i);
      });
      return packetOf(tag, ChunkType.sack, 0, body);
    };
    link.near.receive(sack(initialTsn + 1000, []));
    link.near.receive(sack(initialTsn - 1, [[1, 65_535]]));
    link.send("fine");
    await vi.advanceTimersByTimeAsync(1000);
    expect(texts(link)).toEqual(["fine"]);
  });

  test("an INIT after the handshake changes nothing", async () => {
    const link = await connected();
    const init = Buffer.alloc(16);
    init.writeUInt32BE(1, 0);
    init.writeUInt32BE(1000, 4);
    init.writeUInt32BE(0x00010001, 8);
    link.sent.length = 0;
    link.near.receive(packetOf(0, ChunkType.init, 0, init));
    expect(link.sent).toHaveLength(0);
    link.send("fine");
    await vi.advanceTimersByTimeAsync(1000);
    expect(texts(link)).toEqual(["fine"]);
  });

  test("a heartbeat longer than our packets is not answered", async () => {
    const link = await connected();
    const tag = Buffer.from(link.sent[0] ?? []).readUInt32BE(16);
    link.sent.length = 0;
    link.near.receive(
      packetOf(tag, ChunkType.heartbeat, 0, Buffer.from("0001000812345678", "hex")),
    );
    expect(link.sent).toHaveLength(1);
    expect(Buffer.from(link.sent[0] ?? []).toString("hex")).toContain("0500000c0001000812345678");
    link.near.receive(packetOf(tag, ChunkType.heartbeat, 0, Buffer.alloc(1400)));
    expect(link.sent).toHaveLength(1);
  });
});
