import { isIP } from "node:net";
import { z } from "zod";
import { CertificateError, readCertificate } from "./certificate.ts";
import { defaultTurnLimits, type TurnLimits, type TurnOptions } from "./relay/turn-options.ts";
import { formatAddress, parseAddress } from "./stun/index.ts";

/** What of `TurnOptions` must be said; the rest has defaults. */
export interface TurnOptionsInput extends Partial<Omit<TurnOptions, "limits" | "listen">> {
  readonly listen: TurnOptions["listen"];
  readonly limits?: Partial<TurnLimits>;
}

/** Options are wrong. `problems` has one sentence per fault, which names the option as `turn.minPort` and never shows a secret. */
export class TurnOptionsError extends Error {
  override readonly name = "TurnOptionsError";
  readonly code = "TURN_OPTIONS_INVALID";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

/** A REST secret that is shorter can be guessed from one captured request. */
export const minSecretLength = 8;
const maxSecretLength = 512;
const maxListed = 64;

const port = z.int().min(1).max(65_535);
const address = z.string().refine((value) => isIP(value) !== 0);
const place = z.strictObject({ family: z.literal([4, 6]), address, port });
/** What goes into a quoted-string and a user name (RFC 8489 sections 14.3 and 14.9) without surprises. */
const words = (maxBytes: number): z.ZodString =>
  z
    .string()
    .min(1)
    .refine((value) => Buffer.byteLength(value) <= maxBytes && !hasControl(value));

const option = {
  dataPath: [z.enum(["auto", "native", "node"]), "auto, native or node"],
  realm: [words(763), "1 to 763 bytes without control characters"],
  secrets: [
    z.array(z.string().min(minSecretLength).max(maxSecretLength)).max(8),
    `at most 8 texts of ${minSecretLength} to ${maxSecretLength} characters`,
  ],
  users: [
    z.array(z.strictObject({ username: words(508), password: words(512) })).max(1000),
    "at most 1000 users, each with username and password",
  ],
  listen: [
    z
      .array(
        z.strictObject({
          protocol: z.enum(["udp", "tcp", "tls"]),
          host: z.string().refine((value) => value === "*" || isIP(value) !== 0),
          port: z.int().min(0).max(65_535),
        }),
      )
      .min(1)
      .max(maxListed),
    "at least one of protocol (udp, tcp, tls), host (an IP address, or *) and port",
  ],
  relayHosts: [
    z.array(address).min(1).max(2).refine(onePerFamily),
    "one or two IP addresses of this machine, one of each family",
  ],
  announcedIps: [z.array(address).max(2).refine(onePerFamily), "IP addresses, one of each family"],
  minPort: [port, "a port number from 1 to 65535"],
  maxPort: [port, "a port number from 1 to 65535"],
  media: [
    z.array(z.strictObject({ announced: place, local: place })).max(maxListed),
    "pairs of addresses, announced and local",
  ],
  allowPeers: [
    z.array(z.string().refine(isSubnet)).max(maxListed),
    "IP addresses, or networks such as 10.0.0.0/8",
  ],
} as const satisfies Partial<Record<keyof TurnOptions, readonly [z.ZodType, string]>>;

const secret: ReadonlySet<string> = new Set(["secrets", "users"]);

/** Checks everything and fills in the defaults. @throws TurnOptionsError that lists every fault. */
export function checkTurnOptions(input: TurnOptionsInput): TurnOptions {
  const problems: string[] = [];
  const given: TurnOptions = {
    dataPath: "auto",
    realm: "millrace",
    secrets: [],
    users: [],
    relayHosts: ["0.0.0.0"],
    announcedIps: [],
    minPort: 49_152,
    maxPort: 65_535,
    media: [],
    allowPeers: [],
    ...input,
    limits: { ...defaultTurnLimits, ...input.limits },
  };
  for (const [name, [schema, allowed]] of Object.entries(option)) {
    const value = given[name as keyof typeof option];
    if (schema.safeParse(value).success) continue;
    const shown = secret.has(name) ? "" : `, not ${shorten(JSON.stringify(value) ?? "nothing")}`;
    problems.push(`turn.${name} must be ${allowed}${shown}.`);
  }
  problems.push(...limitProblems(given.limits));
  if (problems.length === 0) problems.push(...contradictions(given));
  if (problems.length > 0) throw new TurnOptionsError(problems);
  return {
    ...given,
    announcedIps: given.announcedIps.map(canonical),
    media: given.media.map(({ announced, local }) => ({
      announced: { ...announced, address: canonical(announced.address) },
      local: { ...local, address: canonical(local.address) },
    })),
  };
}

/** Addresses are compared as text: each has one. RFC 5952. */
function canonical(text: string): string {
  const bytes = parseAddress(text);
  return bytes === undefined ? text : formatAddress(bytes);
}

function limitProblems(limits: Partial<TurnLimits>): string[] {
  const found: string[] = [];
  for (const [name, value] of Object.entries(limits) as [string, unknown][]) {
    if (!Object.hasOwn(defaultTurnLimits, name)) {
      found.push(`turn.${name} is no limit.`);
      continue;
    }
    const seconds = name.endsWith("Seconds");
    const good = typeof value === "number" && value > 0 && value <= Number.MAX_SAFE_INTEGER;
    if (!good || (!seconds && !Number.isInteger(value))) {
      found.push(`turn.${name} must be a ${seconds ? "" : "whole "}number above 0.`);
    }
  }
  return found;
}

/** Faults that no single option shows. */
function contradictions(options: TurnOptions): string[] {
  const found: string[] = [];
  const { secrets, users, listen, tls, minPort, maxPort, relayHosts, announcedIps } = options;
  if (secrets.length === 0 && users.length === 0) {
    found.push("turn.secret is missing: TURN relays for nobody without credentials.");
  }
  if (minPort > maxPort) found.push("turn.minPort must not be above turn.maxPort.");
  const places = listen.filter(({ port }) => port !== 0).map(placeOf);
  if (new Set(places).size < places.length) {
    found.push("turn.port and turn.tlsPort must be different.");
  }
  const needsTls = listen.some(({ protocol }) => protocol === "tls");
  if (needsTls && tls === undefined) found.push("turn.tlsPort needs turn.cert and turn.key.");
  if (tls !== undefined) {
    try {
      readCertificate(tls);
    } catch (error) {
      if (!(error instanceof CertificateError)) throw error;
      found.push(`turn.${error.part} is ${error.message}.`);
    }
  }
  const { minLifetimeSeconds, maxLifetimeSeconds } = { ...defaultTurnLimits, ...options.limits };
  if (minLifetimeSeconds > maxLifetimeSeconds) {
    found.push("turn.minLifetimeSeconds must not be above turn.maxLifetimeSeconds.");
  }
  for (const host of relayHosts) {
    const follows = host === "0.0.0.0" || host === "::";
    if (follows && !announcedIps.some((ip) => isIP(ip) === isIP(host))) {
      found.push(`turn.announcedIps needs an IPv${isIP(host)} address for relays on ${host}.`);
    }
  }
  return found;
}

/** UDP and TCP have ports of their own; TLS is on TCP. */
function placeOf({ protocol, host, port }: TurnOptions["listen"][number]): string {
  return `${protocol === "udp" ? "udp" : "tcp"} ${host} ${port}`;
}

function onePerFamily(addresses: readonly string[]): boolean {
  return new Set(addresses.map(isIP)).size === addresses.length;
}

/** An IP address, or a network in CIDR notation. */
export function isSubnet(value: string): boolean {
  const [base = "", prefix, ...more] = value.split("/");
  const family = isIP(base);
  if (family === 0 || more.length > 0) return false;
  if (prefix === undefined) return true;
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128);
}

function hasControl(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  return /[\x00-\x1f\x7f]/.test(text);
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
