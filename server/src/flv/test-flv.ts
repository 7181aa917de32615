import { readFileSync } from "node:fs";
import { type TagTarget, writeFlvHeader, writeFlvTag } from "@millrace/media/flv";
import type { Frame, MediaKind, TrackInfo } from "@millrace/media/frame";

/** H.264 with B-frames and AAC, as ffmpeg writes it: 10 pictures. */
export const flvFile: Uint8Array = new Uint8Array(
  readFileSync(new URL("../../media/src/flv/fixtures/bframes.flv", import.meta.url)),
);

export const flvHeader: Uint8Array = writeFlvHeader({ audio: true, video: true });

/** The head of a tag that says how long its body is, without the body. */
export function tagHead(type: number, bodyBytes: number): Uint8Array {
  return Uint8Array.of(type, bodyBytes >>> 16, bodyBytes >>> 8, bodyBytes, 0, 0, 0, 0, 0, 0, 0);
}

/** A whole tag with G.711 sound in it, which needs no configuration. */
export function soundTag(timestampMs: number, bodyBytes = 161): Uint8Array {
  const body = new Uint8Array(bodyBytes).fill(0x55);
  body[0] = 0x72;
  return writeFlvTag(8, timestampMs, body);
}

/** Keeps what it is told, as text that is fast to compare. */
export class RecordingTarget implements TagTarget {
  readonly told: string[] = [];

  setTrack(info: TrackInfo): void {
    this.told.push(`track ${info.codec} ${Buffer.from(info.config).toString("hex")}`);
  }

  removeTrack(kind: MediaKind): void {
    this.told.push(`no ${kind}`);
  }

  frame(kind: MediaKind, frame: Frame): void {
    const payload = Buffer.concat(frame.payload).toString("latin1");
    this.told.push(`${kind} ${frame.dtsUs} ${frame.ptsUs} ${frame.key} ${payload}`);
  }

  hint(code: string): void {
    this.told.push(`hint ${code}`);
  }
}
