import { maxTitleBytes } from "@millrace/media/icy";
import { RefusedError, type Stream } from "../../core/index.ts";

interface Entry {
  /** Set by an operator. */
  title: string | undefined;
  /** What the publisher says of itself. */
  published: string | undefined;
  readonly stopObserving: () => void;
}

/**
 * What is on the air: one title for each stream, which listeners are told. What an operator sets
 * counts before what the publisher says, and both before the stream's name. Forgotten with the stream.
 */
export class TitleBoard {
  readonly #entries = new Map<Stream, Entry>();

  /** Streams that have a title of their own. */
  get size(): number {
    return this.#entries.size;
  }

  title(stream: Stream): string {
    const entry = this.#entries.get(stream);
    return entry?.title ?? entry?.published ?? stream.name;
  }

  /**
   * Sets what listeners are told with the next metadata block; undefined takes it back.
   * @throws RefusedError `TITLE_TOO_LONG` 400 above 4,065 bytes of UTF-8.
   */
  set(stream: Stream, title: string | undefined): void {
    checkLength(title);
    const entry = this.#entry(stream, title);
    if (entry === undefined) return;
    entry.title = title;
    this.#tidy(stream, entry);
  }

  /** Notes a title that came with the stream, as FLV metadata has it. One that is too long is left out. */
  setPublished(stream: Stream, title: string | undefined): void {
    const text = title === undefined || isTooLong(title) ? undefined : title;
    const entry = this.#entry(stream, text);
    if (entry === undefined) return;
    entry.published = text;
    this.#tidy(stream, entry);
  }

  #entry(stream: Stream, title: string | undefined): Entry | undefined {
    const present = this.#entries.get(stream);
    if (present !== undefined || title === undefined || stream.state === "ended") return present;
    const stopObserving = stream.observe((change) => {
      if (change.type === "state" && change.state === "offline") this.#entries.delete(stream);
    });
    const entry = { title: undefined, published: undefined, stopObserving };
    this.#entries.set(stream, entry);
    return entry;
  }

  #tidy(stream: Stream, entry: Entry): void {
    if (entry.title !== undefined || entry.published !== undefined) return;
    entry.stopObserving();
    this.#entries.delete(stream);
  }
}

function checkLength(title: string | undefined): void {
  if (title !== undefined && isTooLong(title)) {
    throw new RefusedError("TITLE_TOO_LONG", 400, `A title has at most ${maxTitleBytes} bytes.`);
  }
}

const isTooLong = (title: string): boolean => Buffer.byteLength(title) > maxTitleBytes;
