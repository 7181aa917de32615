/** What is counted of one session, and of all sessions of a transport. */
export interface SessionCounts {
  bytesReceived: number;
  bytesSent: number;
  /** Frames that the viewer was not sent because it took them too slowly. */
  framesDropped: number;
  videoPackets: number;
  audioPackets: number;
  /** RTCP messages that ask for packets again: from viewers, or to publishers. */
  nacks: number;
  /** RTCP messages that ask for a key frame: from viewers, or to publishers. */
  keyRequests: number;
  /** RTP packets sent again. */
  retransmitted: number;
}

export function noCounts(): SessionCounts {
  return {
    bytesReceived: 0,
    bytesSent: 0,
    framesDropped: 0,
    videoPackets: 0,
    audioPackets: 0,
    nacks: 0,
    keyRequests: 0,
    retransmitted: 0,
  };
}

export function addCounts(to: SessionCounts, more: Readonly<SessionCounts>): void {
  for (const name of Object.keys(more) as (keyof SessionCounts)[]) to[name] += more[name];
}

/**
 * What the figures of a session say, whatever transport they are of: `core/figures.ts`, and under `egress` or `ingest`
 * what WebRTC tells besides.
 */
export function countsOf(stats: object | undefined): SessionCounts {
  const counts = noCounts();
  if (stats === undefined) return counts;
  const { egress, ingest } = stats as { readonly egress?: unknown; readonly ingest?: unknown };
  counts.bytesReceived = number(stats, "bytesReceived");
  counts.bytesSent = number(stats, "bytesSent");
  counts.framesDropped = number(stats, "framesDropped");
  if (isObject(egress)) addEgress(counts, egress);
  if (isObject(ingest)) addIngest(counts, ingest);
  return counts;
}

function addEgress(counts: SessionCounts, egress: object): void {
  counts.nacks = number(egress, "nacks");
  counts.keyRequests = number(egress, "keyRequests");
  for (const line of list(egress, "lines")) addPackets(counts, line);
}

function addIngest(counts: SessionCounts, ingest: object): void {
  for (const encoding of list(ingest, "encodings")) {
    addPackets(counts, encoding);
    counts.nacks += number(encoding, "nacks");
    counts.keyRequests += number(encoding, "keyRequests");
  }
}

function addPackets(counts: SessionCounts, line: object): void {
  const { kind } = line as { readonly kind?: unknown };
  counts[kind === "audio" ? "audioPackets" : "videoPackets"] += number(line, "packets");
  counts.retransmitted += number(line, "retransmitted");
}

function number(of: object, name: string): number {
  const value = (of as Readonly<Record<string, unknown>>)[name];
  return typeof value === "number" && value > 0 && Number.isFinite(value) ? value : 0;
}

function list(of: object, name: string): readonly object[] {
  const value = (of as Readonly<Record<string, unknown>>)[name];
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
