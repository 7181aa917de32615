import type { DataMedia } from "../peer.ts";
import { FarSctp } from "../werift/test-far-sctp.ts";
import { type ChannelParameters, Ppid, parseOpen, writeAck, writeOpen } from "./dcep.ts";
import { PUBLISHER_DATA_LIMITS } from "./limits.ts";

export const MEDIA: DataMedia = { mid: "0", sctpPort: 5000, maxMessageSize: 262_144 };

/** A reliable, ordered channel unless said otherwise. */
export function channel(label: string, fields: Partial<ChannelParameters> = {}): ChannelParameters {
  return {
    label,
    protocol: "",
    ordered: true,
    maxRetransmits: undefined,
    maxPacketLifeTimeMs: undefined,
    ...fields,
  };
}

/** A browser's side of data channels, over werift's SCTP, with 5 ms to the other side. */
export class FarChannels {
  readonly sctp: FarSctp;
  /** Channels that the other side opened, by stream. */
  readonly offered: Map<number, ChannelParameters> = new Map();
  /** Channels of ours that the other side has acknowledged. */
  readonly acknowledged: number[] = [];
  /** What came: label or stream, and text, or hex of binary. */
  readonly got: string[] = [];
  acknowledges: boolean = true;
  readonly #labels = new Map<number, string>();
  #nextId = 0;
  #read = 0;

  /** `send` hands a packet to the other side. */
  constructor(send: (packet: Uint8Array) => void) {
    this.sctp = new FarSctp((packet) => {
      const copy = Uint8Array.from(packet);
      setTimeout(() => send(copy), 5);
    });
  }

  /** Takes a packet of the other side. */
  receive(packet: Uint8Array): void {
    setTimeout(() => {
      this.sctp.receive(packet);
      this.#drain();
    }, 5);
  }

  start(): void {
    void this.sctp.start();
  }

  open(parameters: ChannelParameters, id: number = this.#nextId): number {
    this.#nextId = Math.max(this.#nextId, id + 2);
    this.#labels.set(id, parameters.label);
    this.sctp.send(id, Ppid.dcep, writeOpen(parameters));
    return id;
  }

  text(id: number, text: string): void {
    const bytes = text === "" ? Uint8Array.of(0) : Buffer.from(text);
    this.sctp.send(id, text === "" ? Ppid.emptyText : Ppid.text, bytes);
  }

  binary(id: number, bytes: Uint8Array): void {
    const empty = bytes.length === 0;
    this.sctp.send(id, empty ? Ppid.emptyBinary : Ppid.binary, empty ? Uint8Array.of(0) : bytes);
  }

  /** The stream of the offered channel with that label. */
  offeredId(label: string): number {
    for (const [id, parameters] of this.offered) if (parameters.label === label) return id;
    throw new Error(`no channel ${label} was offered`);
  }

  #drain(): void {
    for (; this.#read < this.sctp.messages.length; this.#read++) {
      const message = this.sctp.messages[this.#read];
      if (message === undefined) return;
      const { id, ppid, data } = message;
      if (ppid !== Ppid.dcep) {
        const text = ppid === Ppid.text || ppid === Ppid.emptyText;
        const empty = ppid === Ppid.emptyText || ppid === Ppid.emptyBinary;
        const content = empty ? "" : text ? data.toString() : data.toString("hex");
        this.got.push(`${this.#labels.get(id) ?? id}${text ? ":" : "#"}${content}`);
      } else if (data[0] === 2) {
        this.acknowledged.push(id);
      } else {
        const parameters = parseOpen(data, PUBLISHER_DATA_LIMITS);
        this.offered.set(id, parameters);
        this.#labels.set(id, parameters.label);
        if (this.acknowledges) this.sctp.send(id, Ppid.dcep, writeAck());
      }
    }
  }
}
