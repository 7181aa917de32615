import type { Activity } from "./activity.ts";
import { Bitrates } from "./bitrates.ts";
import type { Expiries } from "./expiries.ts";
import { noFigures, type ViewerFigures } from "./figures.ts";
import type { Clock, Log } from "./ports.ts";
import type { Stream } from "./stream.ts";
import type { Viewer, ViewerInfo } from "./viewer.ts";
import { type VisitLimits, Visits } from "./visits.ts";

export interface AttendanceOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly activity: Activity;
  readonly expiries: Expiries;
  readonly limits: VisitLimits;
}

/** Who watches, on all streams: what each session has from its beginning to its end, whatever its transport. */
export class Attendance {
  readonly #options: AttendanceOptions;
  readonly #bitrates: Bitrates;
  readonly #visits: Visits;

  constructor(options: AttendanceOptions) {
    const { clock, limits } = options;
    this.#options = options;
    this.#bitrates = new Bitrates(clock);
    this.#visits = new Visits(clock, limits);
  }

  /**
   * Begins a session. `enter` puts the viewer among those of the stream before anybody is told, `leave` takes it out,
   * once, and gives false when it was not there any more.
   */
  begin(
    stream: Stream,
    id: string,
    given: ViewerInfo,
    place: { enter(viewer: Viewer): void; leave(viewer: Viewer): boolean },
  ): Viewer {
    const { activity, clock, expiries, log } = this.#options;
    const { expiresWallMs } = given.grant ?? {};
    const neverExpires =
      expiresWallMs === undefined
        ? undefined
        : expiries.watch(expiresWallMs, () => given.onKick?.("ACCESS_EXPIRED"));
    const read = (): ViewerFigures => given.stats?.() ?? noFigures;
    const meter = this.#bitrates.meter(() => read().bytesSent);
    const part = this.#visits.enter(stream.name, given.clientId, read);
    const joinedWallMs = clock.wallMs();
    const said = { stream: stream.name, session: id, transport: given.transport };
    let hasMedia = false;
    const viewer: Viewer = {
      id,
      info: {
        ...given,
        ...(given.stats && { stats: () => ({ ...read(), bitrateBps: meter.bitrateBps }) }),
      },
      joinedWallMs,
      get visit() {
        return part.visit;
      },
      mediaStarted: () => {
        if (hasMedia) return;
        hasMedia = true;
        activity.mediaStarted(stream, viewer);
      },
      close: (reason = "LEFT") => {
        neverExpires?.();
        if (!place.leave(viewer)) return;
        const { bytesSent, bytesReceived } = read();
        const seconds = Math.max(0, Math.round(clock.wallMs() - joinedWallMs) / 1000);
        log.info({ ...said, code: reason, seconds, bytesSent, bytesReceived }, "viewer left");
        activity.playEnded(stream, viewer, reason);
        meter.close();
        part.leave();
      },
    };
    place.enter(viewer);
    log.info(said, "viewer joined");
    activity.playStarted(stream, viewer);
    return viewer;
  }

  /** May be called twice. */
  close(): void {
    this.#bitrates.close();
    this.#visits.close();
  }
}
