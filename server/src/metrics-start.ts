import type { Config } from "./config/index.ts";
import type { Clock, Log, Registry } from "./core/index.ts";
import { nativeFigures, rtcFigures } from "./figures.ts";
import type { WritingLog } from "./log/index.ts";
import {
  type CertificateFigures,
  type Figures,
  Metrics,
  type RelayFigures,
} from "./metrics/index.ts";
import type { EgressCore } from "./rtc/egress/core.ts";
import type { RtcGateway } from "./rtc/gateway/gateway.ts";
import type { BoundPeerFactory } from "./rtc/peer-factory.ts";
import type { StartedTls } from "./tls-start.ts";
import type { TranscodePool } from "./transcode/index.ts";
import type { BundledTurn } from "./turn/index.ts";
import { version } from "./version.ts";

/** The parts of a gateway that metrics tell of; undefined what is not there yet, or not at all. */
export interface MeasuredParts {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Log | WritingLog;
  readonly transcoder: TranscodePool;
  egress(): EgressCore | undefined;
  peers(): BoundPeerFactory | undefined;
  rtc(): RtcGateway | undefined;
  turn(): BundledTurn | undefined;
  tls(): StartedTls | undefined;
}

/** Metrics of a gateway. Whoever made them closes them. */
export function createMetrics(config: Config, parts: MeasuredParts): Metrics {
  const { registry, clock, log, transcoder } = parts;
  return new Metrics({
    registry,
    clock,
    version,
    streams: config.metrics.streams,
    egress: () => parts.egress()?.tier,
    rtc: () => webRtcFigures(parts),
    native: () => nativeFigures(parts.egress()),
    transcoder: () => transcoderFigures(transcoder),
    relay: () => relayFigures(parts.turn()),
    certificates: () => certificateFigures(parts.tls()),
    logLines: () => ("lines" in log ? log.lines : {}),
  });
}

function webRtcFigures({ peers, rtc }: MeasuredParts): Figures | undefined {
  const bound = peers();
  if (bound === undefined) return undefined;
  const { growing, present } = rtcFigures(bound.counters);
  const stats = rtc()?.stats;
  if (stats === undefined) return { growing, present };
  const { sessions, outputs, dataHubs } = stats;
  const { running: replays, waiting: replaysWaiting } = stats.replays;
  return { growing, present: { ...present, sessions, outputs, dataHubs, replays, replaysWaiting } };
}

function transcoderFigures(transcoder: TranscodePool): Figures {
  const { derivations, processes, warmSpares, ...growing } = transcoder.counters();
  return { growing, present: { derivations, processes, warmSpares } };
}

function relayFigures(turn: BundledTurn | undefined): RelayFigures | undefined {
  if (turn === undefined) return undefined;
  const { relay, restarts } = turn.stats();
  const { bytesIn = 0, bytesOut = 0, allocations } = relay ?? {};
  return { allocations: allocations?.now ?? 0, bytesIn, bytesOut, restarts };
}

function certificateFigures(tls: StartedTls | undefined): CertificateFigures[] {
  const facts = tls?.facts() ?? [];
  return facts.map(({ names, expiresAtMs }) => ({
    name: names[0] ?? "",
    expiresWallMs: expiresAtMs,
  }));
}
