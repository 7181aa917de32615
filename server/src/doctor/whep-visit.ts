import { randomBytes } from "node:crypto";
import { ask, below } from "./ask.ts";

/** A place where media is to be reached, as the answer of the server says. */
export interface MediaPlace {
  readonly transport: "udp" | "ice-tcp";
  readonly address: string;
  readonly port: number;
}

/** A session of WHEP that never connects. */
export interface WhepVisit {
  readonly places: readonly MediaPlace[];
  /** USERNAME of checks: theirs, then ours. RFC 8445 section 7.2.2. */
  readonly username: string;
  /** Their password. Secret. */
  readonly password: string;
  /** Ends the session. Never rejects. */
  leave(): Promise<void>;
}

/** The server did not open a session. */
export interface WhepRefusal {
  readonly status: number;
  /** The code of the problem document; empty when there is none. */
  readonly code: string;
}

const maxPlaces = 32;

/** Opens a session to watch `stream` (draft-ietf-wish-whep). @throws NoAnswer */
export function openWhepVisit(
  base: URL,
  stream: string,
  token: string | undefined,
  timeoutMs: number,
): Promise<WhepVisit | WhepRefusal> {
  return openVisit(below(base, `/whep/${stream}`), token, timeoutMs);
}

/** Opens a session with a peer that has no stream, which speaks as WHEP does (`signaling/PROTOCOL.md`). @throws NoAnswer */
export function openProbeVisit(
  base: URL,
  token: string | undefined,
  timeoutMs: number,
): Promise<WhepVisit | WhepRefusal> {
  return openVisit(below(base, "/doctor/peer"), token, timeoutMs);
}

async function openVisit(
  url: URL,
  token: string | undefined,
  timeoutMs: number,
): Promise<WhepVisit | WhepRefusal> {
  const ufrag = randomBytes(6).toString("hex");
  const proof: Record<string, string> =
    token === undefined ? {} : { Authorization: `Bearer ${token}` };
  const reply = await ask(url, {
    method: "POST",
    headers: { ...proof, "Content-Type": "application/sdp" },
    body: writeOffer(ufrag),
    timeoutMs,
  });
  const theirs = /^a=ice-ufrag:(\S+)/m.exec(reply.body)?.[1];
  const password = /^a=ice-pwd:(\S+)/m.exec(reply.body)?.[1];
  const { location } = reply.headers;
  if (reply.status !== 201 || theirs === undefined || password === undefined) {
    return { status: reply.status, code: codeOf(reply.body) };
  }
  return {
    places: parsePlaces(reply.body),
    username: `${theirs}:${ufrag}`,
    password,
    async leave() {
      if (location === undefined || !URL.canParse(location, url.href)) return;
      const session = new URL(location, url);
      // A token is shown to nobody else.
      if (session.origin !== url.origin) return;
      await ask(session, { method: "DELETE", headers: proof, timeoutMs }).catch(() => undefined);
    },
  };
}

/** Host candidates of component 1. RFC 8839 section 5.1, RFC 6544 section 4.5. */
export function parsePlaces(answer: string): MediaPlace[] {
  const lines = answer.matchAll(
    /^a=candidate:\S+ 1 (udp|tcp) \d+ (\S+) (\d{1,5}) typ host(.*)$/gim,
  );
  const places = new Map<string, MediaPlace>();
  for (const [, kind = "", address = "", port = "", rest = ""] of lines) {
    const isTcp = kind.toLowerCase() === "tcp";
    if (isTcp && !rest.includes("tcptype passive")) continue;
    const transport = isTcp ? "ice-tcp" : "udp";
    places.set(`${transport} ${address} ${port}`, { transport, address, port: Number(port) });
  }
  return [...places.values()].slice(0, maxPlaces);
}

function codeOf(body: string): string {
  try {
    const { code } = JSON.parse(body) as { code?: unknown };
    return typeof code === "string" ? code : "";
  } catch {
    return "";
  }
}

/** What a browser that can play the usual codecs would offer. RFC 8829. */
function writeOffer(ufrag: string): string {
  const fingerprint = [...randomBytes(32)].map((byte) => byte.toString(16).padStart(2, "0"));
  const shared = (mid: string): string[] => [
    "c=IN IP4 0.0.0.0",
    `a=mid:${mid}`,
    `a=ice-ufrag:${ufrag}`,
    `a=ice-pwd:${randomPassword}`,
    `a=fingerprint:sha-256 ${fingerprint.join(":").toUpperCase()}`,
    "a=setup:actpass",
    "a=recvonly",
    "a=rtcp-mux",
  ];
  return [
    "v=0",
    `o=- ${Date.now()} 1 IN IP4 127.0.0.1`,
    "s=-",
    "t=0 0",
    "a=group:BUNDLE 0 1",
    "m=video 9 UDP/TLS/RTP/SAVPF 102 96 98 45",
    ...shared("0"),
    "a=rtpmap:102 H264/90000",
    "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
    "a=rtpmap:96 VP8/90000",
    "a=rtpmap:98 VP9/90000",
    "a=fmtp:98 profile-id=0",
    "a=rtpmap:45 AV1/90000",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111",
    ...shared("1"),
    "a=rtpmap:111 opus/48000/2",
    "a=fmtp:111 minptime=10;useinbandfec=1",
    "",
  ].join("\r\n");
}

const randomPassword = randomBytes(16).toString("hex");
