/** Where a client stands: the last event and, with media, the last part that it has. */
export interface Place {
  /** The event log's incarnation. */
  readonly epoch: string;
  readonly seq: number;
  /** The part feed's incarnation and the sequence number in it. */
  readonly media?: { readonly feed: string; readonly part: number } | undefined;
}

/** `EPOCH.SEQ`, and with media `EPOCH.SEQ.FEED.PART`. Clients hand it back as it is. */
export function writePlace(epoch: string, seq: number, feed?: string, part?: number): string {
  return feed === undefined || part === undefined
    ? `${epoch}.${seq}`
    : `${epoch}.${seq}.${feed}.${part}`;
}

const format = /^([A-Za-z0-9_-]{1,32})\.(\d{1,15})(?:\.([A-Za-z0-9_-]{1,32})\.(\d{1,15}))?$/;

/** The place of no log: whoever shows what cannot be read is told everything anew. */
const nowhere: Place = { epoch: "", seq: 0 };

/** Reads what a client hands back; undefined when it has nothing yet. */
export function parsePlace(text: string | undefined): Place | undefined {
  if (text === undefined || text === "") return undefined;
  const [, epoch, seq, feed, part] = format.exec(text) ?? [];
  if (epoch === undefined || seq === undefined) return nowhere;
  const media = feed === undefined ? undefined : { feed, part: Number(part) };
  return { epoch, seq: Number(seq), media };
}
