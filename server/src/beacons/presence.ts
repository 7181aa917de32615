import type { ActivityObserver, Clock, Stream, Viewer } from "../core/index.ts";

interface Place {
  sessions: number;
  /** When the last session ended. Microseconds of the clock. */
  endedUs: number;
}

/** Which clients watch which streams, and which did a moment ago. */
export class Presence implements ActivityObserver {
  readonly #clock: Pick<Clock, "nowUs">;
  readonly #recentUs: number;
  readonly #maxRecent: number;
  readonly #here = new Map<string, Place>();
  /** In the order in which they ended. */
  readonly #recent = new Map<string, Place>();

  constructor(
    clock: Pick<Clock, "nowUs">,
    limits: { readonly recentMs: number; readonly maxRecent: number },
  ) {
    this.#clock = clock;
    this.#recentUs = limits.recentMs * 1000;
    this.#maxRecent = limits.maxRecent;
  }

  /** Clients that are remembered. */
  get size(): number {
    return this.#here.size + this.#recent.size;
  }

  playStarted({ name }: Pick<Stream, "name">, { info: { clientId } }: Viewer): void {
    if (clientId === undefined) return;
    const key = keyOf(name, clientId);
    const place = this.#here.get(key) ?? { sessions: 0, endedUs: 0 };
    place.sessions++;
    this.#recent.delete(key);
    this.#here.set(key, place);
  }

  playEnded({ name }: Pick<Stream, "name">, { info: { clientId } }: Viewer): void {
    if (clientId === undefined) return;
    const key = keyOf(name, clientId);
    const place = this.#here.get(key);
    if (place === undefined || --place.sessions > 0) return;
    place.endedUs = this.#clock.nowUs();
    this.#here.delete(key);
    this.#recent.set(key, place);
    this.#forgetOld(place.endedUs);
  }

  /** Whether that client watches the stream, or did so a moment ago. */
  has(stream: string, client: string): boolean {
    const key = keyOf(stream, client);
    if (this.#here.has(key)) return true;
    const place = this.#recent.get(key);
    return place !== undefined && this.#clock.nowUs() - place.endedUs <= this.#recentUs;
  }

  #forgetOld(nowUs: number): void {
    for (const [key, { endedUs }] of this.#recent) {
      if (this.#recent.size <= this.#maxRecent && nowUs - endedUs <= this.#recentUs) return;
      this.#recent.delete(key);
    }
  }
}

/** Neither has a line end in it. */
export function keyOf(stream: string, client: string): string {
  return `${stream}\n${client}`;
}
