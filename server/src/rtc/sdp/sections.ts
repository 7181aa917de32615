/** The `a=fingerprint` lines of one section. sdp-transform keeps only the last one. */
export interface SectionFingerprints {
  readonly session: readonly FingerprintLine[];
  /** By m-line. */
  readonly media: readonly (readonly FingerprintLine[])[];
}

export interface FingerprintLine {
  readonly hash: string;
  readonly value: string;
}

/** Collects the fingerprints of a description by section. RFC 8122 section 5. */
export function fingerprintsBySection(lines: readonly string[]): SectionFingerprints {
  const session: FingerprintLine[] = [];
  const media: FingerprintLine[][] = [];
  for (const line of lines) {
    if (line.startsWith("m=")) media.push([]);
    if (!line.startsWith("a=fingerprint:")) continue;
    const match = /^a=fingerprint:(\S+) +(\S+)\s*$/.exec(line);
    if (match !== null) {
      (media.at(-1) ?? session).push({ hash: match[1] ?? "", value: match[2] ?? "" });
    }
  }
  return { session, media };
}
