import type { Clock } from "./ports.ts";

/** How much is remembered of clients that left. */
export interface VisitLimits {
  /** A client that comes back to a stream within this time goes on with its visit. Milliseconds. */
  readonly visitMs: number;
  /** Visits of clients that are away, all streams together; the oldest are forgotten first. */
  readonly maxPastVisits: number;
}

/** What one client saw of one stream, over all its sessions that follow or accompany each other. */
export interface ClientVisit {
  readonly firstJoinedWallMs: number;
  /** Sessions, those that are over included. */
  readonly sessions: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

/** Bytes of one session. */
export interface SessionBytes {
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

/** One session's part in a visit. Whoever began it ends it. */
export interface VisitPart {
  readonly visit: ClientVisit;
  /** The session is over; its bytes of now count for good. May be called twice. */
  leave(): void;
}

/** The bytes of a session of now. */
type ReadBytes = () => SessionBytes;

interface Entry {
  readonly firstJoinedWallMs: number;
  sessions: number;
  pastSent: number;
  pastReceived: number;
  readonly present: Set<ReadBytes>;
  leftUs: number;
}

/** Knows clients again that come back, so that one viewer's sessions count as one visit. */
export class Visits {
  readonly #clock: Clock;
  readonly #limits: VisitLimits;
  readonly #present = new Map<string, Entry>();
  /** In the order in which they left. */
  readonly #past = new Map<string, Entry>();

  constructor(clock: Clock, limits: VisitLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Visits that go on, and those that are remembered. */
  get size(): { readonly present: number; readonly past: number } {
    return { present: this.#present.size, past: this.#past.size };
  }

  /** A session begins. Without `clientId` it is a visit of its own. */
  enter(stream: string, clientId: string | undefined, read: ReadBytes): VisitPart {
    const key = clientId === undefined ? undefined : `${stream}\n${clientId}`;
    const entry = (key === undefined ? undefined : this.#find(key)) ?? this.#begin();
    entry.sessions++;
    entry.present.add(read);
    if (key !== undefined) this.#present.set(key, entry);
    return {
      get visit(): ClientVisit {
        return visitOf(entry);
      },
      leave: () => {
        if (!entry.present.delete(read)) return;
        const { bytesSent, bytesReceived } = read();
        entry.pastSent += bytesSent;
        entry.pastReceived += bytesReceived;
        if (key !== undefined && entry.present.size === 0) this.#left(key, entry);
      },
    };
  }

  /** Forgets who is away. */
  close(): void {
    this.#past.clear();
  }

  #find(key: string): Entry | undefined {
    this.#forget();
    const past = this.#past.get(key);
    if (past === undefined) return this.#present.get(key);
    this.#past.delete(key);
    return past;
  }

  #begin(): Entry {
    const firstJoinedWallMs = this.#clock.wallMs();
    const counted = { sessions: 0, pastSent: 0, pastReceived: 0, leftUs: 0 };
    return { firstJoinedWallMs, ...counted, present: new Set() };
  }

  #left(key: string, entry: Entry): void {
    this.#present.delete(key);
    entry.leftUs = this.#clock.nowUs();
    this.#past.set(key, entry);
    this.#forget();
  }

  #forget(): void {
    const { visitMs, maxPastVisits } = this.#limits;
    const oldestUs = this.#clock.nowUs() - visitMs * 1000;
    for (const [key, { leftUs }] of this.#past) {
      if (leftUs > oldestUs && this.#past.size <= maxPastVisits) return;
      this.#past.delete(key);
    }
  }
}

function visitOf({
  firstJoinedWallMs,
  sessions,
  pastSent,
  pastReceived,
  present,
}: Entry): ClientVisit {
  let bytesSent = pastSent;
  let bytesReceived = pastReceived;
  for (const read of present) {
    const bytes = read();
    bytesSent += bytes.bytesSent;
    bytesReceived += bytes.bytesReceived;
  }
  return { firstJoinedWallMs, sessions, bytesSent, bytesReceived };
}
