import { BoxWriter } from "./box-writer.ts";
import { type PictureSize, writeAudioEntry, writeVideoEntry } from "./sample-entry.ts";
import type { Fmp4Track } from "./track.ts";

/** One track of an initialization segment. */
export interface Fmp4InitTrack extends Fmp4Track {
  /** For video: pixels of the picture, where `info` does not know them. */
  readonly size?: PictureSize | undefined;
}

const movieTimescale = 1000;
const unityRate = 0x0001_0000;
const fullVolume = 0x0100;
/** track_enabled, track_in_movie. */
const trackFlags = 3;
/** "und", three letters of five bits. */
const languageUndefined = 0x55c4;
const unityMatrix = [0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000] as const;
/** The media is in this file. */
const selfContained = 1;
const graphicsFlags = 1;

/**
 * What a decoder needs before chunks: `ftyp` and `moov` with `mvex`, ISO/IEC 14496-12 sections 4.3 and
 * 8.2; it has tables without samples, and no edit list: times are those of the chunks.
 * @throws RangeError for codecs without a sample entry, ProtocolError for configurations that cannot be read
 */
export function writeInit(tracks: readonly Fmp4InitTrack[]): Uint8Array<ArrayBuffer> {
  const out = new BoxWriter();
  writeFileType(out, tracks);
  out.begin("moov");
  writeMovieHeader(out, tracks);
  for (const track of tracks) writeTrack(out, track);
  out.begin("mvex");
  for (const track of tracks) {
    out.beginFull("trex", 0, 0);
    out.u32(track.id);
    out.u32(1); // default_sample_description_index
    out.zeros(12); // default duration, size and flags: chunks tell them
    out.end();
  }
  out.end();
  out.end();
  return out.finish();
}

/** ISO/IEC 14496-12 section 4.3. `iso6` has `default-base-is-moof` and 64-bit `tfdt`. */
function writeFileType(out: BoxWriter, tracks: readonly Fmp4InitTrack[]): void {
  out.begin("ftyp");
  out.ascii("iso6");
  out.u32(0);
  out.ascii("iso6cmfcmp41");
  if (tracks.some(({ info }) => info.codec === "av1")) out.ascii("av01");
  out.end();
}

/** Section 8.2.2. */
function writeMovieHeader(out: BoxWriter, tracks: readonly Fmp4InitTrack[]): void {
  out.beginFull("mvhd", 0, 0);
  out.zeros(8); // creation and modification time
  out.u32(movieTimescale);
  out.u32(0); // duration: unknown
  out.u32(unityRate);
  out.u16(fullVolume);
  out.zeros(10);
  for (const value of unityMatrix) out.u32(value);
  out.zeros(24);
  out.u32(tracks.reduce((last, { id }) => Math.max(last, id), 0) + 1);
  out.end();
}

/** Sections 8.3 and 8.4. */
function writeTrack(out: BoxWriter, track: Fmp4InitTrack): void {
  const isVideo = track.info.kind === "video";
  const size = pictureSize(track);
  out.begin("trak");
  out.beginFull("tkhd", 0, trackFlags);
  out.zeros(8);
  out.u32(track.id);
  out.zeros(4 + 4 + 8); // reserved, duration, reserved
  out.zeros(4); // layer, alternate_group
  out.u16(isVideo ? 0 : fullVolume);
  out.u16(0);
  for (const value of unityMatrix) out.u32(value);
  out.u32(size.width * 0x1_0000);
  out.u32(size.height * 0x1_0000);
  out.end();
  out.begin("mdia");
  out.beginFull("mdhd", 0, 0);
  out.zeros(8);
  out.u32(track.timescale);
  out.u32(0);
  out.u16(languageUndefined);
  out.u16(0);
  out.end();
  out.beginFull("hdlr", 0, 0);
  out.u32(0);
  out.ascii(isVideo ? "vide" : "soun");
  out.zeros(12);
  out.u8(0); // name
  out.end();
  writeMediaInformation(out, track, size);
  out.end();
  out.end();
}

function pictureSize({ info, size }: Fmp4InitTrack): PictureSize {
  if (info.kind === "audio") return { width: 0, height: 0 };
  return info.width > 0 && info.height > 0 ? info : (size ?? { width: 0, height: 0 });
}

/** Sections 8.4.4, 8.5, 8.6, 8.7. */
function writeMediaInformation(out: BoxWriter, { info }: Fmp4InitTrack, size: PictureSize): void {
  out.begin("minf");
  if (info.kind === "video") {
    out.beginFull("vmhd", 0, graphicsFlags);
    out.zeros(8);
  } else {
    out.beginFull("smhd", 0, 0);
    out.zeros(4);
  }
  out.end();
  out.begin("dinf");
  out.beginFull("dref", 0, 0);
  out.u32(1);
  out.beginFull("url ", 0, selfContained);
  out.end();
  out.end();
  out.end();
  out.begin("stbl");
  out.beginFull("stsd", 0, 0);
  out.u32(1);
  if (info.kind === "video") writeVideoEntry(out, info, size);
  else writeAudioEntry(out, info);
  out.end();
  for (const empty of ["stts", "stsc", "stco"]) {
    out.beginFull(empty, 0, 0);
    out.u32(0);
    out.end();
  }
  out.beginFull("stsz", 0, 0);
  out.zeros(8);
  out.end();
  out.end();
  out.end();
}
