import { SignalingError } from "../protocol/index.ts";

/** What one side of a call says. */
export type CallWord = "call-description" | "call-candidate";

interface Entry {
  readonly seq: number;
  readonly word: CallWord;
  readonly body: object;
  resolve(): void;
  reject(error: unknown): void;
}

const maxEntries = 256;

/**
 * What was said in a call and is not acknowledged yet. Numbered and sent in order; what a broken connection
 * may have swallowed is sent again, under its number, once the call is resumed.
 */
export class CallOutbox {
  readonly #send: (word: CallWord, message: object) => Promise<void>;
  readonly #entries = new Map<number, Entry>();
  #last = 0;
  #open = true;
  #closed: SignalingError | undefined;

  /** `send` rejects with a SignalingError, `DISCONNECTED` when the connection broke. */
  constructor(send: (word: CallWord, message: object) => Promise<void>) {
    this.#send = send;
  }

  /** Settles when the server has it. @throws SignalingError. */
  say(word: CallWord, body: object): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== undefined) return reject(this.#closed);
      if (this.#entries.size >= maxEntries) {
        return reject(new SignalingError("CANDIDATES_FULL", "Too much waits to be sent."));
      }
      this.#last += 1;
      const entry: Entry = { seq: this.#last, word, body, resolve, reject };
      this.#entries.set(entry.seq, entry);
      if (this.#open) void this.#attempt(entry);
    });
  }

  /** The connection is lost: what is said from now on waits. */
  suspend(): void {
    this.#open = false;
  }

  /** The server knows us again. */
  resume(): void {
    if (this.#open || this.#closed !== undefined) return;
    this.#open = true;
    for (const entry of [...this.#entries.values()]) void this.#attempt(entry);
  }

  /** What waits is rejected with this error, and what is said later. May be called twice. */
  close(error: SignalingError): void {
    this.#closed ??= error;
    for (const entry of this.#entries.values()) entry.reject(error);
    this.#entries.clear();
  }

  async #attempt(entry: Entry): Promise<void> {
    const { seq, word, body } = entry;
    try {
      await this.#send(word, { seq, ...body });
      this.#entries.delete(seq);
      entry.resolve();
    } catch (error) {
      if ((error as SignalingError).code === "DISCONNECTED") return;
      this.#entries.delete(seq);
      entry.reject(error);
    }
  }
}
