const sizeBytes = 4;
const initialBytes = 1024;

/**
 * Writes boxes of ISO/IEC 14496-12 section 4.2 one into another. Give the exact size where it is known:
 * then nothing is copied.
 */
export class BoxWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #offset = 0;
  readonly #open: number[] = [];

  constructor(capacity: number = initialBytes) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Bytes written so far. */
  get offset(): number {
    return this.#offset;
  }

  /** Opens a box; `type` has four characters. */
  begin(type: string): void {
    this.#open.push(this.#offset);
    this.u32(0);
    this.ascii(type);
  }

  /** Opens a box with version and flags. */
  beginFull(type: string, version: number, flags: number): void {
    this.begin(type);
    this.u32(version * 0x100_0000 + flags);
  }

  /** Closes the box opened last. */
  end(): void {
    const start = this.#open.pop();
    if (start === undefined) throw new RangeError("no box is open");
    this.#view.setUint32(start, this.#offset - start);
  }

  /** A box whose contents are these bytes. */
  box(type: string, contents: Uint8Array): void {
    this.begin(type);
    this.bytes(contents);
    this.end();
  }

  u8(value: number): void {
    const at = this.#take(1);
    this.#view.setUint8(at, value);
  }

  u16(value: number): void {
    const at = this.#take(2);
    this.#view.setUint16(at, value);
  }

  u32(value: number): void {
    const at = this.#take(4);
    this.#view.setUint32(at, value);
  }

  i32(value: number): void {
    const at = this.#take(4);
    this.#view.setInt32(at, value);
  }

  /** 64 bits; `value` is an integer from 0 to 2^53. */
  u64(value: number): void {
    const at = this.#take(8);
    this.#view.setUint32(at, Math.floor(value / 2 ** 32));
    this.#view.setUint32(at + 4, value % 2 ** 32);
  }

  ascii(text: string): void {
    const at = this.#take(text.length);
    for (let index = 0; index < text.length; index++) {
      this.#bytes[at + index] = text.charCodeAt(index);
    }
  }

  bytes(bytes: Uint8Array): void {
    const at = this.#take(bytes.byteLength);
    this.#bytes.set(bytes, at);
  }

  zeros(count: number): void {
    this.#take(count);
  }

  /** Replaces 32 bits that were written before. */
  patchU32(offset: number, value: number): void {
    if (offset + sizeBytes > this.#offset) throw new RangeError(`nothing stands at ${offset}`);
    this.#view.setUint32(offset, value);
  }

  /** What was written; the writer must not be used any more. */
  finish(): Uint8Array<ArrayBuffer> {
    if (this.#open.length > 0) throw new RangeError("a box is still open");
    return this.#offset === this.#bytes.byteLength
      ? this.#bytes
      : this.#bytes.slice(0, this.#offset);
  }

  /** Makes room; `#bytes` and `#view` may be others afterwards. */
  #take(count: number): number {
    const at = this.#offset;
    this.#offset += count;
    if (this.#offset > this.#bytes.byteLength) {
      const grown = new Uint8Array(Math.max(this.#offset, this.#bytes.byteLength * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }
}
