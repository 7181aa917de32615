import { refusedCodes } from "../player/failure.ts";
import { addressKind } from "./address-kind.ts";
import { type MediaPlace, placeText } from "./answer.ts";
import { type Check, type Details, type Finding, found, ok, timed } from "./check.ts";
import type { ServerFacts } from "./server-facts.ts";

/** How media may come: directly by UDP or TCP, or through a TURN server alone. */
export type PathName = "udp" | "tcp" | "relay";

/** What became of one try to connect. */
export interface PathOutcome {
  /**
   * `absent`: the server offers no such path. `unsupported`: this browser has no WebRTC. `refused`: the server made no
   * peer. `no-relay`: no TURN server gave an address. `silent`: no answer in time. `handshake`: packets pass, but the
   * encryption could not be agreed on.
   */
  readonly state:
    | "connected"
    | "silent"
    | "handshake"
    | "absent"
    | "unsupported"
    | "refused"
    | "no-relay";
  readonly tookMs: number;
  /** The server's code when it refused. */
  readonly code?: string | undefined;
  readonly rttMs?: number | undefined;
  /** Candidates of this browser that were found: `host`, `srflx`, `relay`. */
  readonly found?: readonly string[] | undefined;
  /** Numbers of STUN errors, or those of browsers (701: no answer). */
  readonly errors?: readonly number[] | undefined;
  /** Where the server takes media, as its answer says. */
  readonly places?: readonly MediaPlace[] | undefined;
}

export interface PathOutcomes {
  readonly udp: PathOutcome;
  readonly tcp: PathOutcome;
  readonly relay: PathOutcome;
}

/** What is known besides the outcomes. */
export interface PathContext {
  readonly facts: Pick<ServerFacts, "network" | "proxy">;
  /** Of the page's address. */
  readonly hostname: string;
}

/** The checks `webrtc-udp`, `webrtc-tcp`, `turn` and `announced-addresses`, in this order. */
export function judgePaths(outcomes: PathOutcomes, context: PathContext): readonly Check[] {
  const { udp, tcp, relay } = outcomes;
  const places = udp.places ?? tcp.places ?? relay.places ?? [];
  const announced = judgeAnnounced(outcomes, places, context);
  const wrong = announced.status === "fail" ? announced : undefined;
  return [
    timed(judgeDirect("udp", outcomes, places, wrong), udp.tookMs),
    timed(judgeDirect("tcp", outcomes, places, wrong), tcp.tookMs),
    timed(judgeRelay(outcomes), relay.tookMs),
    announced,
  ];
}

function judgeDirect(
  name: "udp" | "tcp",
  outcomes: PathOutcomes,
  places: readonly MediaPlace[],
  wrong: Finding | undefined,
): Check {
  const id = name === "udp" ? "webrtc-udp" : "webrtc-tcp";
  const outcome = outcomes[name];
  const by = name.toUpperCase();
  const details = detailsOf(outcome);
  switch (outcome.state) {
    case "connected":
      return ok(id, `Media comes through by ${by}.`, details);
    case "unsupported":
      return found(name === "udp" ? "fail" : "skipped", id, noWebRtc, details);
    case "refused":
      return refusal(id, outcome.code ?? "", details);
    case "absent":
      if (name === "tcp") return found("skipped", id, noTcp, details);
      return found("fail", id, nowhere, details);
    default:
  }
  const other = name === "udp" ? outcomes.tcp : outcomes.udp;
  if (outcome.state === "handshake") return found("fail", id, brokenHandshake, details);
  const anyPath = other.state === "connected" || outcomes.relay.state === "connected";
  if (wrong !== undefined) return found(anyPath ? "warn" : "fail", id, wrong, details);
  if (!anyPath) return found("fail", id, unreachable(places), details);
  return found("warn", id, blocked(name, places), details);
}

function judgeRelay({ udp, tcp, relay }: PathOutcomes): Check {
  const id = "turn";
  const details = detailsOf(relay);
  const status = [udp, tcp].some(({ state }) => state === "connected") ? "warn" : "fail";
  switch (relay.state) {
    case "connected":
      return ok(id, "Media comes through the TURN relay.", details);
    case "absent":
      return found("skipped", id, noTurn, details);
    case "unsupported":
      return found("skipped", id, noWebRtc, details);
    case "refused":
      return refusal(id, relay.code ?? "", details);
    case "handshake":
      return found(status, id, brokenHandshake, details);
    case "silent":
      return found(status, id, relayLeadsNowhere, details);
    case "no-relay":
      return found(status, id, relayRefusal(relay.errors ?? []), details);
  }
}

function judgeAnnounced(
  { udp, tcp }: PathOutcomes,
  places: readonly MediaPlace[],
  { facts, hostname }: PathContext,
): Check {
  const id = "announced-addresses";
  const list = [...new Set(places.map(({ address }) => address))].join(", ");
  const details = { places: places.map(placeText), network: facts.network };
  const tried = [udp, tcp].some(({ state }) => state === "silent" || state === "connected");
  if (!tried) return found("skipped", id, notKnown("Nothing was tried."), details);
  if (udp.state === "connected" || tcp.state === "connected") {
    return ok(id, `The server is reached where it says: ${list}.`, details);
  }
  const kinds = places.map(({ address }) => addressKind(address));
  const page = addressKind(hostname);
  const onlyItself = kinds.every((kind) => kind === "loopback") && page !== "loopback";
  const local = kinds.every((kind) => kind === "loopback" || kind === "private");
  const behindProxy = facts.proxy === "unknown" && page === "name";
  const fromOutside = facts.network === "public" || page === "public" || behindProxy;
  if (onlyItself || (local && fromOutside)) {
    return found("fail", id, wrongAddress(list, onlyItself), details);
  }
  return found(
    "skipped",
    id,
    notKnown(`The server names ${list}, where nothing answers.`),
    details,
  );
}

/** A peer was not to be had. */
function refusal(id: "webrtc-udp" | "webrtc-tcp" | "turn", code: string, details: Details): Check {
  const why = { ...details, refusal: code };
  if (refusedCodes.has(code)) {
    return found("skipped", id, needsToken, why);
  }
  if (/^(PROBES_FULL|RATE_LIMITED|PEERS_FULL|SERVER_CLOSING)$/.test(code)) {
    return found("skipped", id, busy, why);
  }
  return found("fail", id, { ...peerRefused, message: `The server made no peer (${code}).` }, why);
}

function relayRefusal(errors: readonly number[]): Finding {
  if (errors.some((error) => error === 401 || error === 403 || error === 438)) {
    return {
      code: "DOCTOR_TURN_CREDENTIALS",
      message: "The TURN server does not take the credentials that we were given.",
      fix: "The operator gives both servers the same secret (rtc.turnSecret), and compares their clocks.",
    };
  }
  if (errors.some((error) => error === 486 || error === 508)) {
    return {
      code: "DOCTOR_TURN_FULL",
      message: "The TURN server has no place for another relay now.",
      fix: "The operator raises the quota and the port range of the TURN server.",
    };
  }
  return {
    code: "DOCTOR_TURN_UNREACHABLE",
    message: "The TURN server does not answer from here.",
    fix: "The operator starts the TURN server, corrects its address (rtc.turnUrls), or opens its port.",
  };
}

function detailsOf({ state, rttMs, found: candidates, errors, code }: PathOutcome): Details {
  return {
    state,
    ...(rttMs === undefined ? {} : { rttMs: Math.round(rttMs) }),
    ...(candidates === undefined ? {} : { candidates }),
    ...(errors === undefined || errors.length === 0 ? {} : { errors: errors.map(String) }),
    ...(code === undefined ? {} : { refusal: code }),
  };
}

function portText(places: readonly MediaPlace[]): string {
  return [...new Set(places.map(({ port }) => port))].join(", ");
}

const noWebRtc: Finding = {
  code: "DOCTOR_WEBRTC_MISSING",
  message: "This browser has no WebRTC, or it is switched off.",
  fix: "Use a current browser, and switch off what blocks WebRTC (extensions, settings, kiosk policies).",
};
const noTcp: Finding = {
  code: "DOCTOR_NO_ICE_TCP",
  message: "The server takes no media by TCP (rtc.tcp).",
};
const noTurn: Finding = { code: "DOCTOR_NO_TURN", message: "No TURN server is configured." };
const nowhere: Finding = {
  code: "DOCTOR_ADDRESS_WRONG",
  message: "The server names no address for media.",
  fix: "The operator sets rtc.announcedIps to the address at which browsers reach the server.",
};
const brokenHandshake: Finding = {
  code: "DOCTOR_DTLS_FAILED",
  message: "Packets pass, but something on the way breaks the encrypted connection.",
  fix: "Try another network; whoever runs this one exempts the server from inspection.",
};
const relayLeadsNowhere: Finding = {
  code: "DOCTOR_TURN_NO_PATH",
  message: "The TURN server relays, but not to this server.",
  fix: "The operator lets the TURN server relay to the server's address and its port rtc.port.",
};
const needsToken: Finding = {
  code: "DOCTOR_STREAM_REFUSED",
  message: "This server wants a token before it examines media.",
  fix: "Open this page with a stream that you may watch: ?stream=NAME&token=TOKEN.",
};
const busy: Finding = {
  code: "DOCTOR_BUSY",
  message: "The server examines too many connections now.",
  fix: "Examine again in a minute.",
};
const peerRefused: Finding = {
  code: "DOCTOR_PEER_REFUSED",
  message: "",
  fix: "Look the code up in docs/errors.md.",
};

function blocked(name: "udp" | "tcp", places: readonly MediaPlace[]): Finding {
  const port = portText(places);
  if (name === "udp") {
    return {
      code: "DOCTOR_MEDIA_UDP_BLOCKED",
      message:
        "No media comes through by UDP; another way has to do, which is slower on bad links.",
      fix: `Try another network, such as mobile data; if it is the same there, the operator opens UDP port ${port} (rtc.port).`,
    };
  }
  return {
    code: "DOCTOR_MEDIA_TCP_BLOCKED",
    message: "No media comes through by TCP, which networks without UDP would need.",
    fix: `Nothing while UDP works; otherwise the operator opens TCP port ${port} (rtc.port).`,
  };
}

function unreachable(places: readonly MediaPlace[]): Finding {
  return {
    code: "DOCTOR_MEDIA_UNREACHABLE",
    message: `Nothing answers at ${places.map(placeText).join(", ") || "any address"}.`,
    fix: `Try another network, such as mobile data; if it is the same there, the operator opens port ${portText(places)} (rtc.port) for UDP and TCP.`,
  };
}

function wrongAddress(list: string, onlyItself: boolean): Finding {
  const who = onlyItself ? "only the server itself reaches" : "nobody outside its network reaches";
  return {
    code: "DOCTOR_ADDRESS_WRONG",
    message: `The server names ${list}, where ${who} it.`,
    fix: "The operator sets rtc.announcedIps to the address at which browsers reach the server.",
  };
}

function notKnown(message: string): Finding {
  return { code: "DOCTOR_NOT_KNOWN", message };
}
