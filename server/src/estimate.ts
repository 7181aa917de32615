import { availableParallelism, totalmem } from "node:os";
import {
  type CapacityConstants,
  type CapacityMachine,
  capacityOf,
  measuredConstants,
} from "@millrace/signaling/capacity";
import {
  type CapacityArguments,
  type CapacityReport,
  capacityDocument,
  writeCapacity,
} from "./capacity/index.ts";
import type { Config } from "./config/index.ts";
import { silentLog, systemClock } from "./core/index.ts";
import { type MeasuredEgress, measureEgress } from "./measure-egress.ts";
import { chooseEgress } from "./rtc/egress/choose-core.ts";

/** `millrace capacity`: writes what the plan takes, what runs out first, and how many viewers there may be. */
export async function estimate(
  config: Config,
  asked: CapacityArguments,
  write: (text: string) => void,
): Promise<void> {
  const measured = asked.measure ? await measureEgress(config.rtc.egress) : undefined;
  const machine: CapacityMachine = {
    cores: asked.cores ?? availableParallelism(),
    memoryMb: (asked.memoryBytes ?? totalmem()) / 1e6,
    networkBps: asked.networkBps,
    tier: asked.tier ?? measured?.tier ?? tierHere(config),
  };
  const constants: CapacityConstants =
    measured === undefined
      ? measuredConstants
      : {
          ...measuredConstants,
          packetUs: { ...measuredConstants.packetUs, [measured.tier]: wholePacketUs(measured) },
        };
  const settings = {
    maxStreams: config.limits.streams,
    maxViewersPerStream: config.limits.viewersPerStream,
    maxRtcPeers: config.rtc.maxPeers,
    maxHttpConnections: config.http.maxConnections,
  };
  const report: CapacityReport = {
    plan: asked.plan,
    machine,
    constants,
    measured: measured?.tier === machine.tier,
    capacity: capacityOf(asked.plan, machine, settings, constants),
  };
  if (asked.json) write(`${JSON.stringify(capacityDocument(report), null, 2)}\n`);
  else writeCapacity(report, write);
}

/** What a packet takes of the whole process on a machine that seals and sends at that speed. */
function wholePacketUs({ tier, packetUs }: MeasuredEgress): number {
  const { packetUs: whole, egressUs } = measuredConstants;
  return packetUs * (whole[tier] / egressUs[tier]);
}

/** What would seal and send media here. */
function tierHere(config: Config): CapacityMachine["tier"] {
  const { core } = chooseEgress({
    choice: config.rtc.egress,
    threads: 0,
    clock: systemClock,
    log: silentLog,
  });
  core.close();
  return core.tier;
}
