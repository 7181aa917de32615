import {
  bitrateText,
  bytesText,
  type Capacity,
  type CapacityConstants,
  type CapacityLimit,
  type CapacityMachine,
  type CapacityPlan,
  capacityWays,
  plannedShare,
  viewersOf,
} from "@millrace/signaling/capacity";

/** Everything that `millrace capacity` says. */
export interface CapacityReport {
  readonly plan: CapacityPlan;
  readonly machine: CapacityMachine;
  readonly constants: CapacityConstants;
  /** Whether the egress was measured here. */
  readonly measured: boolean;
  readonly capacity: Capacity;
}

/** The report as JSON: bits and bytes per second, megabytes of 10^6, cores as fractions. */
export function capacityDocument({
  plan,
  machine,
  constants,
  measured,
  capacity,
}: CapacityReport): object {
  return { plan, machine, measured, constants, ...capacity };
}

/** Writes the report for people. */
export function writeCapacity(report: CapacityReport, write: (text: string) => void): void {
  const { plan, machine, capacity, measured } = report;
  const { demand } = capacity;
  const line = (name: string, text: string): void => write(`  ${name.padEnd(14)}${text}\n`);
  const kinds = capacityWays
    .filter((way) => plan.viewers[way] > 0)
    .map((way) => `${plan.viewers[way]} ${way}`)
    .join(", ");
  write(
    `${plan.streams} ${plan.streams === 1 ? "stream" : "streams"} of ${plan.qualities.map(({ bitrateBps }) => bitrateText(bitrateBps)).join(" + ")}, ${
      kinds === "" ? "no viewers" : `viewers: ${kinds}`
    }\n\n`,
  );
  line(
    "CPU",
    `${demand.cores.toFixed(2)} cores of ${machine.cores}, egress ${machine.tier}${
      measured ? ", as measured here" : ""
    }`,
  );
  line("main thread", `${demand.mainCores.toFixed(2)} of 1`);
  line("memory", `${bytesText(demand.memoryMb * 1e6)} of ${bytesText(machine.memoryMb * 1e6)}`);
  line("network in", bitrateText(demand.inBps));
  line("network out", `${bitrateText(demand.outBps)} of ${bitrateText(machine.networkBps)}`);
  if (plan.recordedSeconds > 0) {
    line("storage", `${bytesText(demand.storageBytes)} for ${plan.recordedSeconds / 3600} h`);
  }
  const [first] = capacity.limits;
  write("\n");
  for (const limit of capacity.limits.filter(({ used }) => used > 1))
    write(`Too much: ${sentence(limit)}\n`);
  if (capacity.fits && first !== undefined) {
    write(`It fits. First to run out: ${sentence(first)}\n`);
  }
  const mix = viewersOf(plan) === 0 ? "over WebRTC" : "in this mix";
  write(
    `At most ${capacity.maxViewers} viewers ${mix} (${capacity.maxViewersLimit}), with ${Math.round((1 - plannedShare) * 100)} % of the machine left for bursts.\n`,
  );
}

function sentence({ id, used, remedy }: CapacityLimit): string {
  return `${id}, ${Math.round(used * 100)} % of what is planned. ${remedy}`;
}
