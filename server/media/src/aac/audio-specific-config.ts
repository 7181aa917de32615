import { BitReader, BitWriter } from "../bits/index.ts";
import { ProtocolError } from "../error/index.ts";
import type { AudioTrackInfo } from "../frame/index.ts";
import { channelsOfConfiguration, skipProgramConfig } from "./channels.ts";
import { readSampleRate, writeSampleRate } from "./sample-rate.ts";

/** AudioSpecificConfig, ISO/IEC 14496-3 section 1.6.2.1, as far as a gateway needs it. */
export interface AudioSpecificConfig {
  /** Audio object type of the core codec: 2 for AAC-LC, also when SBR or PS is signalled. */
  readonly objectType: number;
  /** Samples per second of the core codec, without SBR. */
  readonly sampleRate: number;
  /** channelConfiguration, 0 to 15; with 0 a program config element says which channels there are. */
  readonly channelConfiguration: number;
  /** Channels of the core codec, without parametric stereo. */
  readonly channels: number;
  /** Samples per channel and access unit of the core codec: 1024 or 960. */
  readonly samplesPerFrame: number;
  /** Spectral band replication (HE-AAC) is signalled. */
  readonly sbr: boolean;
  /** Parametric stereo (HE-AAC v2) is signalled. */
  readonly ps: boolean;
  /** Samples per second with SBR; the same as `sampleRate` without it. */
  readonly outputSampleRate: number;
}

/** ISO/IEC 14496-3 table 1.17, audio object types. */
export const AudioObjectType = {
  main: 1,
  lc: 2,
  ssr: 3,
  ltp: 4,
  sbr: 5,
  scalable: 6,
  twinVq: 7,
  erLc: 17,
  erLtp: 19,
  erScalable: 20,
  erTwinVq: 21,
  erBsac: 22,
  erLd: 23,
  ps: 29,
  escape: 31,
  erEld: 39,
  usac: 42,
} as const;

/** The longest configuration that is read. Real ones have 2 to 30 bytes. */
export const maxAudioSpecificConfigBytes = 1024;

const syncSbr = 0x2b7;
const syncPs = 0x548;
const longFrame = 1024;
const shortFrame = 960;
const ldFrame = 512;
const ldShortFrame = 480;

const generalAudioTypes: ReadonlySet<number> = new Set([1, 2, 3, 4, 6, 7, 17, 19, 20, 21, 22, 23]);
const resilientGeneralAudioTypes: ReadonlySet<number> = new Set([17, 19, 20, 21, 22, 23]);

/**
 * ISO/IEC 14496-3 section 1.6.2.1, with both ways to signal SBR and PS explicitly. Object types
 * other than the general audio ones give what the common part says and 1024 samples per frame.
 * @throws ProtocolError AAC_CONFIG_TOO_LARGE, AAC_SAMPLE_RATE, AAC_CHANNELS, BITS_EXHAUSTED
 */
export function parseAudioSpecificConfig(bytes: Uint8Array): AudioSpecificConfig {
  if (bytes.byteLength > maxAudioSpecificConfigBytes) {
    throw new ProtocolError(
      "AAC_CONFIG_TOO_LARGE",
      `AudioSpecificConfig of ${bytes.byteLength} bytes`,
    );
  }
  const bits = new BitReader(bytes);
  let objectType = readObjectType(bits);
  const sampleRate = readSampleRate(bits);
  const channelConfiguration = bits.bits(4);
  let sbr = false;
  let ps = false;
  let outputSampleRate = sampleRate;
  if (objectType === AudioObjectType.sbr || objectType === AudioObjectType.ps) {
    sbr = true;
    ps = objectType === AudioObjectType.ps;
    outputSampleRate = readSampleRate(bits);
    objectType = readObjectType(bits);
    if (objectType === AudioObjectType.erBsac) bits.skip(4); // extensionChannelConfiguration
  }
  let channels = channelsOfConfiguration(channelConfiguration);
  let samplesPerFrame = longFrame;
  if (generalAudioTypes.has(objectType)) {
    const general = readGeneralAudio(bits, objectType, channelConfiguration);
    channels = general.channels ?? channels;
    samplesPerFrame = general.samplesPerFrame;
    if (!sbr) {
      const extension = readSyncExtension(bits);
      sbr = extension.sbrRate !== undefined;
      ps = extension.ps;
      outputSampleRate = extension.sbrRate ?? sampleRate;
    }
  }
  if (channels === undefined) {
    throw new ProtocolError("AAC_CHANNELS", `channel configuration ${channelConfiguration}`);
  }
  return {
    objectType,
    sampleRate,
    channelConfiguration,
    channels,
    samplesPerFrame,
    sbr,
    ps,
    outputSampleRate,
  };
}

function readObjectType(bits: BitReader): number {
  const type = bits.bits(5);
  return type === AudioObjectType.escape ? 32 + bits.bits(6) : type;
}

interface GeneralAudio {
  readonly samplesPerFrame: number;
  /** Only when a program config element says so. */
  readonly channels: number | undefined;
}

/** ISO/IEC 14496-3 section 4.4.1, GASpecificConfig, and the error protection of section 1.6.2.1. */
function readGeneralAudio(
  bits: BitReader,
  objectType: number,
  configuration: number,
): GeneralAudio {
  const short = bits.flag();
  if (bits.flag()) bits.skip(14); // dependsOnCoreCoder, coreCoderDelay
  const extension = bits.flag();
  const channels = configuration === 0 ? skipProgramConfig(bits) : undefined;
  if (objectType === AudioObjectType.scalable || objectType === AudioObjectType.erScalable) {
    bits.skip(3); // layerNr
  }
  if (extension) {
    if (objectType === AudioObjectType.erBsac) bits.skip(5 + 11); // numOfSubFrame, layer_length
    if ([17, 19, 20, 23].includes(objectType)) bits.skip(3); // resilience flags
    bits.skip(1); // extensionFlag3
  }
  if (resilientGeneralAudioTypes.has(objectType)) bits.skip(2); // epConfig
  const isLd = objectType === AudioObjectType.erLd;
  const [long, less] = isLd ? [ldFrame, ldShortFrame] : [longFrame, shortFrame];
  return { samplesPerFrame: short ? less : long, channels };
}

interface SyncExtension {
  readonly sbrRate: number | undefined;
  readonly ps: boolean;
}

/** ISO/IEC 14496-3 section 1.6.6.2: the signalling that decoders without SBR do not notice. */
function readSyncExtension(bits: BitReader): SyncExtension {
  const none: SyncExtension = { sbrRate: undefined, ps: false };
  if (bits.bitsLeft < 16 || bits.bits(11) !== syncSbr) return none;
  const type = readObjectType(bits);
  if (type !== AudioObjectType.sbr && type !== AudioObjectType.erBsac) return none;
  if (!bits.flag()) return none;
  const sbrRate = readSampleRate(bits);
  if (type === AudioObjectType.erBsac) bits.skip(4); // extensionChannelConfiguration
  const ps = bits.bitsLeft >= 12 && bits.bits(11) === syncPs && bits.flag();
  return { sbrRate, ps };
}

/** What `writeAudioSpecificConfig` needs; an AudioSpecificConfig with a channel configuration is one. */
export interface AudioSpecificConfigFields {
  /** Object type of the core codec: 1 to 4. */
  readonly objectType: number;
  readonly sampleRate: number;
  /** 1 to 7, 11, 12 or 14. */
  readonly channelConfiguration: number;
  /** 1024 or 960. Default 1024. */
  readonly samplesPerFrame?: number;
  readonly sbr?: boolean;
  readonly ps?: boolean;
  /** Samples per second with SBR. Default twice the sample rate. */
  readonly outputSampleRate?: number;
}

/**
 * ISO/IEC 14496-3 section 1.6.2.1. SBR and PS are signalled by the object type in front, which no
 * decoder can miss.
 * @throws RangeError for fields that have no such configuration
 */
export function writeAudioSpecificConfig(fields: AudioSpecificConfigFields): Uint8Array {
  const { objectType, sampleRate, channelConfiguration } = fields;
  const { samplesPerFrame = longFrame, ps = false, sbr = ps } = fields;
  if (objectType < AudioObjectType.main || objectType > AudioObjectType.ltp) {
    throw new RangeError(`object type ${objectType} cannot be written`);
  }
  if (channelsOfConfiguration(channelConfiguration) === undefined) {
    throw new RangeError(`channel configuration ${channelConfiguration} cannot be written`);
  }
  if (samplesPerFrame !== longFrame && samplesPerFrame !== shortFrame) {
    throw new RangeError(`${samplesPerFrame} samples per frame cannot be written`);
  }
  const bits = new BitWriter();
  bits.bits(ps ? AudioObjectType.ps : sbr ? AudioObjectType.sbr : objectType, 5);
  writeSampleRate(bits, sampleRate);
  bits.bits(channelConfiguration, 4);
  if (sbr) {
    writeSampleRate(bits, fields.outputSampleRate ?? sampleRate * 2);
    bits.bits(objectType, 5);
  }
  bits.flag(samplesPerFrame === shortFrame);
  bits.bits(0, 2); // dependsOnCoreCoder, extensionFlag
  return bits.bytes();
}

/** RFC 6381 section 3.3: `mp4a.40.` and the object type that the decoder must know. */
export function aacCodecString(config: AudioSpecificConfig): string {
  if (config.ps) return `mp4a.40.${AudioObjectType.ps}`;
  if (config.sbr) return `mp4a.40.${AudioObjectType.sbr}`;
  return `mp4a.40.${config.objectType}`;
}

/**
 * Track information from an AudioSpecificConfig, which it keeps. The sample rate is that with SBR and
 * the channels are those with parametric stereo, where the configuration says so.
 * @throws ProtocolError what parseAudioSpecificConfig throws
 */
export function audioTrackInfoFromAsc(config: Uint8Array): AudioTrackInfo {
  const parsed = parseAudioSpecificConfig(config);
  return {
    kind: "audio",
    codec: "aac",
    config,
    codecString: aacCodecString(parsed),
    sampleRate: parsed.outputSampleRate,
    channels: parsed.ps && parsed.channels === 1 ? 2 : parsed.channels,
  };
}
