import { ProtocolError } from "@millrace/media/error";

/** An Opus packet out of a transport stream. */
export interface OpusUnit {
  /** Presentation time in 90 kHz ticks, without the 33-bit wrap; may be negative. */
  readonly ptsTicks: number;
  readonly payload: Uint8Array;
}

/** The packet identifier that ffmpeg is told to use. */
export const opusPid = 0x100;

const packetBytes = 188;
const syncByte = 0x47;
const maxPesBytes = 65_536 + 6;
const ptsModulus = 2 ** 33;
const controlPrefix = 0x3ff;

/**
 * Reads the Opus packets of one stream from an MPEG transport stream that comes in pieces. ISO/IEC
 * 13818-1 sections 2.4.3.2 (packets) and 2.4.3.6 (PES); "Opus in MPEG-TS" (ETSI TS 103 491 annex
 * C lists its control header). A unit comes out with its last byte.
 */
export class OpusTsReader {
  readonly #packet = new Uint8Array(packetBytes);
  #packetFilled = 0;
  #pes = new Uint8Array(4096);
  #pesFilled = 0;
  #pesNeeded = 0;
  #lastPts: number | undefined;

  /** Takes bytes, which it copies. @throws ProtocolError `TRANSCODER_MESSAGE_INVALID`. */
  receive(bytes: Uint8Array): OpusUnit[] {
    const units: OpusUnit[] = [];
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

  #read(packet: Uint8Array, units: OpusUnit[]): void {
    const [sync = 0, high = 0, low = 0, control = 0, adaptation = 0] = packet;
    if (sync !== syncByte) throw malformed("no sync byte");
    if ((((high & 0x1f) << 8) | low) !== opusPid || (control & 0x10) === 0) return;
    const start = (control & 0x20) === 0 ? 4 : 5 + adaptation;
    if (start > packetBytes) throw malformed("adaptation field");
    if ((high & 0x40) !== 0) {
      this.#pesFilled = 0;
      this.#pesNeeded = 6;
    }
    if (this.#pesNeeded === 0) return;
    this.#append(packet.subarray(start));
    if (this.#pesFilled >= 6 && this.#pesNeeded === 6) {
      this.#pesNeeded = 6 + (((this.#pes[4] ?? 0) << 8) | (this.#pes[5] ?? 0));
      if (this.#pesNeeded === 6) throw malformed("PES of unknown length");
    }
    if (this.#pesFilled < this.#pesNeeded) return;
    this.#readPes(this.#pes.slice(0, this.#pesNeeded), units);
    this.#pesNeeded = 0;
  }

  #append(bytes: Uint8Array): void {
    const needed = this.#pesFilled + bytes.length;
    if (needed > maxPesBytes + packetBytes) throw malformed("PES too long");
    if (needed > this.#pes.length) {
      const larger = new Uint8Array(needed * 2);
      larger.set(this.#pes.subarray(0, this.#pesFilled));
      this.#pes = larger;
    }
    this.#pes.set(bytes, this.#pesFilled);
    this.#pesFilled = needed;
  }

  /** The slice is ours, so units may keep parts of it. */
  #readPes(pes: Uint8Array, units: OpusUnit[]): void {
    if (pes[0] !== 0 || pes[1] !== 0 || pes[2] !== 1) throw malformed("PES start code");
    const hasPts = ((pes[7] ?? 0) & 0x80) !== 0;
    let at = 9 + (pes[8] ?? 0);
    if (!hasPts || pes.length < 14 || at > pes.length) throw malformed("PES header");
    const ptsTicks = this.#unwrap(readPts(pes));
    while (at < pes.length) {
      const flags = pes[at + 1] ?? 0;
      if ((((pes[at] ?? 0) << 3) | (flags >> 5)) !== controlPrefix) throw malformed("Opus header");
      at += 2;
      let size = 0;
      let byte = 0xff;
      while (byte === 0xff) {
        if (at >= pes.length) throw malformed("Opus size");
        byte = pes[at++] ?? 0;
        size += byte;
      }
      if ((flags & 0x10) !== 0) at += 2;
      if ((flags & 0x08) !== 0) at += 2;
      if ((flags & 0x04) !== 0) at += 1 + (pes[at] ?? 0);
      if (at + size > pes.length) throw malformed("Opus packet");
      units.push({ ptsTicks, payload: pes.subarray(at, at + size) });
      at += size;
    }
  }

  #unwrap(pts: number): number {
    const last = this.#lastPts ?? 0;
    let step = (pts - last) % ptsModulus;
    if (step > ptsModulus / 2) step -= ptsModulus;
    if (step < -ptsModulus / 2) step += ptsModulus;
    this.#lastPts = last + step;
    return this.#lastPts;
  }
}

/** ISO/IEC 13818-1 section 2.4.3.7: 33 bits in five bytes. */
function readPts(pes: Uint8Array): number {
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = pes.subarray(9, 14);
  return ((a >> 1) & 7) * 2 ** 30 + (b << 22) + ((c >> 1) << 15) + (d << 7) + (e >> 1);
}

function malformed(what: string): ProtocolError {
  return new ProtocolError("TRANSCODER_MESSAGE_INVALID", `transport stream: ${what}`);
}
