import {
  AudioObjectType,
  type AudioSpecificConfig,
  writeAudioSpecificConfig,
} from "./audio-specific-config.ts";
import { sampleRates } from "./sample-rate.ts";

/** ADTS header, ISO/IEC 13818-7 section 6.2.1 and ISO/IEC 14496-3 section 1.A.3.2. */
export interface AdtsHeader {
  /** MPEG-4 audio object type, 1 to 4. */
  readonly objectType: number;
  readonly sampleRate: number;
  /** 0 to 7; with 0 the access unit begins with a program config element. */
  readonly channelConfiguration: number;
  /** 7, or 9 with a CRC. */
  readonly headerBytes: number;
  /** Bytes of header and access unit together, at most 8,191. */
  readonly frameBytes: number;
  /** Access units in this frame, 1 to 4; more than 1 is almost never seen. */
  readonly blocks: number;
}

export const adtsHeaderBytes = 7;
export const maxAdtsFrameBytes = 0x1fff;

const crcBytes = 2;
const syncByte = 0xff;
const variableRateFullness = 0x7ff;
const maxChannelConfiguration = 7;

/**
 * Reads the header at `offset`. Undefined when these bytes are no header or fewer than 7 of them are
 * there.
 */
export function parseAdtsHeader(bytes: Uint8Array, offset = 0): AdtsHeader | undefined {
  if (bytes.byteLength - offset < adtsHeaderBytes) return undefined;
  const b1 = bytes[offset + 1] as number;
  // Twelve ones, then MPEG version (any), then layer 0.
  if (bytes[offset] !== syncByte || (b1 & 0xf6) !== 0xf0) return undefined;
  const b2 = bytes[offset + 2] as number;
  const b3 = bytes[offset + 3] as number;
  const b4 = bytes[offset + 4] as number;
  const b5 = bytes[offset + 5] as number;
  const b6 = bytes[offset + 6] as number;
  const sampleRate = sampleRates[(b2 >>> 2) & 0xf];
  if (sampleRate === undefined) return undefined;
  const headerBytes = (b1 & 1) === 1 ? adtsHeaderBytes : adtsHeaderBytes + crcBytes;
  const frameBytes = ((b3 & 3) << 11) | (b4 << 3) | (b5 >>> 5);
  if (frameBytes <= headerBytes) return undefined;
  return {
    objectType: (b2 >>> 6) + 1,
    sampleRate,
    channelConfiguration: ((b2 & 1) << 2) | (b3 >>> 6),
    headerBytes,
    frameBytes,
    blocks: (b6 & 3) + 1,
  };
}

/** Whether access units with this configuration fit ADTS, which has no word for most of them. */
export function fitsAdts(config: AudioSpecificConfig): boolean {
  return (
    config.objectType >= AudioObjectType.main &&
    config.objectType <= AudioObjectType.ltp &&
    config.channelConfiguration <= maxChannelConfiguration &&
    config.samplesPerFrame === 1024 &&
    sampleRates.includes(config.sampleRate)
  );
}

/**
 * ISO/IEC 14496-3 section 1.A.3.2: the 7 header bytes for an access unit of `dataBytes` bytes. SBR and
 * PS are left to the decoder to find, as ADTS demands.
 * @throws RangeError when the configuration does not fit ADTS or the access unit is longer than 8,184
 */
export function writeAdtsHeader(config: AudioSpecificConfig, dataBytes: number): Uint8Array {
  if (!fitsAdts(config)) throw new RangeError("this AudioSpecificConfig has no ADTS header");
  const frameBytes = adtsHeaderBytes + dataBytes;
  if (frameBytes > maxAdtsFrameBytes) throw new RangeError(`ADTS frame of ${frameBytes} bytes`);
  const { channelConfiguration } = config;
  const rateIndex = sampleRates.indexOf(config.sampleRate);
  return Uint8Array.of(
    syncByte,
    0xf1, // MPEG-4, layer 0, no CRC
    ((config.objectType - 1) << 6) | (rateIndex << 2) | (channelConfiguration >>> 2),
    ((channelConfiguration & 3) << 6) | (frameBytes >>> 11),
    (frameBytes >>> 3) & 0xff,
    ((frameBytes & 7) << 5) | (variableRateFullness >>> 6),
    (variableRateFullness & 0x3f) << 2,
  );
}

/**
 * The AudioSpecificConfig of an ADTS stream. Undefined for channel configuration 0, where it would
 * need the program config element of the access unit.
 */
export function ascFromAdts(header: AdtsHeader): Uint8Array | undefined {
  return header.channelConfiguration === 0 ? undefined : writeAudioSpecificConfig(header);
}
