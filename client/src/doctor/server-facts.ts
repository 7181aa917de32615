/** STUN or TURN as `RTCPeerConnection` takes it. `credential` is secret. */
export interface IceServerFact {
  readonly urls: readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

/** What the server tells about the page's request (`/doctor/facts`). */
export interface ServerFacts {
  /** The server's wall clock when it answered. */
  readonly wallMs: number;
  /** Where this browser seems to be, as the server sees it. */
  readonly network: "loopback" | "private" | "public" | "unknown";
  /** Where the server believes that it was asked: `https://gw.example/tv`. */
  readonly base: string;
  readonly proxy: "none" | "trusted" | "unknown";
  /** `OK`, or the code with which watching is refused. */
  readonly access: string;
  /** Pieces of a timed answer, and how far apart they are sent. */
  readonly beats: { readonly count: number; readonly everyMs: number };
  readonly iceServers: readonly IceServerFact[];
}

const maxServers = 16;
const maxUrls = 16;

/** Reads the document; undefined when it is none of ours. */
export function parseFacts(value: unknown): ServerFacts | undefined {
  const document = asRecord(value);
  const beats = asRecord(document?.["beats"]);
  const count = numberOf(beats?.["count"]);
  const everyMs = numberOf(beats?.["everyMs"]);
  const wallMs = numberOf(document?.["wallMs"]);
  if (document === undefined || wallMs === undefined) return undefined;
  if (count === undefined || everyMs === undefined) return undefined;
  const servers = Array.isArray(document["iceServers"]) ? document["iceServers"] : [];
  return {
    wallMs,
    network: oneOf(document["network"], ["loopback", "private", "public"], "unknown"),
    base: textOf(document["base"]) ?? "",
    proxy: oneOf(document["proxy"], ["trusted", "unknown"], "none"),
    access: textOf(document["access"]) ?? "OK",
    beats: { count, everyMs },
    iceServers: servers.slice(0, maxServers).flatMap(parseIceServer),
  };
}

function parseIceServer(value: unknown): IceServerFact[] {
  const server = asRecord(value);
  const told = server?.["urls"];
  const urls = (Array.isArray(told) ? told : [told]).filter((url) => typeof url === "string");
  const username = textOf(server?.["username"]);
  const credential = textOf(server?.["credential"]);
  if (urls.length === 0) return [];
  return [
    {
      urls: urls.slice(0, maxUrls),
      ...(username === undefined ? {} : { username }),
      ...(credential === undefined ? {} : { credential }),
    },
  ];
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function oneOf<Word extends string, Other extends string>(
  value: unknown,
  words: readonly Word[],
  otherwise: Other,
): Word | Other {
  return words.find((word) => word === value) ?? otherwise;
}
