import { randomBytes } from "node:crypto";
import { NoAnswer } from "./ask.ts";
import { type Check, fail, ok, skipped, warn } from "./report.ts";
import { StunAttribute, StunMethod, uint32, writeStunRequest } from "./stun.ts";
import { openStunWire, type StunPlace } from "./stun-wire.ts";
import {
  type MediaPlace,
  openProbeVisit,
  openWhepVisit,
  type WhepRefusal,
  type WhepVisit,
} from "./whep-visit.ts";

const id = "webrtc";
/** RFC 8445 section 5.1.2: of a peer-reflexive candidate. */
const checkPriority = 0x6eff_ffff;

/**
 * Whether the media port can be ruled out. The server keeps silent to everybody that it does not know, so that
 * nothing but a refused datagram can be told without a session.
 */
export async function checkMediaPort(
  host: string,
  port: number,
  timeoutMs: number,
): Promise<Check> {
  const wire = openStunWire({ transport: "udp", host, port }, timeoutMs);
  const outcome = await wire.exchange(writeStunRequest(StunMethod.binding, []));
  wire.close();
  if (typeof outcome === "string" && /ECONNREFUSED|ENOTFOUND|EAI_|UNREACH/.test(outcome)) {
    return fail(
      id,
      "DOCTOR_MEDIA_CLOSED",
      `Nobody takes datagrams at ${host} port ${port} (UDP): ${outcome}.`,
      "Open the UDP port rtc.port, and publish it from the container.",
    );
  }
  return skipped(
    id,
    "DOCTOR_MEDIA_NOT_KNOWN",
    `UDP port ${port} does not refuse; only with a live stream can be told whether media comes through.`,
    "Publish a stream (or start with --demo), and look again with --stream NAME.",
  );
}

/**
 * The same without a stream, with a peer that the server has for this. Undefined when it makes none for us: an older
 * server, or one that wants a token.
 */
export async function checkMediaByProbe(
  base: URL,
  token: string | undefined,
  timeoutMs: number,
): Promise<Check | undefined> {
  let visit: WhepVisit | WhepRefusal;
  try {
    visit = await openProbeVisit(base, token, timeoutMs);
  } catch (error) {
    if (error instanceof NoAnswer) return undefined;
    throw error;
  }
  if ("status" in visit) return undefined;
  try {
    return await checkPlaces(visit, timeoutMs);
  } finally {
    await visit.leave();
  }
}

/** Opens a session to watch a live stream, checks each address it names as a browser does, and ends it. */
export async function checkMedia(
  base: URL,
  stream: string,
  token: string | undefined,
  timeoutMs: number,
): Promise<Check> {
  let visit: Awaited<ReturnType<typeof openWhepVisit>>;
  try {
    visit = await openWhepVisit(base, stream, token, timeoutMs);
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return fail(
      id,
      "DOCTOR_WHEP_UNREACHABLE",
      `No answer from /whep/${stream}: ${error.message}.`,
      "Let the proxy pass on POST and DELETE below /whep/.",
    );
  }
  if ("status" in visit) return refusedCheck(stream, visit.status, visit.code);
  try {
    return await checkPlaces(visit, timeoutMs);
  } finally {
    await visit.leave();
  }
}

async function checkPlaces(visit: WhepVisit, timeoutMs: number): Promise<Check> {
  const { places } = visit;
  const answers = await Promise.all(places.map((place) => answersAt(place, visit, timeoutMs)));
  const reached = places.filter((_, index) => answers[index] === true);
  const silent = places.filter((_, index) => answers[index] !== true);
  const also = silent.length === 0 ? "" : ` Not at ${list(silent)}.`;
  if (reached.some(({ transport }) => transport === "udp")) {
    return ok(id, `Media comes through at ${list(reached)}.${also}`);
  }
  if (reached.length > 0) {
    return warn(
      id,
      "DOCTOR_MEDIA_UDP_BLOCKED",
      `Media comes through only over TCP, at ${list(reached)}.${also}`,
      "Open the UDP port rtc.port in the firewall, and publish it from the container.",
    );
  }
  return fail(
    id,
    "DOCTOR_MEDIA_UNREACHABLE",
    places.length === 0
      ? "The server names no address for media."
      : `Browsers are told ${list(places)}, where nothing answers.`,
    "Set rtc.announcedIps to the address at which browsers reach the server, and open rtc.port (UDP, TCP).",
  );
}

/** An authentic connectivity check, which alone is answered. RFC 8445 section 7.2. */
async function answersAt(
  { transport, address, port }: MediaPlace,
  { username, password }: WhepVisit,
  timeoutMs: number,
): Promise<boolean> {
  const place: StunPlace = { transport, host: address, port };
  const wire = openStunWire(place, timeoutMs);
  try {
    const outcome = await wire.exchange(
      writeStunRequest(
        StunMethod.binding,
        [
          [StunAttribute.username, Buffer.from(username)],
          [StunAttribute.priority, uint32(checkPriority)],
          [StunAttribute.iceControlling, randomBytes(8)],
        ],
        password,
      ),
    );
    return typeof outcome !== "string" && outcome.outcome === "success";
  } finally {
    wire.close();
  }
}

function refusedCheck(stream: string, status: number, code: string): Check {
  const told = code === "" ? `status ${status}` : code;
  if (status === 401 || status === 403 || status === 404) {
    const message = `${stream} cannot be watched from here (${told}).`;
    return skipped(id, "DOCTOR_STREAM_REFUSED", message, "Name a live stream, and a token for it.");
  }
  return warn(
    id,
    "DOCTOR_WHEP_REFUSED",
    `${stream} cannot be watched over WebRTC (${told}).`,
    "Look the code up in docs/errors.md.",
  );
}

function list(places: readonly MediaPlace[]): string {
  return places
    .map(({ transport, address, port }) => {
      const host = address.includes(":") ? `[${address}]` : address;
      return `${host}:${port}/${transport === "udp" ? "udp" : "tcp"}`;
    })
    .join(", ");
}
