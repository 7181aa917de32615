import type { StreamEntry, TrackEntry } from "./stream-entry.ts";

interface Count {
  readonly timeMs: number;
  readonly frames: number;
}

/** The rate is taken over so many questions, which smooths what arrives in bursts. */
const keptCounts = 4;

/** Pictures a second of the streams that are looked at, from counters that the server tells. */
export class FrameRates {
  #counts = new Map<string, readonly Count[]>();

  /** Takes the figures of now; streams that are not among them are forgotten. */
  take(streams: readonly StreamEntry[], nowMs: number): void {
    const counts = new Map<string, readonly Count[]>();
    for (const stream of streams) {
      const frames = videoOf(stream)?.frames;
      if (frames === undefined) continue;
      const before = this.#counts.get(stream.name) ?? [];
      // The stream began anew.
      const valid = (before.at(-1)?.frames ?? 0) <= frames ? before : [];
      counts.set(stream.name, [...valid, { timeMs: nowMs, frames }].slice(-keptCounts));
    }
    this.#counts = counts;
  }

  /** What the publisher or its largest layer tells, else what was counted; undefined while nobody can know. */
  of(stream: StreamEntry): number | undefined {
    const told = stream.publisher?.stats["frameRate"];
    if (typeof told === "number") return told;
    const layers = videoOf(stream)?.layers.filter(({ active }) => active) ?? [];
    const ofLayer = layers.at(-1)?.frameRate;
    if (ofLayer !== undefined) return ofLayer;
    const counts = this.#counts.get(stream.name) ?? [];
    const [first, last] = [counts[0], counts.at(-1)];
    if (first === undefined || last === undefined || last.timeMs <= first.timeMs) return undefined;
    const perSecond = ((last.frames - first.frames) * 1000) / (last.timeMs - first.timeMs);
    return perSecond > 0 ? perSecond : undefined;
  }
}

/** The publisher's own picture. */
export function videoOf(stream: StreamEntry): TrackEntry | undefined {
  return stream.tracks.find(({ derived, kind }) => kind === "video" && !derived);
}

/** Of all that the publisher sends; undefined while it is not known. */
export function bitrateOf(stream: StreamEntry): number | undefined {
  const told = stream.publisher?.stats["bitrateBps"];
  if (typeof told === "number") return told;
  const rates = stream.tracks.flatMap(({ bitrateBps, derived }) =>
    derived || bitrateBps === undefined ? [] : [bitrateBps],
  );
  const sum = rates.reduce((total, rate) => total + rate, 0);
  return sum > 0 ? sum : undefined;
}
