import type { PacketEncoding, PacketFrame, PacketSink, PacketSource } from "../../core/index.ts";

/** A frame for tests that is made to grow by hand. */
export interface GrowingFrame extends PacketFrame {
  payloads: Uint8Array[];
  complete: boolean;
}

/** One encoding of a WebRTC publisher, driven by a test. */
export class TestEncoding implements PacketEncoding {
  readonly rid: string | undefined;
  width = 0;
  height = 0;
  frameRate = 30;
  bitrateBps: number;
  active = true;
  readonly group: PacketFrame[] = [];
  readonly sinks: Set<PacketSink> = new Set<PacketSink>();
  keyRequests = 0;

  constructor(
    rid: string | undefined,
    size: { width: number; height: number },
    bitrateBps: number,
  ) {
    this.rid = rid;
    this.width = size.width;
    this.height = size.height;
    this.bitrateBps = bitrateBps;
  }

  requestKeyFrame(): void {
    this.keyRequests++;
  }

  subscribe(sink: PacketSink): void {
    this.sinks.add(sink);
  }

  unsubscribe(sink: PacketSink): void {
    this.sinks.delete(sink);
  }

  /** Begins a frame; complete at once unless `parts` says that more payloads follow. */
  begin(
    ptsUs: number,
    change: { key?: boolean; payloads?: Uint8Array[]; lostBefore?: number; open?: boolean } = {},
  ): GrowingFrame {
    const frame: GrowingFrame = {
      key: change.key ?? false,
      reference: true,
      ptsUs,
      arrivedUs: ptsUs,
      lostBefore: change.lostBefore ?? 0,
      payloads: change.payloads ?? [testPayload(this.rid, ptsUs, 0)],
      complete: change.open !== true,
    };
    if (frame.key) this.group.length = 0;
    this.group.push(frame);
    for (const sink of [...this.sinks]) sink.begun(frame, this);
    return frame;
  }

  /** Adds payloads to the frame begun last. */
  grow(frame: GrowingFrame, payloads: Uint8Array[], complete: boolean): void {
    frame.payloads.push(...payloads);
    frame.complete = complete;
    for (const sink of [...this.sinks]) sink.grown(frame, this);
  }
}

/** Contents that tell where a payload is from. */
export function testPayload(rid: string | undefined, ptsUs: number, index: number): Uint8Array {
  return new TextEncoder().encode(`${rid ?? "-"}/${ptsUs}/${index}`);
}

/** The packets behind a track of a test. */
export class TestPackets implements PacketSource {
  readonly kind: "video" | "audio";
  readonly codec: PacketSource["codec"];
  readonly profileLevelId: string | undefined = undefined;
  readonly wants: boolean[] = [];
  readonly #listeners = new Set<() => void>();
  encodings: readonly TestEncoding[];

  constructor(
    kind: "video" | "audio",
    codec: PacketSource["codec"],
    encodings: readonly TestEncoding[],
  ) {
    this.kind = kind;
    this.codec = codec;
    this.encodings = encodings;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  observe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  wantFrames(wanted: boolean): void {
    this.wants.push(wanted);
  }

  /** Tells that something about the encodings changed. */
  changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
