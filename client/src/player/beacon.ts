import { FreezeMeter } from "./freeze-meter.ts";
import type { PlayerStateType } from "./state.ts";
import type { MediaStats } from "./stats-delta.ts";
import type { TransportName } from "./transports/transport.ts";

export interface BeaconSwitch {
  readonly from: TransportName;
  readonly to: TransportName;
  readonly reason: string;
}

/** What happened by one transport since the last beacon; `server/src/beacons/beacon.ts` takes it. */
export interface BeaconReport {
  readonly transport: TransportName;
  firstFrameMs?: number;
  latencyMs?: number;
  freezes: number;
  frozenSeconds: number;
  playedSeconds: number;
  framesDropped: number;
  framesShown: number;
  switches: BeaconSwitch[];
  path?: string;
}

/** The server takes no more of each in one beacon. */
const most = {
  switches: 10,
  seconds: 120,
  freezes: 1000,
  frames: 100_000,
  firstFrameMs: 120_000,
  latencyMs: 120_000,
  earlyMs: -10_000,
};

/** What the server knows as paths. */
const paths: ReadonlySet<string> = new Set(["udp", "tcp", "relay-udp", "relay-tcp", "relay-tls"]);

/** Gathers what a viewer sees, until it is told. Pure: events and times go in, milliseconds of one axis. */
export class BeaconCollector {
  readonly #reports = new Map<TransportName, BeaconReport>();
  readonly #freezes = new FreezeMeter();
  #state: PlayerStateType = "idle";
  #transport: TransportName | undefined;
  /** When playing was asked for; undefined once the first frame came, or when waiting for it tells nothing. */
  #wantedMs: number | undefined;
  /** Up to when playing is counted. */
  #playedMs: number | undefined;
  /** The counters of the transport when they were read last. */
  #counted: { readonly dropped: number; readonly shown: number } | undefined;
  #hidden = false;

  /** Whether anything plays, or is about to. */
  get active(): boolean {
    return this.#state !== "idle";
  }

  state(to: PlayerStateType, nowMs: number): void {
    const from = this.#state;
    this.#countTime(nowMs);
    this.#state = to;
    if (from === "idle" && to === "connecting") this.#wantedMs = nowMs;
    // While nobody publishes, no frame is due; and whoever is refused sees none.
    if (to !== "connecting" && to !== "playing") this.#wantedMs = undefined;
    if (to === "idle" || to === "waiting" || to === "offline") this.#pause(nowMs);
    this.#playedMs = to === "playing" ? nowMs : undefined;
  }

  switched(
    from: TransportName | undefined,
    to: TransportName | undefined,
    reason: string,
    nowMs: number,
  ): void {
    this.#countTime(nowMs);
    this.#countFreezes(nowMs);
    this.#transport = to;
    this.#counted = undefined;
    if (to === undefined) return;
    const report = this.#report(to);
    const waitedMs = nowMs - (this.#wantedMs ?? Number.NEGATIVE_INFINITY);
    if (waitedMs <= most.firstFrameMs) report.firstFrameMs = waitedMs;
    this.#wantedMs = undefined;
    if (from !== undefined) {
      report.switches = [...report.switches, { from, to, reason }].slice(-most.switches);
    }
  }

  /** The median of the last second. */
  latency(medianMs: number): void {
    if (this.#transport === undefined) return;
    this.#report(this.#transport).latencyMs = Math.min(
      Math.max(medianMs, most.earlyMs),
      most.latencyMs,
    );
  }

  /** A frame is on the screen. */
  frame(atMs: number): void {
    if (!this.#hidden) this.#freezes.frame(atMs);
  }

  /** Whether the page cannot be seen: browsers then tell no frames. */
  hidden(hidden: boolean, nowMs: number): void {
    this.#hidden = hidden;
    this.#pause(nowMs);
    // A page in the background is slow to start, which says nothing of the stream.
    if (hidden) this.#wantedMs = undefined;
  }

  /** What the browser counted of `transport` by now. */
  counted(transport: TransportName, { video, path }: MediaStats): void {
    if (transport !== this.#transport) return;
    const report = this.#report(transport);
    const name = path && `${path.relayed ? "relay-" : ""}${path.protocol}`;
    if (name !== undefined && paths.has(name)) report.path = name;
    if (video === undefined) return;
    const now = { dropped: video.framesDropped, shown: video.framesDecoded };
    const before = this.#counted ?? { dropped: 0, shown: 0 };
    const isAnew = now.shown < before.shown || now.dropped < before.dropped;
    const since = isAnew ? { dropped: 0, shown: 0 } : before;
    report.framesDropped = Math.min(
      report.framesDropped + now.dropped - since.dropped,
      most.frames,
    );
    report.framesShown = Math.min(report.framesShown + now.shown - since.shown, most.frames);
    this.#counted = now;
  }

  /** Everything since the last call, for each transport that played; empty when there is nothing to tell. */
  take(nowMs: number): readonly BeaconReport[] {
    this.#countTime(nowMs);
    this.#countFreezes(nowMs);
    const reports = [...this.#reports.values()];
    this.#reports.clear();
    return reports;
  }

  #pause(nowMs: number): void {
    this.#countFreezes(nowMs);
    this.#freezes.pause();
  }

  #countFreezes(nowMs: number): void {
    const { freezes, frozenMs } = this.#freezes.take(nowMs);
    if (freezes === 0 && frozenMs === 0) return;
    const report = this.#reportNow();
    if (report === undefined) return;
    report.freezes = Math.min(report.freezes + freezes, most.freezes);
    report.frozenSeconds = Math.min(report.frozenSeconds + frozenMs / 1000, most.seconds);
  }

  #countTime(nowMs: number): void {
    if (this.#playedMs === undefined) return;
    const seconds = Math.max(0, nowMs - this.#playedMs) / 1000;
    this.#playedMs = nowMs;
    const report = this.#reportNow();
    if (report === undefined) return;
    report.playedSeconds = Math.min(report.playedSeconds + seconds, most.seconds);
  }

  #reportNow(): BeaconReport | undefined {
    return this.#transport === undefined ? undefined : this.#report(this.#transport);
  }

  #report(transport: TransportName): BeaconReport {
    const present = this.#reports.get(transport);
    if (present !== undefined) return present;
    const report: BeaconReport = {
      transport,
      freezes: 0,
      frozenSeconds: 0,
      playedSeconds: 0,
      framesDropped: 0,
      framesShown: 0,
      switches: [],
    };
    this.#reports.set(transport, report);
    return report;
  }
}
