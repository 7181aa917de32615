import { writeAttributes, writeSeconds, writeUriLine } from "./attribute-list.ts";

/** EXT-X-PART, RFC 8216bis section 4.4.4.9. */
export interface PlaylistPart {
  readonly uri: string;
  readonly durationS: number;
  /** It begins with a frame that needs no other. */
  readonly independent: boolean;
}

/** A segment with its parts. The last one of a playlist may still be growing. */
export interface PlaylistSegment {
  /** Undefined while it is growing: then only its parts are listed. */
  readonly uri: string | undefined;
  readonly durationS: number;
  /** EXT-X-MAP, section 4.4.4.5. Written where it differs from the one before. */
  readonly mapUri: string;
  /** EXT-X-DISCONTINUITY, section 4.4.4.3, before the segment. */
  readonly discontinuity: boolean;
  /** EXT-X-PROGRAM-DATE-TIME, section 4.4.4.6: wall clock of its first frame, ms since 1970. */
  readonly dateTimeMs: number | undefined;
  /** Empty where parts are not listed any more. */
  readonly parts: readonly PlaylistPart[];
}

/** EXT-X-SERVER-CONTROL and EXT-X-PART-INF, sections 4.4.3.8 and 4.4.3.7. Seconds. */
export interface LowLatency {
  readonly canBlockReload: boolean;
  readonly partTargetS: number;
  readonly partHoldBackS: number;
  readonly holdBackS: number;
  /** The skip boundary; undefined without delta updates. */
  readonly canSkipUntilS: number | undefined;
}

/** EXT-X-PRELOAD-HINT, section 4.4.5.3. */
export interface PreloadHint {
  readonly type: "PART" | "MAP";
  readonly uri: string;
}

/** EXT-X-RENDITION-REPORT, section 4.4.5.4. */
export interface RenditionReport {
  readonly uri: string;
  readonly lastMsn: number;
  readonly lastPart: number | undefined;
}

/** A live media playlist. */
export interface MediaPlaylist {
  /** EXT-X-VERSION. 9: delta updates. 10: delta updates that skip date ranges too. */
  readonly version: 9 | 10;
  /** Whole seconds. */
  readonly targetDurationS: number;
  /** Undefined for players of plain HLS alone. */
  readonly lowLatency: LowLatency | undefined;
  /** Media sequence number of the first segment, also when it is skipped. */
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  /** EXT-X-INDEPENDENT-SEGMENTS: all segments begin with a key frame, now and later. */
  readonly independentSegments: boolean;
  readonly segments: readonly PlaylistSegment[];
  /** EXT-X-SKIP, section 4.4.5.2: so many of `segments` are replaced by it. 0: this is no delta update. */
  readonly skipped: number;
  readonly preloadHint: PreloadHint | undefined;
  readonly renditionReports: readonly RenditionReport[];
  /** Nothing follows. */
  readonly ended: boolean;
}

/**
 * A media playlist, RFC 8216bis section 4. Ends with a line break.
 * @throws RangeError for what cannot be written: durations below 0, line breaks or quotes in URIs
 */
export function writeMediaPlaylist(playlist: MediaPlaylist): string {
  const { lowLatency, segments, skipped } = playlist;
  const lines = ["#EXTM3U", `#EXT-X-VERSION:${playlist.version}`];
  if (playlist.independentSegments) lines.push("#EXT-X-INDEPENDENT-SEGMENTS");
  lines.push(`#EXT-X-TARGETDURATION:${writeInteger(playlist.targetDurationS)}`);
  if (lowLatency !== undefined) pushLowLatency(lines, lowLatency);
  lines.push(`#EXT-X-MEDIA-SEQUENCE:${writeInteger(playlist.mediaSequence)}`);
  if (playlist.discontinuitySequence > 0) {
    lines.push(`#EXT-X-DISCONTINUITY-SEQUENCE:${writeInteger(playlist.discontinuitySequence)}`);
  }
  if (skipped > 0) lines.push(`#EXT-X-SKIP:SKIPPED-SEGMENTS=${writeInteger(skipped)}`);
  let mapUri: string | undefined;
  for (let index = skipped; index < segments.length; index++) {
    const segment = segments[index];
    if (segment === undefined) continue;
    pushSegment(lines, segment, segment.mapUri !== mapUri);
    mapUri = segment.mapUri;
  }
  if (playlist.preloadHint !== undefined) {
    const { type, uri } = playlist.preloadHint;
    lines.push(
      `#EXT-X-PRELOAD-HINT:${writeAttributes({ TYPE: { word: type }, URI: { text: uri } })}`,
    );
  }
  for (const { uri, lastMsn, lastPart } of playlist.renditionReports) {
    const attributes = writeAttributes({
      URI: { text: uri },
      "LAST-MSN": { integer: lastMsn },
      "LAST-PART": lastPart === undefined ? undefined : { integer: lastPart },
    });
    lines.push(`#EXT-X-RENDITION-REPORT:${attributes}`);
  }
  if (playlist.ended) lines.push("#EXT-X-ENDLIST");
  return `${lines.join("\n")}\n`;
}

function pushLowLatency(lines: string[], control: LowLatency): void {
  const { canSkipUntilS } = control;
  const attributes = writeAttributes({
    "CAN-BLOCK-RELOAD": control.canBlockReload ? { word: "YES" } : undefined,
    "PART-HOLD-BACK": { seconds: control.partHoldBackS },
    "HOLD-BACK": { seconds: control.holdBackS },
    "CAN-SKIP-UNTIL": canSkipUntilS === undefined ? undefined : { seconds: canSkipUntilS },
  });
  lines.push(`#EXT-X-SERVER-CONTROL:${attributes}`);
  lines.push(`#EXT-X-PART-INF:PART-TARGET=${writeSeconds(control.partTargetS)}`);
}

function pushSegment(lines: string[], segment: PlaylistSegment, withMap: boolean): void {
  if (segment.discontinuity) lines.push("#EXT-X-DISCONTINUITY");
  if (withMap) lines.push(`#EXT-X-MAP:${writeAttributes({ URI: { text: segment.mapUri } })}`);
  if (segment.dateTimeMs !== undefined) {
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(segment.dateTimeMs).toISOString()}`);
  }
  for (const { uri, durationS, independent } of segment.parts) {
    const attributes = writeAttributes({
      DURATION: { seconds: durationS },
      URI: { text: uri },
      INDEPENDENT: independent ? { word: "YES" } : undefined,
    });
    lines.push(`#EXT-X-PART:${attributes}`);
  }
  if (segment.uri === undefined) return;
  lines.push(`#EXTINF:${writeSeconds(segment.durationS)},`, writeUriLine(segment.uri));
}

function writeInteger(value: number): string {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is no integer`);
  return String(value);
}
