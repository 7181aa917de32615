import type { Codec } from "../frame/index.ts";
import { avccSizeBytes, putAvcc } from "../h264/index.ts";
import { BoxWriter } from "./box-writer.ts";
import type { Fmp4Track } from "./track.ts";

/** One access unit in a chunk, times in ticks of its track. */
export interface Fmp4Sample {
  /** Until the next sample is to be decoded. */
  readonly duration: number;
  /** Presentation time less decoding time; may be negative. */
  readonly compositionOffset: number;
  readonly key: boolean;
  /** As in `Frame`: NAL units without lengths, or one element. */
  readonly payload: readonly Uint8Array[];
}

/** What a chunk has of one track. */
export interface Fmp4Run {
  readonly track: Fmp4Track;
  /** Decoding time of the first sample, in ticks of the track: an integer from 0 to 2^53. */
  readonly decodeTime: number;
  /** At least one. */
  readonly samples: readonly Fmp4Sample[];
}

/** ISO/IEC 14496-12 section 8.8.8.1. */
const RunFlag = { dataOffset: 0x1, duration: 0x100, size: 0x200, flags: 0x400, offset: 0x800 };
const audioRunFlags = RunFlag.dataOffset | RunFlag.duration | RunFlag.size;
const videoRunFlags = audioRunFlags | RunFlag.flags | RunFlag.offset;
/** Section 8.8.7.1. */
const TrackFlag = { defaultFlags: 0x20, baseIsMoof: 0x2_0000 };
/** Section 8.8.3.1: sample_depends_on 2: on no other. */
const keyFlags = 0x0200_0000;
/** sample_depends_on 1, sample_is_non_sync_sample. */
const deltaFlags = 0x0101_0000;

const boxBytes = 8;
const fullBoxBytes = 12;
const movieHeaderBytes = fullBoxBytes + 4;
const trackHeaderBytes = fullBoxBytes + 4 + 4;
const decodeTimeBytes = fullBoxBytes + 8;
const runHeadBytes = fullBoxBytes + 4 + 4;
const audioSampleBytes = 8;
const videoSampleBytes = 16;
/** AV1 Bitstream & Decoding Process Specification section 5.6: a temporal delimiter OBU with its size. */
const temporalDelimiter = [0x12, 0x00] as const;

/**
 * A CMAF chunk: `moof` and `mdat`, ISO/IEC 14496-12 sections 8.8.4 to 8.8.12 and 8.1.1. One run per
 * track, one after the other. The payloads are copied once, into a buffer of exact size.
 */
export function writeChunk(sequence: number, runs: readonly Fmp4Run[]): Uint8Array<ArrayBuffer> {
  let moofBytes = boxBytes + movieHeaderBytes;
  let mediaBytes = 0;
  for (const { track, samples } of runs) {
    const isVideo = track.info.kind === "video";
    const perSample = isVideo ? videoSampleBytes : audioSampleBytes;
    moofBytes += boxBytes + trackHeaderBytes + decodeTimeBytes + runHeadBytes;
    moofBytes += samples.length * perSample;
    for (const sample of samples) mediaBytes += sampleSize(track.info.codec, sample.payload);
  }
  const bytes = new Uint8Array(moofBytes + boxBytes + mediaBytes);
  let dataOffset = moofBytes + boxBytes;
  const out = new BoxWriter(moofBytes + boxBytes);
  out.begin("moof");
  out.beginFull("mfhd", 0, 0);
  out.u32(sequence);
  out.end();
  for (const run of runs) {
    const start = dataOffset;
    for (const { payload } of run.samples) {
      dataOffset = putSample(bytes, dataOffset, run.track.info.codec, payload);
    }
    writeRun(out, run, start);
  }
  out.end();
  out.u32(boxBytes + mediaBytes);
  out.ascii("mdat");
  bytes.set(out.finish());
  return bytes;
}

function writeRun(out: BoxWriter, run: Fmp4Run, dataOffset: number): void {
  const { track, samples } = run;
  const isVideo = track.info.kind === "video";
  out.begin("traf");
  out.beginFull("tfhd", 0, TrackFlag.baseIsMoof | TrackFlag.defaultFlags);
  out.u32(track.id);
  out.u32(isVideo ? deltaFlags : keyFlags);
  out.end();
  out.beginFull("tfdt", 1, 0);
  out.u64(run.decodeTime);
  out.end();
  out.beginFull("trun", isVideo ? 1 : 0, isVideo ? videoRunFlags : audioRunFlags);
  out.u32(samples.length);
  out.u32(dataOffset);
  for (const sample of samples) {
    out.u32(sample.duration);
    out.u32(sampleSize(track.info.codec, sample.payload));
    if (!isVideo) continue;
    out.u32(sample.key ? keyFlags : deltaFlags);
    out.i32(sample.compositionOffset);
  }
  out.end();
  out.end();
}

function sampleSize(codec: Codec, payload: readonly Uint8Array[]): number {
  if (codec === "h264" || codec === "h265") return avccSizeBytes(payload);
  let size = 0;
  for (const part of payload) size += part.byteLength;
  return size - delimiterBytes(codec, payload);
}

function putSample(
  out: Uint8Array,
  offset: number,
  codec: Codec,
  payload: readonly Uint8Array[],
): number {
  if (codec === "h264" || codec === "h265") return putAvcc(out, offset, payload);
  let from = delimiterBytes(codec, payload);
  let to = offset;
  for (const part of payload) {
    out.set(from > 0 ? part.subarray(from) : part, to);
    to += part.byteLength - from;
    from = 0;
  }
  return to;
}

/** AV1 Codec ISO Media File Format Binding section 2.4: samples have no temporal delimiter. */
function delimiterBytes(codec: Codec, payload: readonly Uint8Array[]): number {
  if (codec !== "av1") return 0;
  const first = payload[0];
  const delimited = first?.[0] === temporalDelimiter[0] && first[1] === temporalDelimiter[1];
  return delimited ? temporalDelimiter.length : 0;
}
