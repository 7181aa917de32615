import { expect, vi } from "vitest";
import {
  DEFAULT_SCTP_LIMITS,
  type OutgoingMessage,
  type SctpAssociation,
  type SctpEvents,
  type SctpLimits,
} from "../data/sctp.ts";
import { crc32c } from "./crc32c.ts";
import { openSctp } from "./sctp-association.ts";
import { ChunkType, readData, readForwardTsn, readSctpPacket } from "./sctp-read.ts";
import { SctpReceiver } from "./sctp-receiver.ts";
import { FarSctp, timerClock } from "./test-far-sctp.ts";

export interface LinkOptions {
  readonly limits?: Partial<SctpLimits>;
  readonly delayMs?: number;
  /** Whether a packet gets lost. */
  readonly lose?: (packet: Uint8Array, toNear: boolean) => boolean;
}

/** Our association and werift's own with a path of some delay between them. Timers may be fake. */
export class SctpLink {
  readonly near: SctpAssociation;
  readonly far: FarSctp;
  readonly told: string[] = [];
  /** What came to our side: stream, kind and bytes of each message. */
  readonly messages: { id: number; ppid: number; bytes: Uint8Array }[] = [];
  /** Every packet that left our side. */
  readonly sent: Uint8Array[] = [];
  lose: (packet: Uint8Array, toNear: boolean) => boolean;
  /** Messages that reach the far side, put together as they should be: werift's own loses some. */
  readonly arrived: { id: number; text: string }[] = [];
  readonly #shadow = new SctpReceiver(DEFAULT_SCTP_LIMITS, {
    message: (id, _ppid, bytes) =>
      void this.arrived.push({ id, text: Buffer.from(bytes).toString() }),
    messageTooLong() {},
  });

  constructor({ limits = {}, delayMs = 10, lose = () => false }: LinkOptions = {}) {
    this.lose = lose;
    this.near = openSctp(
      { port: 5000, clock: timerClock, limits },
      {
        send: (packet) => {
          this.sent.push(packet);
          if (!this.lose(packet, false)) setTimeout(() => this.#arrive(packet), delayMs);
        },
        established: () => void this.told.push("established"),
        message: (id, ppid, bytes) => void this.messages.push({ id, ppid, bytes }),
        messageTooLong: (id) => void this.told.push(`too long ${id}`),
        streamsReset: (ids) => void this.told.push(`reset ${ids.join()}`),
        resetDone: (ids) => void this.told.push(`reset done ${ids.join()}`),
        closed: (code) => void this.told.push(code),
      },
    );
    this.far = new FarSctp((packet) => {
      const copy = Uint8Array.from(packet);
      if (!this.lose(copy, true)) setTimeout(() => this.near.receive(copy), delayMs);
    });
  }

  send(text: string, options: Partial<OutgoingMessage> = {}): void {
    this.near.send({
      streamId: 1,
      ppid: 51,
      bytes: Buffer.from(text),
      ordered: true,
      maxRetransmits: undefined,
      expiresUs: undefined,
      ...options,
    });
  }

  #arrive(packet: Uint8Array): void {
    this.far.receive(packet);
    for (const chunk of readSctpPacket(packet)?.chunks ?? []) {
      const data = chunk.type === ChunkType.data ? readData(chunk) : undefined;
      const forward = chunk.type === ChunkType.forwardTsn ? readForwardTsn(chunk) : undefined;
      if (chunk.type === ChunkType.initAck) {
        this.#shadow.begin(Buffer.from(chunk.body).readUInt32BE(12));
      }
      if (data !== undefined) this.#shadow.data(data);
      if (forward !== undefined) this.#shadow.forward(forward);
    }
  }

  close(): void {
    this.near.close();
    this.far.close();
  }
}

/** The type of the first chunk of a packet. */
export function firstChunk(packet: Uint8Array): number {
  return packet[12] ?? -1;
}

/** Takes whatever is told. */
export const SILENT: SctpEvents = {
  send() {},
  established() {},
  message() {},
  messageTooLong() {},
  streamsReset() {},
  resetDone() {},
  closed() {},
};

/** A packet with one chunk and a right checksum. */
export function packetOf(
  tag: number,
  type: number,
  flags = 0,
  body: Uint8Array = new Uint8Array(),
): Buffer {
  const length = 4 + body.length;
  const packet = Buffer.alloc(12 + ((length + 3) & ~3));
  packet.writeUInt32BE(0x13881388, 0);
  packet.writeUInt32BE(tag, 4);
  packet[12] = type;
  packet[13] = flags;
  packet.writeUInt16BE(length, 14);
  packet.set(body, 16);
  packet.writeUInt32LE(crc32c(packet, 8, 12), 8);
  return packet;
}

/** A link whose handshake is through, with fake timers. */
export async function connectedLink(options: LinkOptions = {}): Promise<SctpLink> {
  const link = new SctpLink(options);
  void link.far.start();
  await vi.advanceTimersByTimeAsync(100);
  expect(link.told).toEqual(["established"]);
  return link;
}
