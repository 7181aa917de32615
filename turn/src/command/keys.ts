import { z } from "zod";
import { defaultTurnLimits } from "../relay/turn-options.ts";

/** One key of the command, named as in the gateway's configuration. */
export interface Key<T> {
  readonly default: T;
  readonly schema: z.ZodType<T>;
  /** What is allowed, as the end of the sentence "must be …". */
  readonly allowed: string;
  /** One sentence for `--help`. */
  readonly about: string;
  /** Shown for the value in `--help`. */
  readonly placeholder: string;
  /** Comes from the environment or a file: other users of the machine can read command lines. */
  readonly secret: boolean;
  /** The text of a variable or flag as the value that `schema` checks. */
  readonly fromText: (text: string) => unknown;
}

const whole = (value: number, min: number, max: number, about: string): Key<number> => ({
  default: value,
  schema: z.int().min(min).max(max),
  allowed: `a whole number from ${min} to ${max}`,
  about,
  placeholder: "<number>",
  secret: false,
  fromText: (text) => (/^-?\d{1,15}$/.test(text) ? Number(text) : text),
});

const text = (value: string, about: string, placeholder: string, secret = false): Key<string> => ({
  default: value,
  schema: z.string().max(4096),
  allowed: "a text",
  about,
  placeholder,
  secret,
  fromText: (given) => given,
});

const list = (about: string, placeholder: string, secret = false): Key<readonly string[]> => ({
  default: [],
  schema: z.array(z.string()).max(64).readonly(),
  allowed: "a list of at most 64",
  about,
  placeholder,
  secret,
  fromText: (given) =>
    given
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== ""),
});

/** A user whose password does not expire. */
export interface User {
  readonly username: string;
  /** Secret. */
  readonly password: string;
}

const levels = ["error", "warn", "info", "debug"] as const;

/** The values of all keys. */
export interface Settings {
  readonly "turn.host": string;
  readonly "turn.port": number;
  readonly "turn.tlsPort": number;
  readonly "turn.cert": string;
  readonly "turn.key": string;
  readonly "turn.announcedIps": readonly string[];
  readonly "turn.minPort": number;
  readonly "turn.maxPort": number;
  readonly "turn.secret": string;
  readonly "turn.previousSecrets": readonly string[];
  readonly "turn.users": readonly User[];
  readonly "turn.dataPath": string;
  readonly "turn.realm": string;
  readonly "turn.allowPeers": readonly string[];
  readonly "turn.maxAllocations": number;
  readonly "turn.maxAllocationsPerUser": number;
  readonly "turn.maxAllocationsPerAddress": number;
  readonly "turn.maxBitrateBps": number;
  readonly "turn.maxConnections": number;
  readonly "turn.maxConnectionsPerAddress": number;
  readonly "shutdown.drainSeconds": number;
  readonly "log.level": (typeof levels)[number];
}

export type KeyName = keyof Settings;

const users: Key<readonly User[]> = {
  default: [],
  schema: z
    .array(z.strictObject({ username: z.string(), password: z.string() }))
    .max(1000)
    .readonly(),
  allowed: "a list of at most 1000, each with username and password",
  about: "Users with fixed passwords, beside turn.secret; JSON in the environment.",
  placeholder: "<json>",
  secret: true,
  fromText(given) {
    try {
      return JSON.parse(given) as unknown;
    } catch {
      return given;
    }
  },
};

const level: Key<(typeof levels)[number]> = {
  default: "info",
  schema: z.enum(levels),
  allowed: `one of ${levels.join(", ")}`,
  about: "The least important lines that are logged.",
  placeholder: `<${levels.join("|")}>`,
  secret: false,
  fromText: (given) => given,
};

const limits = defaultTurnLimits;

/** Every key of `millrace-turn`. */
export const keys: { readonly [K in KeyName]: Key<Settings[K]> } = {
  "turn.host": text("*", "Address on which TURN listens; * for all.", "<ip>"),
  "turn.port": whole(3478, 0, 65_535, "Port of TURN, over UDP and TCP; 0 for any free one."),
  "turn.tlsPort": whole(0, 0, 65_535, "Port of TURN over TLS; 0 for none."),
  "turn.cert": text("", "Certificate chain for TURN over TLS, as PEM.", "<file>"),
  "turn.key": text("", "Private key of turn.cert, as PEM without a passphrase.", "<file>"),
  "turn.announcedIps": list(
    "Addresses at which browsers and peers reach this machine, at most one of each family; default those of the interfaces.",
    "<ip,…>",
  ),
  "turn.minPort": whole(49_152, 1024, 65_535, "First of the UDP ports that relay."),
  "turn.maxPort": whole(65_535, 1024, 65_535, "Last of the UDP ports that relay."),
  "turn.secret": text(
    "",
    "The secret that the gateway makes credentials from (its rtc.turnSecret or turn.secret).",
    "<secret>",
    true,
  ),
  "turn.previousSecrets": list("Secrets that are still taken.", "<secret,…>", true),
  "turn.users": users,
  "turn.dataPath": text(
    "auto",
    "Who passes packets on: native code where it was built (auto), native or node.",
    "<auto|native|node>",
  ),
  "turn.realm": text("millrace", "The realm that clients are told.", "<realm>"),
  "turn.allowPeers": list(
    "Networks that browsers may reach through the relay: the gateway's address. Nothing else may be reached but other relayed browsers.",
    "<network,…>",
  ),
  "turn.maxAllocations": whole(limits.maxAllocations, 1, 60_000, "Allocations at once."),
  "turn.maxAllocationsPerUser": whole(
    limits.maxAllocationsPerUser,
    1,
    60_000,
    "Allocations at once of one user.",
  ),
  "turn.maxAllocationsPerAddress": whole(
    1024,
    1,
    60_000,
    "Allocations at once from one IP address.",
  ),
  "turn.maxBitrateBps": whole(
    40_000_000,
    64_000,
    10_000_000_000,
    "What one allocation may carry, each way, in bit/s.",
  ),
  "turn.maxConnections": whole(
    limits.maxConnections,
    1,
    1_000_000,
    "TCP and TLS connections at once.",
  ),
  "turn.maxConnectionsPerAddress": whole(
    1024,
    1,
    1_000_000,
    "TCP and TLS connections at once from one IP address.",
  ),
  "shutdown.drainSeconds": whole(
    10,
    0,
    600,
    "How long relayed browsers may stay after SIGTERM, in seconds.",
  ),
  "log.level": level,
};

export const keyNames: readonly KeyName[] = Object.keys(keys) as KeyName[];

/** Whether a text names a key. */
export function isKeyName(name: string): name is KeyName {
  return Object.hasOwn(keys, name);
}

const words = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, "$1.$2");

/** `turn.minPort` is `MILLRACE_TURN_MIN_PORT` in the environment. */
export function environmentName(name: KeyName): string {
  return `MILLRACE_${words(name).replaceAll(".", "_").toUpperCase()}`;
}

/** `turn.minPort` is `turn-min-port` on the command line, after two dashes. */
export function flagName(name: KeyName): string {
  return words(name).replaceAll(".", "-").toLowerCase();
}
