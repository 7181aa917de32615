import { ask, below, type Reply } from "./ask.ts";

/** What a running server tells an administrator about itself; every part may be missing. */
export interface ServerFacts {
  readonly version: string | undefined;
  readonly basePath: string | undefined;
  readonly publicUrls: readonly string[];
  readonly transcoder: string | undefined;
  /** Port by protocol (`rtmp`, `webrtc`, …); undefined: it does not listen for that. */
  port(protocol: string): number | undefined;
  /** Whether it listens on a port of that number, for whatever. */
  listensOn(port: number): boolean;
}

/** What `/api/v1/server` tells; undefined when it may not be asked. Never rejects. */
export async function readServerFacts(
  base: URL,
  token: string | undefined,
  timeoutMs: number,
): Promise<ServerFacts | undefined> {
  const document = await readDocument(base, "/api/v1/server", token, timeoutMs);
  if (document === undefined) return undefined;
  const addresses = Array.isArray(document["addresses"]) ? document["addresses"] : [];
  const urls = Array.isArray(document["publicUrls"]) ? document["publicUrls"] : [];
  return {
    version: text(document["version"]),
    basePath: text(document["basePath"]),
    publicUrls: urls.filter((url) => typeof url === "string" && URL.canParse(url)),
    transcoder: text(document["transcoder"]),
    port(protocol) {
      const found = addresses.find((entry) => entry?.protocol === protocol);
      const port = found?.port;
      return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
    },
    listensOn: (port) => addresses.some((entry) => entry?.port === port),
  };
}

/** The first stream that is live; undefined when there is none or nobody tells. Never rejects. */
export async function firstLiveStream(
  base: URL,
  token: string | undefined,
  timeoutMs: number,
): Promise<string | undefined> {
  const document = await readDocument(base, "/api/v1/streams", token, timeoutMs);
  const streams = document?.["streams"];
  if (!Array.isArray(streams)) return undefined;
  return text(streams.find((entry) => entry?.state === "live")?.name);
}

async function readDocument(
  base: URL,
  path: string,
  token: string | undefined,
  timeoutMs: number,
): Promise<Record<string, unknown> | undefined> {
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  try {
    const reply: Reply = await ask(below(base, path), { headers, timeoutMs });
    if (reply.status !== 200) return undefined;
    const document: unknown = JSON.parse(reply.body);
    return typeof document === "object" && document !== null
      ? (document as Record<string, unknown>)
      : undefined;
  } catch {
    // No answer and nonsense are told by the checks of HTTP itself.
    return undefined;
  }
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
