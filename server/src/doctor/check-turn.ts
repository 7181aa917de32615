import { createHash } from "node:crypto";
import type { TurnServer } from "./options.ts";
import { type Check, fail, ok, skipped, warn } from "./report.ts";
import { StunAttribute, StunMethod, type StunReply, uint32, writeStunRequest } from "./stun.ts";
import { openStunWire, type StunPlace, type StunWire } from "./stun-wire.ts";

/** Addresses that are looked at; a configuration has no more. */
const maxUrls = 16;
/** RFC 8656 section 18.7: UDP, protocol 17, in the first byte. */
const udpTransport: Uint8Array = uint32(17 << 24);
const unauthorized = 401;
const forbidden = 403;
const staleNonce = 438;
const quotaReached = 486;
const insufficientCapacity = 508;

/** Allocates at every TURN address as a browser would, and gives the allocation back. */
export async function checkTurn(
  servers: readonly TurnServer[],
  timeoutMs: number,
): Promise<Check[]> {
  const wanted = servers.flatMap((server) => server.urls.map((url) => ({ server, url })));
  const turn = wanted.filter(({ url }) => /^turns?:/.test(url)).slice(0, maxUrls);
  if (turn.length === 0) {
    return [skipped("turn", "DOCTOR_NO_TURN", "No TURN server is configured.")];
  }
  return Promise.all(
    turn.map(({ server, url }, index) => checkOne(`turn-${index + 1}`, url, server, timeoutMs)),
  );
}

/** RFC 7065 section 3.1; undefined when the address is none of TURN. */
export function parseTurnUrl(url: string): StunPlace | undefined {
  const match = /^(turns?):(\[[^\]]+\]|[^:?/[\]]+)(?::(\d{1,5}))?(?:\?transport=(udp|tcp))?$/.exec(
    url,
  );
  if (match === null) return undefined;
  const [, scheme, host = "", portText, transport] = match;
  const port = portText === undefined ? (scheme === "turns" ? 5349 : 3478) : Number(portText);
  if (port < 1 || port > 65_535) return undefined;
  // TURN over DTLS is what `turns:` with UDP stands for; browsers do not speak it.
  if (scheme === "turns" && transport === "udp") return undefined;
  const plain = transport === "tcp" ? "tcp" : "udp";
  return {
    transport: scheme === "turns" ? "tls" : plain,
    host: host.replace(/^\[|\]$/g, ""),
    port,
  };
}

async function checkOne(
  id: string,
  url: string,
  server: TurnServer,
  timeoutMs: number,
): Promise<Check> {
  const place = parseTurnUrl(url);
  if (place === undefined) {
    const message = `${url} is no address that browsers can use.`;
    return fail(
      id,
      "DOCTOR_TURN_URL",
      message,
      "Write it as turn:HOST:PORT?transport=udp or turns:HOST:PORT.",
    );
  }
  const wire = openStunWire(place, timeoutMs);
  try {
    return await allocate(id, url, server, wire);
  } finally {
    wire.close();
  }
}

/** RFC 8656 sections 7.1 and 8, with the long-term credentials of RFC 8489 section 9.2. */
async function allocate(
  id: string,
  url: string,
  { username, credential }: TurnServer,
  wire: StunWire,
): Promise<Check> {
  const transport = [StunAttribute.requestedTransport, udpTransport] as const;
  const first = await wire.exchange(writeStunRequest(StunMethod.allocate, [transport]));
  if (typeof first === "string") {
    return fail(
      id,
      "DOCTOR_TURN_UNREACHABLE",
      `TURN does not answer at ${url}: ${first}.`,
      "Start the TURN server, correct its address, or open its port in the firewall.",
    );
  }
  if (first.outcome === "success") {
    await wire.exchange(
      writeStunRequest(StunMethod.refresh, [[StunAttribute.lifetime, uint32(0)]]),
    );
    const message = `${url} relays for anybody, without credentials.`;
    return warn(id, "DOCTOR_TURN_OPEN", message, "Make the TURN server ask for credentials.");
  }
  const { attributes } = first;
  const realm = attributes.get(StunAttribute.realm);
  const nonce = attributes.get(StunAttribute.nonce);
  if (first.errorCode !== unauthorized || realm === undefined || nonce === undefined) {
    return refusal(id, url, first);
  }
  const key = createHash("md5")
    .update(`${username}:`)
    .update(realm)
    .update(`:${credential}`)
    .digest();
  const proof = [
    [StunAttribute.username, Buffer.from(username)],
    [StunAttribute.realm, realm],
    [StunAttribute.nonce, nonce],
  ] as const;
  const second = await wire.exchange(
    writeStunRequest(StunMethod.allocate, [transport, ...proof], key),
  );
  if (typeof second === "string") {
    const message = `${url} fell silent after its first answer: ${second}.`;
    return fail(id, "DOCTOR_TURN_UNREACHABLE", message, "Look at the log of the TURN server.");
  }
  if (second.outcome === "error") return refusal(id, url, second);
  const lifetime = [StunAttribute.lifetime, uint32(0)] as const;
  await wire.exchange(writeStunRequest(StunMethod.refresh, [lifetime, ...proof], key));
  return ok(id, `${url} relays.`);
}

function refusal(id: string, url: string, { errorCode }: StunReply): Check {
  switch (errorCode) {
    case unauthorized:
    case forbidden:
    case staleNonce:
      return fail(
        id,
        "DOCTOR_TURN_CREDENTIALS",
        `${url} does not take our credentials (${errorCode}).`,
        "Give both the same secret: rtc.turnSecret here, static-auth-secret at coturn; and compare their clocks.",
      );
    case quotaReached:
    case insufficientCapacity:
      return warn(
        id,
        "DOCTOR_TURN_FULL",
        `${url} has no place for another relay now (${errorCode}).`,
        "Raise the quota and the port range of the TURN server.",
      );
    default:
      return fail(
        id,
        "DOCTOR_TURN_REFUSED",
        `${url} refuses to relay (${errorCode}).`,
        "Look at the log of the TURN server.",
      );
  }
}
