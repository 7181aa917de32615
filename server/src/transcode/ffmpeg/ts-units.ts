import { parseAdtsHeader } from "@millrace/media/aac";
import { malformedTs, type PesUnit } from "./ts-reader.ts";

/** 90 kHz ticks of an AAC access unit at 48 kHz. */
export const aacUnitTicks = 1920;

const controlPrefix = 0x3ff;

/** A packet or access unit with its time in 90 kHz ticks. */
export interface SoundUnit {
  readonly ptsTicks: number;
  readonly payload: Uint8Array;
}

/**
 * The Opus packets in a PES packet: "Opus in MPEG-TS" (ETSI TS 103 491 annex C lists its control
 * header). @throws ProtocolError `TRANSCODER_MESSAGE_INVALID`.
 */
export function readOpusUnits({ ptsTicks, data }: PesUnit): SoundUnit[] {
  const units: SoundUnit[] = [];
  let at = 0;
  while (at < data.length) {
    const flags = data[at + 1] ?? 0;
    if ((((data[at] ?? 0) << 3) | (flags >> 5)) !== controlPrefix) {
      throw malformedTs("Opus header");
    }
    at += 2;
    let size = 0;
    let byte = 0xff;
    while (byte === 0xff) {
      if (at >= data.length) throw malformedTs("Opus size");
      byte = data[at++] ?? 0;
      size += byte;
    }
    if ((flags & 0x10) !== 0) at += 2;
    if ((flags & 0x08) !== 0) at += 2;
    if ((flags & 0x04) !== 0) at += 1 + (data[at] ?? 0);
    if (at + size > data.length) throw malformedTs("Opus packet");
    units.push({ ptsTicks, payload: data.subarray(at, at + size) });
    at += size;
  }
  return units;
}

/**
 * The AAC access units in a PES packet, without their ADTS headers (ISO/IEC 14496-3 section 1.A.2).
 * @throws ProtocolError `TRANSCODER_MESSAGE_INVALID`.
 */
export function readAacUnits({ ptsTicks, data }: PesUnit): SoundUnit[] {
  const units: SoundUnit[] = [];
  for (let at = 0; at < data.length; ) {
    const header = parseAdtsHeader(data.subarray(at));
    if (header === undefined) throw malformedTs("ADTS header");
    const { headerBytes, frameBytes } = header;
    const end = at + frameBytes;
    if (frameBytes <= headerBytes || end > data.length) throw malformedTs("ADTS frame");
    const payload = data.subarray(at + headerBytes, end);
    units.push({ ptsTicks: ptsTicks + units.length * aacUnitTicks, payload });
    at = end;
  }
  return units;
}
