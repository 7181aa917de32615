import { randomBytes } from "node:crypto";

export type ProtocolName = "whip" | "whep";

/** A server that is judged, and what is known of it. */
export interface Target {
  /** Without a slash at the end. */
  readonly base: string;
  /** A Millrace: every rule counts, also those that are only our wish. */
  readonly own: boolean;
  /** Endpoint under `base`; `{stream}` stands for the stream's name. */
  readonly paths: Readonly<Record<ProtocolName, string>>;
  /** Bearer token; undefined when none is needed. */
  readonly tokens: Readonly<Record<ProtocolName, string | undefined>>;
  /** A token that is valid for something else; undefined when unknown. */
  readonly forbiddenTokens: Readonly<Record<ProtocolName, string | undefined>>;
  /** May be published by WHIP. */
  readonly stream: string;
  /** Is live all the time; undefined: the suite publishes one by WHIP. */
  readonly liveStream: string | undefined;
  /** The server has been told STUN or TURN servers. */
  readonly hasIceServers: boolean;
  /** May be asked many times a second to see whether it limits the rate. */
  readonly mayFlood: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The server that the environment names; undefined when it names none. See README.md. */
export function targetFromEnvironment(environment: Environment = process.env): Target | undefined {
  const get = (name: string): string | undefined =>
    environment[`MILLRACE_CONFORMANCE_${name}`] || undefined;
  const base = get("URL");
  if (base === undefined) return undefined;
  const token = get("TOKEN");
  return {
    base: base.replace(/\/+$/, ""),
    own: get("STRICT") === "1",
    paths: {
      whip: get("WHIP_PATH") ?? "/whip/{stream}",
      whep: get("WHEP_PATH") ?? "/whep/{stream}",
    },
    tokens: { whip: token, whep: get("PLAY_TOKEN") ?? token },
    forbiddenTokens: { whip: get("FORBIDDEN_TOKEN"), whep: get("FORBIDDEN_PLAY_TOKEN") },
    stream: get("STREAM") ?? `live/conformance-${randomBytes(4).toString("hex")}`,
    liveStream: get("LIVE_STREAM"),
    hasIceServers: get("ICE_SERVERS") === "1",
    mayFlood: get("FLOOD") === "1",
  };
}

/** The address of a stream's endpoint. */
export function endpointOf(target: Target, protocol: ProtocolName, stream: string): string {
  return `${target.base}${target.paths[protocol].replaceAll("{stream}", stream)}`;
}

/** What shows the token: none when `token` is undefined. */
export function bearer(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}
