import type { PacketFrame } from "../../core/index.ts";

/** A frame of which more packets may come. Only its encoding changes it, and only by adding. */
export class GrowingFrame implements PacketFrame {
  readonly key: boolean;
  readonly reference: boolean;
  readonly ptsUs: number;
  readonly arrivedUs: number;
  readonly lostBefore: number;
  readonly payloads: Uint8Array[];
  complete = false;
  /** RTP timestamp, 32 bits. */
  readonly timestamp: number;
  /** On the publisher's time line, before it is mapped to the stream's clock. */
  readonly captureUs: number;
  bytes = 0;

  constructor(fields: {
    readonly key: boolean;
    readonly reference: boolean;
    readonly ptsUs: number;
    readonly arrivedUs: number;
    readonly lostBefore: number;
    readonly payloads: Uint8Array[];
    readonly timestamp: number;
    readonly captureUs: number;
  }) {
    this.key = fields.key;
    this.reference = fields.reference;
    this.ptsUs = fields.ptsUs;
    this.arrivedUs = fields.arrivedUs;
    this.lostBefore = fields.lostBefore;
    this.payloads = fields.payloads;
    this.timestamp = fields.timestamp;
    this.captureUs = fields.captureUs;
    for (const payload of fields.payloads) this.bytes += payload.length;
  }
}
