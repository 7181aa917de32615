import { Amf0Reader, AmfObject } from "@millrace/media/amf";

/** A frame of the stream's time `streamTimeMs` was captured at `wallMs` (since 1970) on the server's clock. */
export interface CaptureTime {
  readonly streamTimeMs: number;
  readonly wallMs: number;
}

/** What `onMetaData` says about it; undefined for other scripts and for what cannot be read. */
export function readCaptureTime(body: Uint8Array): CaptureTime | undefined {
  try {
    const reader = new Amf0Reader(body);
    if (reader.next() !== "onMetaData") return undefined;
    const value = reader.next();
    if (!(value instanceof AmfObject)) return undefined;
    const streamTimeMs = value.fields.get("captureStreamTimeMs");
    const wallMs = value.fields.get("captureWallMs");
    return typeof streamTimeMs === "number" && typeof wallMs === "number"
      ? { streamTimeMs, wallMs }
      : undefined;
  } catch {
    // Scripts are not needed to play.
    return undefined;
  }
}
