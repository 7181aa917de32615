import { type CaptureMap, writeFlvHeader } from "@millrace/media/flv";
import type { TrackInfo } from "@millrace/media/frame";
import { Block, type BlockPlace } from "./block.ts";
import { configTag, metadataTag, tagTime } from "./script-tags.ts";

/** What viewers are sent before frames, made once for all who begin at the same place. */
export interface Heading {
  /** Grows whenever tracks or configurations change. */
  readonly version: number;
  /** From the first byte of the FLV file on. */
  readonly opening: Block;
  /** For those who have the beginning of the file already. */
  readonly resumption: Block;
}

export interface HeadingParts {
  readonly version: number;
  /** The tracks that there are; the header announces them. */
  readonly infos: readonly TrackInfo[];
  /** The tracks as they were configured at the frame that follows; those missing are taken from `infos`. */
  readonly before: readonly TrackInfo[];
  readonly capture: CaptureMap;
  /** Decoding time of what follows. Microseconds. */
  readonly startUs: number;
  readonly place: BlockPlace;
}

/** File header, metadata, then configurations: video, audio. */
export function makeHeading(parts: HeadingParts): Heading {
  const { version, infos, before, capture, startUs, place } = parts;
  const timeMs = tagTime(startUs);
  const tags = [metadataTag(infos, capture)];
  for (const now of infos) {
    const info = before.find(({ kind }) => kind === now.kind) ?? now;
    const config = configTag(info, timeMs);
    if (config !== undefined) tags.push(config);
  }
  const header = writeFlvHeader({
    audio: infos.some(({ kind }) => kind === "audio"),
    video: infos.some(({ kind }) => kind === "video"),
  });
  return {
    version,
    opening: new Block([header, ...tags], place),
    resumption: new Block(tags, place),
  };
}
