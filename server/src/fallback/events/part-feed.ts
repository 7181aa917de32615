import type { InitRecord, PartRecord } from "@millrace/media/parts";
import { writeRecordHead } from "@millrace/media/parts";
import { writeSseEvent } from "@millrace/media/text";
import { randomId } from "../../core/index.ts";
import type { Fmp4Init, Fmp4Lease, Fmp4Listener, Fmp4Output, Fmp4Part } from "../fmp4/fragments.ts";

/** Told in the publisher's turn of the event loop. */
export interface FeedListener {
  /** There is a new part. */
  parted(): void;
  /** No part follows, though the stream goes on. `code` is a stable string. */
  feedEnded(code: string): void;
}

/** The parts of a stream with one kind of sound, each encoded once per transport and kept as long as the part is. */
export class PartFeed implements Fmp4Listener {
  /** Unguessable; sequence numbers of feeds with another one mean something else. */
  readonly id: string = randomId().slice(0, 8);
  readonly output: Fmp4Output;
  readonly #lease: Fmp4Lease;
  readonly #onEnd: () => void;
  readonly #texts = new WeakMap<Fmp4Part | Fmp4Init, Buffer>();
  readonly #heads = new WeakMap<Fmp4Part | Fmp4Init, Uint8Array>();
  readonly #listeners = new Set<FeedListener>();
  #endedCode: string | undefined;

  /** Takes over the lease. `onEnd`: the output ended by itself. */
  constructor(lease: Fmp4Lease, onEnd: () => void) {
    this.#lease = lease;
    this.output = lease.output;
    this.#onEnd = onEnd;
    this.output.listen(this);
  }

  /** RFC 6381 codec strings of the newest part's tracks, video first. */
  get codecs(): readonly string[] {
    return this.output.parts.at(-1)?.init.codecs ?? [];
  }

  /** Why nothing follows; undefined while something may. */
  get endedCode(): string | undefined {
    return this.#endedCode;
  }

  listen(listener: FeedListener): void {
    this.#listeners.add(listener);
  }

  unlisten(listener: FeedListener): void {
    this.#listeners.delete(listener);
  }

  part(_part: Fmp4Part): void {
    for (const listener of this.#listeners) listener.parted();
  }

  ended(code: string): void {
    if (this.#endedCode !== undefined) return;
    const listeners = [...this.#listeners];
    this.close(code);
    this.#onEnd();
    // A stream that ended tells so itself, in the same turn.
    if (this.output.stream.state === "ended") return;
    for (const listener of listeners) listener.feedEnded(code);
  }

  /** Gives the lease back. May be called twice. */
  close(code: string): void {
    if (this.#endedCode !== undefined) return;
    this.#endedCode = code;
    this.#listeners.clear();
    this.output.unlisten(this);
    this.#lease.release();
  }

  /** An event for SSE, without an id. */
  partText(part: Fmp4Part): Buffer {
    return this.#text(part, "part", partHeader);
  }

  initText(init: Fmp4Init): Buffer {
    return this.#text(init, "init", initHeader);
  }

  /** A record up to its bytes. */
  partHead(part: Fmp4Part): Uint8Array {
    return this.#head(part, partHeader);
  }

  initHead(init: Fmp4Init): Uint8Array {
    return this.#head(init, initHeader);
  }

  #text<T extends Fmp4Part | Fmp4Init>(
    item: T,
    event: "part" | "init",
    header: (item: T) => MediaHeader,
  ): Buffer {
    const present = this.#texts.get(item);
    if (present !== undefined) return present;
    const { buffer, byteOffset, byteLength } = item.bytes;
    const base64 = Buffer.from(buffer, byteOffset, byteLength).toString("base64");
    const data = `${JSON.stringify(header(item))}\n${base64}`;
    const text = Buffer.from(writeSseEvent({ event, data }));
    this.#texts.set(item, text);
    return text;
  }

  #head<T extends Fmp4Part | Fmp4Init>(item: T, header: (item: T) => MediaHeader): Uint8Array {
    const present = this.#heads.get(item);
    if (present !== undefined) return present;
    const head = writeRecordHead(header(item), item.bytes.length);
    this.#heads.set(item, head);
    return head;
  }
}

type MediaHeader = Omit<InitRecord, "bytes"> | Omit<PartRecord, "bytes">;

function initHeader(init: Fmp4Init): Omit<InitRecord, "bytes"> {
  const { id, mime, width, height } = init;
  return { type: "init", id, mime, width, height };
}

function partHeader(part: Fmp4Part): Omit<PartRecord, "bytes"> {
  const { sequence, independent, discontinuous, startUs, durationUs, captureWallMs } = part;
  return {
    type: "part",
    sequence,
    independent,
    discontinuous,
    init: part.init.id,
    startUs,
    durationUs,
    // JSON has no NaN.
    wallMs: Number.isFinite(captureWallMs) ? Math.round(captureWallMs * 1000) / 1000 : undefined,
  };
}
