/** Profiles of H.264 as browsers tell them apart. */
export type H264Profile =
  | "constrained-baseline"
  | "baseline"
  | "main"
  | "constrained-high"
  | "high"
  | "high-444";

/** For a stream of each profile, which profile to offer it as, best first. */
const PREFERENCE: { readonly [Stream in H264Profile]: readonly H264Profile[] } = {
  "constrained-baseline": [
    "constrained-baseline",
    "baseline",
    "main",
    "constrained-high",
    "high",
    "high-444",
  ],
  baseline: ["baseline", "constrained-baseline", "main", "constrained-high", "high", "high-444"],
  main: ["main", "high", "constrained-high", "constrained-baseline", "baseline", "high-444"],
  "constrained-high": [
    "constrained-high",
    "high",
    "main",
    "constrained-baseline",
    "baseline",
    "high-444",
  ],
  high: ["high", "constrained-high", "main", "constrained-baseline", "baseline", "high-444"],
  "high-444": ["high-444", "high", "constrained-high", "main", "constrained-baseline", "baseline"],
};

export interface H264ProfileLevel {
  readonly profile: H264Profile;
  /** level_idc, ten times the level; level 1b counts as 9. */
  readonly level: number;
}

/** What no `profile-level-id` means: Baseline, level 1. RFC 6184 section 8.1. */
export const DEFAULT_PROFILE_LEVEL_ID = "42000a";

/**
 * Reads six hex digits: profile_idc, constraint flags, level_idc. Undefined for profiles that no
 * browser has. RFC 6184 section 8.1, table 5.
 */
export function parseProfileLevelId(text: string): H264ProfileLevel | undefined {
  if (!/^[0-9a-f]{6}$/i.test(text)) return undefined;
  const idc = Number.parseInt(text.slice(0, 2), 16);
  const flags = Number.parseInt(text.slice(2, 4), 16);
  const level = Number.parseInt(text.slice(4, 6), 16);
  const set = (n: number): boolean => (flags & (0x80 >> n)) !== 0;
  const profile = profileOf(idc, set);
  if (profile === undefined) return undefined;
  const oneB = level === 11 && set(3) && (profile.endsWith("baseline") || profile === "main");
  return { profile, level: oneB ? 9 : level };
}

/**
 * How well a payload type with profile `offered` suits a stream with `stream`; higher is better.
 * The same profile comes first, then the nearest that includes it, then the nearest below: browsers
 * decode those too, although they do not say so. 4:4:4 comes last, since it rules out hardware decoders.
 */
export function profileSuits(offered: H264ProfileLevel, stream: H264ProfileLevel): number {
  const order = PREFERENCE[stream.profile];
  const rank = order.length - order.indexOf(offered.profile);
  return rank * 2 + (offered.level >= stream.level ? 1 : 0);
}

function profileOf(idc: number, set: (n: number) => boolean): H264Profile | undefined {
  switch (idc) {
    case 0x42:
      return set(1) ? "constrained-baseline" : "baseline";
    case 0x4d:
      return set(0) ? "constrained-baseline" : "main";
    case 0x58:
      return set(0) ? (set(1) ? "constrained-baseline" : "baseline") : undefined;
    case 0x64:
      return set(4) && set(5) ? "constrained-high" : "high";
    case 0xf4:
      return "high-444";
    default:
      return undefined;
  }
}
