import { type CapacityConstants, capacityWays } from "./constants.ts";
import { type CapacityDemand, demandOf } from "./demand.ts";
import {
  type CapacityMachine,
  type CapacityPlan,
  type CapacitySettings,
  viewersOf,
} from "./plan.ts";

/** Something of which there is only so much. */
export type CapacityLimitId =
  | "cpu"
  | "main-thread"
  | "memory"
  | "network-in"
  | "network-out"
  | "streams"
  | "viewers-per-stream"
  | "rtc-peers"
  | "http-connections";

export interface CapacityLimit {
  readonly id: CapacityLimitId;
  readonly needed: number;
  readonly available: number;
  /** Above 1: it does not do. */
  readonly used: number;
  /** The key of the configuration that raises it; undefined where only another machine does. */
  readonly key: string | undefined;
  /** What to do when it is too low. */
  readonly remedy: string;
}

export interface Capacity {
  readonly demand: CapacityDemand;
  /** The one that is used most first. */
  readonly limits: readonly CapacityLimit[];
  /** Whether everything does. */
  readonly fits: boolean;
  /** Viewers that this machine carries in the same mix: of all kinds together. */
  readonly maxViewers: number;
  /** The limit that more of them hit. */
  readonly maxViewersLimit: CapacityLimitId;
}

/** What is left for bursts such as key frames and joins: no more of a machine than this is planned. */
export const plannedShare = 0.8;

const remedies: Readonly<
  Record<CapacityLimitId, readonly [key: string | undefined, remedy: string]>
> = {
  cpu: [
    "rtc.egressThreads",
    "More cores, with a thread of the native egress for each, fewer Mbit/s, or viewers on another machine.",
  ],
  "main-thread": [
    "rtc.egress",
    "One thread does all but the native egress and transcoding: WebRTC with the native egress, or viewers on another machine.",
  ],
  memory: [undefined, "More memory, or streams on another machine."],
  "network-in": [undefined, "A faster network, or a lower bit rate."],
  "network-out": [undefined, "A faster network, a lower bit rate, or a CDN for LL-HLS."],
  streams: ["limits.streams", "Raise limits.streams."],
  "viewers-per-stream": ["limits.viewersPerStream", "Raise limits.viewersPerStream."],
  "rtc-peers": ["rtc.maxPeers", "Raise rtc.maxPeers."],
  "http-connections": [
    "http.maxConnections",
    "Raise http.maxConnections, and the system's limit of open files (ulimit -n).",
  ],
};

/** What `plan` takes of `machine`, what is hit first, and how many viewers it carries. */
export function capacityOf(
  plan: CapacityPlan,
  machine: CapacityMachine,
  settings: CapacitySettings,
  constants: CapacityConstants,
): Capacity {
  const demand = demandOf(plan, machine.tier, constants);
  const limits = limitsOf(plan, demand, machine, settings);
  const most = mostViewers(plan, machine, settings, constants);
  return {
    demand,
    limits: limits.toSorted((a, b) => b.used - a.used),
    fits: limits.every(({ used }) => used <= 1),
    ...most,
  };
}

function limitsOf(
  plan: CapacityPlan,
  demand: CapacityDemand,
  machine: CapacityMachine,
  settings: CapacitySettings,
): CapacityLimit[] {
  const { streams, viewers } = plan;
  const limit = (id: CapacityLimitId, needed: number, available: number): CapacityLimit => {
    const [key, remedy] = remedies[id];
    return {
      id,
      needed,
      available,
      used: available > 0 ? needed / available : Infinity,
      key,
      remedy,
    };
  };
  return [
    limit("cpu", demand.cores, machine.cores * plannedShare),
    limit("main-thread", demand.mainCores, plannedShare),
    limit("memory", demand.memoryMb, machine.memoryMb * plannedShare),
    limit("network-in", demand.inBps, machine.networkBps * plannedShare),
    limit("network-out", demand.outBps, machine.networkBps * plannedShare),
    limit("streams", streams, settings.maxStreams),
    limit(
      "viewers-per-stream",
      streams > 0 ? viewersOf(plan) / streams : 0,
      settings.maxViewersPerStream,
    ),
    limit("rtc-peers", viewers.webrtc, settings.maxRtcPeers),
    limit("http-connections", viewersOf(plan) - viewers.webrtc, settings.maxHttpConnections),
  ];
}

/** Each limit is linear in the viewers of one mix, whose weights are those of the plan; WebRTC alone when it has none. */
function mostViewers(
  plan: CapacityPlan,
  machine: CapacityMachine,
  settings: CapacitySettings,
  constants: CapacityConstants,
): Pick<Capacity, "maxViewers" | "maxViewersLimit"> {
  const total = viewersOf(plan);
  const mix = (count: number): CapacityPlan => {
    const part = (way: (typeof capacityWays)[number]): number =>
      total === 0 ? (way === "webrtc" ? count : 0) : (plan.viewers[way] / total) * count;
    const viewers = Object.fromEntries(capacityWays.map((way) => [way, part(way)]));
    return { ...plan, viewers: viewers as CapacityPlan["viewers"] };
  };
  const limitsFor = (count: number): CapacityLimit[] => {
    const scaled = mix(count);
    return limitsOf(scaled, demandOf(scaled, machine.tier, constants), machine, settings);
  };
  // Between one and two thousand, for the first viewer also begins what is kept for all.
  const low = limitsFor(1000);
  const high = limitsFor(2000);
  let maxViewers = Number.POSITIVE_INFINITY;
  let maxViewersLimit: CapacityLimitId = "cpu";
  for (const [index, { id, needed, available }] of low.entries()) {
    const perViewer = ((high[index]?.needed ?? needed) - needed) / 1000;
    const fixed = needed - perViewer * 1000;
    if (perViewer <= 0 && fixed <= available) continue;
    // What rounding leaves away must not cost a viewer.
    const most = perViewer <= 0 ? 0 : Math.floor((available - fixed) / perViewer + 1e-6);
    if (most >= maxViewers) continue;
    maxViewers = most;
    maxViewersLimit = id;
  }
  return { maxViewers: Math.max(0, maxViewers), maxViewersLimit };
}
