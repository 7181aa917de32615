import type { HlsSegment } from "./segment-window.ts";

/** RFC 8216bis section 4.4.6.2: the highest and the mean bit rate of a stream's segments. */
export function bandwidthOf(segments: readonly HlsSegment[]): {
  readonly bandwidthBps: number;
  readonly averageBandwidthBps: number;
} {
  let peak = 0;
  let bits = 0;
  let durationUs = 0;
  const complete = segments.filter((segment) => segment.complete);
  for (const segment of complete.length > 0 ? complete : segments) {
    peak = Math.max(peak, (segment.sizeBytes * 8e6) / Math.max(1, segment.durationUs));
    bits += segment.sizeBytes * 8;
    durationUs += segment.durationUs;
  }
  return {
    bandwidthBps: Math.max(1, Math.ceil(peak)),
    averageBandwidthBps: Math.max(1, Math.ceil((bits * 1e6) / Math.max(1, durationUs))),
  };
}
