import { ProtocolError } from "../error/index.ts";
import type { AudioTrackInfo } from "../frame/index.ts";

/** Identification header, RFC 7845 section 5.1. */
export interface OpusIdHeader {
  /** 1 to 255. */
  readonly channels: number;
  /** Samples at 48 kHz to throw away at the start, 0 to 65,535. */
  readonly preSkip: number;
  /** Sample rate of the sound before encoding, for information only; 0 when unknown. */
  readonly inputSampleRate: number;
  /** Gain in 1/256 dB, -32,768 to 32,767. */
  readonly outputGain: number;
  /** 0 for mono and stereo in RTP order, 1 for Vorbis order, others special. */
  readonly mappingFamily: number;
  /** Undefined for family 0. */
  readonly mapping: OpusChannelMapping | undefined;
}

/** RFC 7845 section 5.1.1. */
export interface OpusChannelMapping {
  readonly streams: number;
  readonly coupledStreams: number;
  /** One byte per channel. */
  readonly table: Uint8Array;
}

/** Opus decodes to this rate whatever the input was. */
export const opusSampleRate = 48_000;

/** "OpusHead" */
const magic: readonly number[] = [0x4f, 0x70, 0x75, 0x73, 0x48, 0x65, 0x61, 0x64];
const versionOffset = 8;
const fixedBytes = 19;
const mappingBytes = 2;
const majorVersionMask = 0xf0;
const writtenVersion = 1;
const maxFamilyZeroChannels = 2;

/**
 * RFC 7845 section 5.1. Bytes after the header are ignored, as that section demands.
 * @throws ProtocolError OPUS_HEAD_TRUNCATED, OPUS_HEAD_MAGIC, OPUS_HEAD_VERSION, OPUS_HEAD_CHANNELS
 */
export function parseOpusIdHeader(bytes: Uint8Array): OpusIdHeader {
  if (bytes.byteLength < fixedBytes) throw truncated(bytes);
  if (magic.some((byte, i) => bytes[i] !== byte)) {
    throw new ProtocolError("OPUS_HEAD_MAGIC", "no OpusHead");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint8(versionOffset);
  if ((version & majorVersionMask) !== 0) {
    throw new ProtocolError("OPUS_HEAD_VERSION", `OpusHead version ${version}`);
  }
  const channels = view.getUint8(9);
  const mappingFamily = view.getUint8(18);
  if (channels === 0 || (mappingFamily === 0 && channels > maxFamilyZeroChannels)) {
    throw new ProtocolError(
      "OPUS_HEAD_CHANNELS",
      `${channels} channels in family ${mappingFamily}`,
    );
  }
  return {
    channels,
    preSkip: view.getUint16(10, true),
    inputSampleRate: view.getUint32(12, true),
    outputGain: view.getInt16(16, true),
    mappingFamily,
    mapping: mappingFamily === 0 ? undefined : parseMapping(bytes, channels),
  };
}

function parseMapping(bytes: Uint8Array, channels: number): OpusChannelMapping {
  const tableStart = fixedBytes + mappingBytes;
  if (bytes.byteLength < tableStart + channels) throw truncated(bytes);
  const streams = bytes[fixedBytes] as number;
  const coupledStreams = bytes[fixedBytes + 1] as number;
  if (streams === 0 || coupledStreams > streams || streams + coupledStreams > 255) {
    throw new ProtocolError(
      "OPUS_HEAD_CHANNELS",
      `${coupledStreams} of ${streams} streams coupled`,
    );
  }
  return { streams, coupledStreams, table: bytes.slice(tableStart, tableStart + channels) };
}

/** RFC 7845 section 5.1. @throws RangeError when a field does not fit */
export function writeOpusIdHeader(header: OpusIdHeader): Uint8Array {
  const { channels, mapping, mappingFamily } = header;
  inRange(channels, 1, mappingFamily === 0 ? maxFamilyZeroChannels : 255);
  inRange(header.preSkip, 0, 0xffff);
  inRange(header.inputSampleRate, 0, 0xffff_ffff);
  inRange(header.outputGain, -0x8000, 0x7fff);
  inRange(mappingFamily, 0, 255);
  if (
    (mapping === undefined) !== (mappingFamily === 0) ||
    (mapping?.table.byteLength ?? channels) !== channels
  ) {
    throw new RangeError(
      `channel mapping does not fit family ${mappingFamily}, ${channels} channels`,
    );
  }
  const out = new Uint8Array(fixedBytes + (mapping === undefined ? 0 : mappingBytes + channels));
  const view = new DataView(out.buffer);
  out.set(magic);
  view.setUint8(versionOffset, writtenVersion);
  view.setUint8(9, channels);
  view.setUint16(10, header.preSkip, true);
  view.setUint32(12, header.inputSampleRate, true);
  view.setInt16(16, header.outputGain, true);
  view.setUint8(18, mappingFamily);
  if (mapping !== undefined) {
    out[fixedBytes] = mapping.streams;
    out[fixedBytes + 1] = mapping.coupledStreams;
    out.set(mapping.table, fixedBytes + mappingBytes);
  }
  return out;
}

/**
 * Track information from an identification header, which it keeps.
 * @throws ProtocolError what parseOpusIdHeader throws
 */
export function audioTrackInfoFromOpusHead(config: Uint8Array): AudioTrackInfo {
  const { channels } = parseOpusIdHeader(config);
  return {
    kind: "audio",
    codec: "opus",
    config,
    codecString: "opus",
    sampleRate: opusSampleRate,
    channels,
  };
}

/** Track information of Opus that came without an identification header, as in RTP (RFC 7587). */
export function audioTrackInfoForOpus(channels: 1 | 2): AudioTrackInfo {
  const header = { channels, preSkip: 0, inputSampleRate: opusSampleRate, outputGain: 0 };
  return audioTrackInfoFromOpusHead(
    writeOpusIdHeader({ ...header, mappingFamily: 0, mapping: undefined }),
  );
}

function inRange(value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`${value} is not within ${min} and ${max}`);
  }
}

function truncated(bytes: Uint8Array): ProtocolError {
  return new ProtocolError("OPUS_HEAD_TRUNCATED", `OpusHead of ${bytes.byteLength} bytes`);
}
