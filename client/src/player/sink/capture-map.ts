/** So many points are kept; parts of 100 ms give almost a minute. */
export const maxCapturePoints = 512;

interface CapturePoint {
  readonly mediaSeconds: number;
  readonly wallMs: number;
}

/** When what an element shows was captured: places on its timeline with the server's wall clock. */
export class CaptureMap {
  readonly #points: CapturePoint[] = [];

  /**
   * What is shown at `mediaSeconds` was captured at `wallMs` (since 1970), and what follows after it. Points come
   * in the timeline's order; one before others replaces them. Not finite: ignored.
   */
  add(mediaSeconds: number, wallMs: number): void {
    if (!Number.isFinite(mediaSeconds) || !Number.isFinite(wallMs)) return;
    const points = this.#points;
    while (points.length > 0 && (points.at(-1)?.mediaSeconds ?? 0) >= mediaSeconds) points.pop();
    points.push({ mediaSeconds, wallMs });
    if (points.length > maxCapturePoints) points.shift();
  }

  /** Capture time of what is shown there, milliseconds since 1970; undefined without any point. */
  wallMs(mediaSeconds: number): number | undefined {
    // A picture may be placed a rounding before the part that it belongs to.
    const at = mediaSeconds + 0.001;
    const point = this.#points.findLast((other) => other.mediaSeconds <= at) ?? this.#points[0];
    return point && point.wallMs + (mediaSeconds - point.mediaSeconds) * 1000;
  }

  /** Another timeline follows. */
  clear(): void {
    this.#points.length = 0;
  }
}
