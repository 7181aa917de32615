/** Application data of one peer that may wait for `shiftData`; what comes on top is dropped. */
export const MAX_INBOX_RECORDS = 64;
export const MAX_INBOX_BYTES: number = 256 * 1024;

/** Authenticated application data in order of arrival. What runs over DTLS repeats what is dropped here. */
export class DataInbox {
  #records: Uint8Array[] = [];
  #bytes = 0;
  #dropped = 0;

  /** Records dropped because too many waited. Only grows. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Keeps `content`. Empty records, which RFC 5246 section 6.2.1 allows, carry nothing and are left out. */
  push(content: Uint8Array): void {
    if (content.length === 0) return;
    if (
      this.#records.length >= MAX_INBOX_RECORDS ||
      this.#bytes + content.length > MAX_INBOX_BYTES
    ) {
      this.#dropped++;
      return;
    }
    this.#records.push(content);
    this.#bytes += content.length;
  }

  /** The oldest record, which is the caller's now. */
  shift(): Uint8Array | undefined {
    const record = this.#records.shift();
    if (record !== undefined) this.#bytes -= record.length;
    return record;
  }

  clear(): void {
    this.#records = [];
    this.#bytes = 0;
  }
}
