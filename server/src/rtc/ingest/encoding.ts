import type { PacketEncoding, PacketFrame, PacketSink } from "../../core/index.ts";
import { FrameGroup } from "./frame-group.ts";
import type { GrowingFrame } from "./growing-frame.ts";
import type { IngestLimits } from "./limits.ts";
import type { RateMeter } from "./rate-meter.ts";

/** What an encoding tells its source, and asks of what it is received by. */
export interface EncodingOwner {
  /** A key frame is about to be handed out; the encoding's size is set. */
  keyFrame(encoding: IngestEncoding): void;
  /** A frame is complete and was handed out. */
  completed(encoding: IngestEncoding, frame: GrowingFrame): void;
  /** It became active, inactive or another size. */
  changed(encoding: IngestEncoding): void;
  /** A sink threw: a bug of ours. It was removed. */
  sinkFailed(error: unknown): void;
}

export interface EncodingOptions {
  readonly rid: string | undefined;
  readonly limits: IngestLimits;
  /** Belongs to the receiver of the packets. */
  readonly meter: RateMeter;
  readonly owner: EncodingOwner;
  /** A key frame is wanted; called for each wish. */
  wantKey(): void;
}

/** Hands the frames of one encoding to those who forward them, and keeps those since the newest key frame. */
export class IngestEncoding implements PacketEncoding {
  readonly rid: string | undefined;
  readonly #options: EncodingOptions;
  readonly #group: FrameGroup;
  // Replaced, never changed in place, so that a sink may come or go while a frame is handed out.
  #sinks: readonly PacketSink[] = [];
  /** Came in the middle of a frame that they were not given, and join with the next one. */
  #waiting: readonly PacketSink[] = [];
  #frame: GrowingFrame | undefined;
  #grew = false;
  #active = false;
  #closed = false;
  width = 0;
  height = 0;

  constructor(options: EncodingOptions) {
    this.#options = options;
    this.rid = options.rid;
    this.#group = new FrameGroup(options.limits);
  }

  get frameRate(): number {
    return this.#active ? this.#options.meter.frameRate : 0;
  }

  get bitrateBps(): number {
    return this.#active ? this.#options.meter.bitrateBps : 0;
  }

  get active(): boolean {
    return this.#active;
  }

  get group(): readonly PacketFrame[] {
    return this.#group.frames;
  }

  /** The frame that still grows. */
  get open(): GrowingFrame | undefined {
    return this.#frame;
  }

  readonly requestKeyFrame = (): void => {
    if (!this.#closed) this.#options.wantKey();
  };

  subscribe(sink: PacketSink): void {
    if (this.#closed || this.#sinks.includes(sink) || this.#waiting.includes(sink)) return;
    const missesBeginning = this.#frame !== undefined && !this.#group.open;
    if (missesBeginning) this.#waiting = [...this.#waiting, sink];
    else this.#sinks = [...this.#sinks, sink];
  }

  unsubscribe(sink: PacketSink): void {
    this.#sinks = this.#sinks.filter((other) => other !== sink);
    if (this.#waiting.length > 0) {
      this.#waiting = this.#waiting.filter((other) => other !== sink);
    }
  }

  /** A frame begins. The one before it must be finished or given up. */
  begin(frame: GrowingFrame, width: number, height: number): void {
    const isResized = width > 0 && (width !== this.width || height !== this.height);
    if (isResized) {
      this.width = width;
      this.height = height;
    }
    const isResumed = !this.#active;
    this.#active = true;
    // Before the frame is in the group: whoever subscribes now is handed it once.
    if (frame.key) this.#options.owner.keyFrame(this);
    if (isResized || isResumed) this.#options.owner.changed(this);
    if (isResumed && !frame.key) this.#options.wantKey();
    if (this.#closed) return;
    if (this.#waiting.length > 0) {
      this.#sinks = [...this.#sinks, ...this.#waiting];
      this.#waiting = [];
    }
    this.#options.meter.frame();
    this.#group.begin(frame);
    if (!frame.complete) this.#frame = frame;
    for (const sink of this.#sinks) {
      try {
        sink.begun(frame, this);
      } catch (error) {
        this.#dismiss(sink, error);
      }
    }
    if (frame.complete) this.#options.owner.completed(this, frame);
  }

  /** The open frame's next payload. Told by `flush`. */
  grow(payload: Uint8Array): void {
    const frame = this.#frame;
    if (frame === undefined) return;
    frame.payloads.push(payload);
    frame.bytes += payload.length;
    this.#group.grow(payload.length);
    this.#grew = true;
  }

  /** Tells what grew since the last time. */
  flush(): void {
    if (!this.#grew) return;
    this.#grew = false;
    if (this.#frame !== undefined) this.#tellGrown(this.#frame);
  }

  /** The open frame has all its packets. */
  finish(): void {
    const frame = this.#frame;
    if (frame === undefined) return;
    this.#frame = undefined;
    this.#grew = false;
    frame.complete = true;
    this.#tellGrown(frame);
    this.#options.owner.completed(this, frame);
  }

  /** Packets are lost for good: the open frame is given up, and nobody can begin before the next key frame. */
  breakOff(): void {
    this.#frame = undefined;
    this.#grew = false;
    this.#group.clear();
  }

  /** No packets come. */
  idle(): void {
    if (!this.#active) return;
    this.breakOff();
    this.#active = false;
    this.#options.owner.changed(this);
  }

  /** Nothing follows. May be called twice. */
  close(): void {
    this.#closed = true;
    this.#active = false;
    this.breakOff();
    this.#sinks = [];
    this.#waiting = [];
  }

  #tellGrown(frame: GrowingFrame): void {
    for (const sink of this.#sinks) {
      try {
        sink.grown(frame, this);
      } catch (error) {
        this.#dismiss(sink, error);
      }
    }
  }

  /** It must not cost the other viewers their stream. */
  #dismiss(sink: PacketSink, error: unknown): void {
    this.unsubscribe(sink);
    this.#options.owner.sinkFailed(error);
  }
}
