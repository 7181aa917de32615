import { ProtocolError } from "@millrace/media/error";

/** A PES packet's payload. */
export interface PesUnit {
  /** Presentation time in 90 kHz ticks, without the 33-bit wrap; may be negative. */
  readonly ptsTicks: number;
  readonly data: Uint8Array;
}

export interface TsReaderOptions {
  /** A larger PES packet is refused. */
  readonly maxBytes: number;
  /**
   * Whether a payload of unknown length, of which the last bytes are given, is whole. Without it
   * such packets are refused.
   */
  readonly isWhole?: (data: Uint8Array) => boolean;
}

/** The packet identifier that ffmpeg is told to use. */
export const mediaPid = 0x100;

const packetBytes = 188;
const syncByte = 0x47;
const pesStartBytes = 6;
const pesFixedBytes = 9;
const ptsModulus = 2 ** 33;

/**
 * Reads the PES packets of one stream from an MPEG transport stream that comes in pieces. ISO/IEC
 * 13818-1 sections 2.4.3.2 (packets) and 2.4.3.6 (PES). A unit comes out with its last byte.
 */
export class TsReader {
  readonly #options: TsReaderOptions;
  readonly #packet = new Uint8Array(packetBytes);
  #packetFilled = 0;
  #pes = new Uint8Array(4096);
  #pesFilled = 0;
  /** 0 while nothing is wanted, `pesStartBytes` while the length is unknown. */
  #pesNeeded = 0;
  #unbounded = false;
  #lastPts = 0;

  constructor(options: TsReaderOptions) {
    this.#options = options;
  }

  /** Takes bytes, which it copies. @throws ProtocolError `TRANSCODER_MESSAGE_INVALID`. */
  receive(bytes: Uint8Array): PesUnit[] {
    const units: PesUnit[] = [];
    let at = 0;
    while (at < bytes.length) {
      const count = Math.min(packetBytes - this.#packetFilled, bytes.length - at);
      this.#packet.set(bytes.subarray(at, at + count), this.#packetFilled);
      this.#packetFilled += count;
      at += count;
      if (this.#packetFilled < packetBytes) break;
      this.#packetFilled = 0;
      this.#read(this.#packet, units);
    }
    return units;
  }

  #read(packet: Uint8Array, units: PesUnit[]): void {
    const [sync = 0, high = 0, low = 0, control = 0, adaptation = 0] = packet;
    if (sync !== syncByte) throw malformedTs("no sync byte");
    if ((((high & 0x1f) << 8) | low) !== mediaPid || (control & 0x10) === 0) return;
    const start = (control & 0x20) === 0 ? 4 : 5 + adaptation;
    if (start > packetBytes) throw malformedTs("adaptation field");
    if ((high & 0x40) !== 0) {
      this.#pesFilled = 0;
      this.#pesNeeded = pesStartBytes;
      this.#unbounded = false;
    }
    if (this.#pesNeeded === 0) return;
    this.#append(packet.subarray(start));
    if (this.#pesFilled >= pesStartBytes && this.#pesNeeded === pesStartBytes) this.#readLength();
    if (this.#unbounded) {
      const { isWhole } = this.#options;
      if (!isWhole?.(this.#pes.subarray(pesFixedBytes, this.#pesFilled))) return;
      this.#pesNeeded = this.#pesFilled;
    }
    if (this.#pesFilled < this.#pesNeeded) return;
    // The slice is ours, so units may keep it.
    units.push(this.#readPes(this.#pes.slice(0, this.#pesNeeded)));
    this.#pesNeeded = 0;
  }

  #readLength(): void {
    const length = ((this.#pes[4] ?? 0) << 8) | (this.#pes[5] ?? 0);
    if (length > 0) {
      this.#pesNeeded = pesStartBytes + length;
      return;
    }
    if (this.#options.isWhole === undefined) throw malformedTs("PES of unknown length");
    this.#unbounded = true;
  }

  #append(bytes: Uint8Array): void {
    const needed = this.#pesFilled + bytes.length;
    if (needed > this.#options.maxBytes + packetBytes) throw malformedTs("PES too long");
    if (needed > this.#pes.length) {
      const larger = new Uint8Array(needed * 2);
      larger.set(this.#pes.subarray(0, this.#pesFilled));
      this.#pes = larger;
    }
    this.#pes.set(bytes, this.#pesFilled);
    this.#pesFilled = needed;
  }

  #readPes(pes: Uint8Array): PesUnit {
    if (pes[0] !== 0 || pes[1] !== 0 || pes[2] !== 1) throw malformedTs("PES start code");
    const hasPts = ((pes[7] ?? 0) & 0x80) !== 0;
    const at = pesFixedBytes + (pes[8] ?? 0);
    if (!hasPts || pes.length < 14 || at > pes.length) throw malformedTs("PES header");
    return { ptsTicks: this.#unwrap(readPts(pes)), data: pes.subarray(at) };
  }

  #unwrap(pts: number): number {
    let step = (pts - this.#lastPts) % ptsModulus;
    if (step > ptsModulus / 2) step -= ptsModulus;
    if (step < -ptsModulus / 2) step += ptsModulus;
    this.#lastPts += step;
    return this.#lastPts;
  }
}

/** ISO/IEC 13818-1 section 2.4.3.7: 33 bits in five bytes. */
function readPts(pes: Uint8Array): number {
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = pes.subarray(9, 14);
  return ((a >> 1) & 7) * 2 ** 30 + (b << 22) + ((c >> 1) << 15) + (d << 7) + (e >> 1);
}

/** What ffmpeg says makes no sense. */
export function malformedTs(what: string): ProtocolError {
  return new ProtocolError("TRANSCODER_MESSAGE_INVALID", `transport stream: ${what}`);
}
