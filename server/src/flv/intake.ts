import { type FedFrames, FlvReader, TagFeed, type TagTarget, TagType } from "@millrace/media/flv";
import type { PublisherFigures } from "../core/figures.ts";
import type { FlvIntakeLimits } from "./limits.ts";

const fileHeaderBytes = 13;
/** A tag's header and the size behind its body. */
const tagFrameBytes = 15;

/** Figures of one publisher, since it connected. */
export interface IntakeStats extends PublisherFigures {
  readonly bytes: number;
  readonly tags: number;
  readonly frames: FedFrames;
  readonly droppedFrames: number;
}

/**
 * The FLV of one publisher: bytes in, tracks and frames out. Does no I/O. What comes behind the file header
 * stays unread until `begin` says where to.
 */
export class FlvIntake {
  readonly #reader: FlvReader;
  readonly #limits: FlvIntakeLimits;
  #feed: TagFeed | undefined;
  #headed = false;
  #closed = false;
  #bytes = 0;
  #wholeBytes = 0;
  #tags = 0;
  #progressMs: number;

  /** `nowMs`: monotonic, when the publisher was let in. */
  constructor(limits: FlvIntakeLimits, nowMs: number) {
    const { maxHeaderBytes, maxTagBytes, maxScriptBytes } = limits;
    this.#reader = new FlvReader({ maxHeaderBytes, maxTagBytes, maxScriptBytes });
    this.#limits = limits;
    this.#progressMs = nowMs;
  }

  /** Whether the file header came and was one of FLV. */
  get headed(): boolean {
    return this.#headed;
  }

  /** Bytes held of a tag that is not complete, about, or of all tags before `begin`. */
  get pendingBytes(): number {
    return Math.max(0, this.#bytes - this.#wholeBytes);
  }

  get stats(): IntakeStats {
    return {
      bytes: this.#bytes,
      bytesReceived: this.#bytes,
      framesDropped: this.#feed?.droppedFrames ?? 0,
      tags: this.#tags,
      frames: this.#feed?.frames ?? { video: 0, audio: 0 },
      droppedFrames: this.#feed?.droppedFrames ?? 0,
    };
  }

  /** Takes the next bytes and keeps them. @throws ProtocolError with the codes of `FlvReader` and `FlvDemuxer`. */
  receive(bytes: Uint8Array, nowMs: number): void {
    if (this.#closed) return;
    this.#bytes += bytes.length;
    this.#reader.receive(bytes);
    if (!this.#headed) {
      if (this.#reader.next() === undefined) return;
      this.#headed = true;
      this.#wholeBytes = fileHeaderBytes;
      this.#progressMs = nowMs;
    }
    this.#drain(nowMs);
  }

  /** Hands everything from here on to `target`. To be called once. @throws ProtocolError as `receive`. */
  begin(target: TagTarget, nowMs: number): void {
    this.#feed = new TagFeed(target);
    this.#progressMs = nowMs;
    this.#drain(nowMs);
  }

  /** The stable code of what the publisher waited too long with; undefined while it is in time. */
  overdue(nowMs: number): "FLV_START_TIMEOUT" | "FLV_PUBLISH_TIMEOUT" | undefined {
    const waitedMs = nowMs - this.#progressMs;
    if (!this.#headed) {
      return waitedMs >= this.#limits.startTimeoutMs ? "FLV_START_TIMEOUT" : undefined;
    }
    // Whoever is being let in waits for us.
    if (this.#feed === undefined) return undefined;
    return waitedMs >= this.#limits.publishTimeoutMs ? "FLV_PUBLISH_TIMEOUT" : undefined;
  }

  /** Nothing is taken or handed on any more. May be called twice. */
  close(): void {
    this.#closed = true;
  }

  #drain(nowMs: number): void {
    const feed = this.#feed;
    if (feed === undefined) return;
    // A frame handed on may end this publisher.
    while (!this.#closed) {
      const item = this.#reader.next();
      if (item?.type !== "tag") return;
      const { type, timestampMs, body } = item.tag;
      this.#wholeBytes += tagFrameBytes + body.length;
      this.#tags++;
      if (type === TagType.audio || type === TagType.video) this.#progressMs = nowMs;
      feed.tag(type, timestampMs, body);
    }
  }
}
