import type { AudioTrackInfo, VideoCodec, VideoTrackInfo } from "../frame/index.ts";
import { parseOpusIdHeader } from "../opus/index.ts";
import type { BoxWriter } from "./box-writer.ts";
import { mp3ObjectType } from "./track.ts";

/** ISO/IEC 14496-12 section 12.1.3: 72 dpi as 16.16. */
const resolution = 0x0048_0000;
const compressorNameBytes = 32;
const depth24 = 0x0018;
const preDefinedMinusOne = 0xffff;
const dataReferenceIndex = 1;

const videoBoxes: Partial<Record<VideoCodec, { readonly entry: string; readonly config: string }>> =
  {
    h264: { entry: "avc1", config: "avcC" },
    h265: { entry: "hvc1", config: "hvcC" },
    av1: { entry: "av01", config: "av1C" },
    vp9: { entry: "vp09", config: "vpcC" },
  };

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/**
 * VisualSampleEntry, ISO/IEC 14496-12 section 12.1.3, with the codec's configuration box.
 * @throws RangeError for codecs that have no entry here
 */
export function writeVideoEntry(out: BoxWriter, info: VideoTrackInfo, size: PictureSize): void {
  const names = videoBoxes[info.codec];
  if (names === undefined) throw new RangeError(`${info.codec} is no picture that fMP4 carries`);
  out.begin(names.entry);
  writeEntryStart(out);
  out.zeros(16); // pre_defined, reserved
  out.u16(size.width);
  out.u16(size.height);
  out.u32(resolution);
  out.u32(resolution);
  out.u32(0); // reserved
  out.u16(1); // frame_count
  out.zeros(compressorNameBytes);
  out.u16(depth24);
  out.u16(preDefinedMinusOne);
  out.begin(names.config);
  if (info.codec === "vp9" && !hasBoxVersion(info.config)) out.u32(0x0100_0000);
  out.bytes(info.config);
  out.end();
  out.end();
}

/** VP Codec ISO Media File Format Binding section 2: 12 bytes with the box's version 1 and flags, 8 without. */
function hasBoxVersion(config: Uint8Array): boolean {
  return config.byteLength >= 12 && config[0] === 1 && config[1] === 0 && config[2] === 0;
}

/**
 * AudioSampleEntry, ISO/IEC 14496-12 section 12.2.3, with `esds` or `dOps`.
 * @throws RangeError for codecs that have no entry here; ProtocolError what parseOpusIdHeader throws
 */
export function writeAudioEntry(out: BoxWriter, info: AudioTrackInfo): void {
  const isOpus = info.codec === "opus";
  if (!isOpus && info.codec !== "aac" && info.codec !== "mp3") {
    throw new RangeError(`${info.codec} is no sound that fMP4 carries`);
  }
  out.begin(isOpus ? "Opus" : "mp4a");
  writeEntryStart(out);
  out.zeros(8); // reserved
  out.u16(info.channels);
  out.u16(16); // samplesize
  out.u32(0); // pre_defined, reserved
  // 16.16: rates above have no place here and stand in the codec's configuration.
  out.u32(info.sampleRate > 0xffff ? 0 : info.sampleRate * 0x1_0000);
  if (isOpus) writeOpusBox(out, info);
  else if (info.codec === "mp3") writeEsds(out, mp3ObjectType(info.sampleRate), undefined);
  else writeEsds(out, objectTypeAac, info.config);
  out.end();
}

/** SampleEntry, ISO/IEC 14496-12 section 8.5.2. */
function writeEntryStart(out: BoxWriter): void {
  out.zeros(6);
  out.u16(dataReferenceIndex);
}

/** Encapsulation of Opus in ISO Base Media File Format section 4.3.2. Other than OpusHead it is big-endian. */
function writeOpusBox(out: BoxWriter, info: AudioTrackInfo): void {
  const header =
    info.config.byteLength > 0
      ? parseOpusIdHeader(info.config)
      : {
          channels: info.channels,
          preSkip: 0,
          inputSampleRate: info.sampleRate,
          outputGain: 0,
          mappingFamily: 0,
          mapping: undefined,
        };
  out.begin("dOps");
  out.u8(0); // Version
  out.u8(header.channels);
  out.u16(header.preSkip);
  out.u32(header.inputSampleRate);
  out.u16(header.outputGain & 0xffff);
  out.u8(header.mappingFamily);
  if (header.mapping !== undefined) {
    out.u8(header.mapping.streams);
    out.u8(header.mapping.coupledStreams);
    out.bytes(header.mapping.table);
  }
  out.end();
}

const objectTypeAac = 0x40;
const DescriptorTag = { es: 3, decoderConfig: 4, decoderSpecific: 5, syncLayer: 6 } as const;
const descriptorHeadBytes = 5;
const decoderConfigBytes = 13;
/** streamType audio, upStream 0, reserved 1. */
const audioStream = 0x15;
/** SLConfigDescriptor: the predefined one for MP4 files. */
const mp4SyncLayer = 2;

/** ISO/IEC 14496-14 section 6.7.2 and 14496-1 section 7.2.6.5. */
function writeEsds(out: BoxWriter, objectType: number, config: Uint8Array | undefined): void {
  const specific = config === undefined ? 0 : descriptorHeadBytes + config.byteLength;
  const decoder = decoderConfigBytes + specific;
  out.beginFull("esds", 0, 0);
  writeDescriptor(
    out,
    DescriptorTag.es,
    3 + descriptorHeadBytes + decoder + descriptorHeadBytes + 1,
  );
  out.u16(0); // ES_ID, which files set to 0
  out.u8(0); // flags
  writeDescriptor(out, DescriptorTag.decoderConfig, decoder);
  out.u8(objectType);
  out.u8(audioStream);
  out.zeros(3 + 4 + 4); // bufferSizeDB, maxBitrate, avgBitrate: unknown
  if (config !== undefined) {
    writeDescriptor(out, DescriptorTag.decoderSpecific, config.byteLength);
    out.bytes(config);
  }
  writeDescriptor(out, DescriptorTag.syncLayer, 1);
  out.u8(mp4SyncLayer);
  out.end();
}

/** ISO/IEC 14496-1 section 8.3.3: the size in four groups of seven bits. */
function writeDescriptor(out: BoxWriter, tag: number, size: number): void {
  out.u8(tag);
  for (const shift of [21, 14, 7]) out.u8(0x80 | ((size >>> shift) & 0x7f));
  out.u8(size & 0x7f);
}
