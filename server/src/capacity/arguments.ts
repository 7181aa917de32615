import {
  type CapacityPlan,
  type CapacityTier,
  type CapacityWay,
  capacityTiers,
  capacityWays,
  defaultCapacityPlan,
  parseAmount,
} from "@millrace/signaling/capacity";

/** What the command line of `capacity` says besides the keys of the configuration. */
export interface CapacityArguments {
  readonly plan: CapacityPlan;
  /** Undefined: as this machine has. */
  readonly cores: number | undefined;
  /** Bytes. Undefined: as this machine has. */
  readonly memoryBytes: number | undefined;
  readonly networkBps: number;
  /** Undefined: what would run here. */
  readonly tier: CapacityTier | undefined;
  readonly measure: boolean;
  readonly json: boolean;
  /** All other arguments, in their order, for whoever reads the configuration. */
  readonly rest: readonly string[];
  /** One sentence for each fault. */
  readonly problems: readonly string[];
}

const defaultNetworkBps = 1e9;
const quality = /^([^:]+?)(?::(\d{1,3})%)?$/;
const valued = [
  "quality",
  "streams",
  "viewers",
  "fps",
  "joins",
  "record-hours",
  "cores",
  "memory",
  "network",
  "tier",
  ...capacityWays,
];
const switches = ["measure", "json", "no-transcode"];

/**
 * Takes the flags of `capacity` out of a command line: `--quality 2.5M` (again for simulcast, `--quality 600k:30%` for the
 * part of the viewers who watch it), `--streams`, `--viewers` (the same as `--webrtc`), `--http-flv` and the other ways,
 * `--fps`, `--joins`, `--record-hours`, `--no-transcode`, `--cores`, `--memory 8G`, `--network 1G`, `--tier`, `--measure`,
 * `--json`.
 */
export function parseCapacityArguments(args: readonly string[]): CapacityArguments {
  const values = new Map<string, string[]>();
  const rest: string[] = [];
  const problems: string[] = [];
  const given = new Set<string>();
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    const name = valued.find((flag) => arg === `--${flag}` || arg.startsWith(`--${flag}=`));
    const plain = switches.find((flag) => arg === `--${flag}`);
    if (plain !== undefined) given.add(plain);
    else if (name === undefined) rest.push(arg);
    else {
      const inline = arg.length > name.length + 2 ? arg.slice(name.length + 3) : undefined;
      const following = args[at + 1];
      const value = inline ?? (following?.startsWith("-") === false ? following : undefined);
      if (inline === undefined && value !== undefined) at++;
      if (value === undefined || value === "") problems.push(`flag --${name}: a value is missing.`);
      else values.set(name, [...(values.get(name) ?? []), value]);
    }
  }
  const number = (name: string, fallback: number, min: number): number => {
    const text = values.get(name)?.at(-1);
    if (text === undefined) return fallback;
    const value = parseAmount(text);
    if (value !== undefined && value >= min) return value;
    problems.push(`flag --${name}: ${JSON.stringify(text)} is not a number from ${min} on.`);
    return fallback;
  };
  const optional = (name: string, min: number): number | undefined =>
    values.has(name) ? number(name, min, min) : undefined;
  const tier = values.get("tier")?.at(-1);
  if (tier !== undefined && !capacityTiers.includes(tier as CapacityTier)) {
    problems.push(`flag --tier: ${JSON.stringify(tier)} is none of ${capacityTiers.join(", ")}.`);
  }
  const webrtc = number("viewers", defaultCapacityPlan.viewers.webrtc, 0);
  const plan = {
    qualities: readQualities(values.get("quality") ?? [], problems),
    streams: number("streams", defaultCapacityPlan.streams, 0),
    viewers: Object.fromEntries(
      capacityWays.map((way) => {
        // Whoever names one way means no others.
        const named = values.has("viewers") || !capacityWays.some((other) => values.has(other));
        return [way, number(way, way === "webrtc" && named ? webrtc : 0, 0)];
      }),
    ) as Record<CapacityWay, number>,
    picturesPerSecond: number("fps", defaultCapacityPlan.picturesPerSecond, 1),
    transcodesSound: !given.has("no-transcode"),
    joinsPerSecond: number("joins", 0, 0),
    recordedSeconds: number("record-hours", 0, 0) * 3600,
  };
  return {
    plan,
    cores: optional("cores", 1),
    memoryBytes: optional("memory", 1),
    networkBps: number("network", defaultNetworkBps, 1),
    tier: tier as CapacityTier | undefined,
    measure: given.has("measure"),
    json: given.has("json"),
    rest,
    problems,
  };
}

function readQualities(texts: readonly string[], problems: string[]): CapacityPlan["qualities"] {
  if (texts.length === 0) return defaultCapacityPlan.qualities;
  return texts.map((text) => {
    const [, rate = "", percent] = quality.exec(text) ?? [];
    const bitrateBps = parseAmount(rate);
    if (bitrateBps === undefined || bitrateBps <= 0) {
      problems.push(
        `flag --quality: ${JSON.stringify(text)} is no bit rate such as 2.5M, or 600k:30% for a part of the viewers.`,
      );
    }
    return {
      bitrateBps: bitrateBps ?? 0,
      share: percent === undefined ? 1 : Number(percent) / 100,
    };
  });
}
