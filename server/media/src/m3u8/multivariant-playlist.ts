import { writeAttributes, writeUriLine } from "./attribute-list.ts";

/** EXT-X-STREAM-INF, RFC 8216bis section 4.4.6.2. */
export interface Variant {
  readonly uri: string;
  /** Peak bits per second of its segments. */
  readonly bandwidthBps: number;
  readonly averageBandwidthBps: number | undefined;
  /** RFC 6381 codec strings. */
  readonly codecs: readonly string[];
  /** Pixels; 0 where there is no picture or nobody knows. */
  readonly width: number;
  readonly height: number;
}

/** A multivariant playlist, RFC 8216bis section 4.4.6. @throws RangeError for what cannot be written */
export function writeMultivariantPlaylist(version: 9 | 10, variants: readonly Variant[]): string {
  const lines = ["#EXTM3U", `#EXT-X-VERSION:${version}`];
  for (const variant of variants) {
    const { averageBandwidthBps, codecs, width, height } = variant;
    const attributes = writeAttributes({
      BANDWIDTH: { integer: variant.bandwidthBps },
      "AVERAGE-BANDWIDTH":
        averageBandwidthBps === undefined ? undefined : { integer: averageBandwidthBps },
      CODECS: codecs.length === 0 ? undefined : { text: codecs.join(",") },
      RESOLUTION: width > 0 && height > 0 ? { word: `${width}x${height}` } : undefined,
    });
    lines.push(`#EXT-X-STREAM-INF:${attributes}`, writeUriLine(variant.uri));
  }
  return `${lines.join("\n")}\n`;
}
