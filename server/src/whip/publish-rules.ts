import { ProtocolError } from "../core/errors.ts";

/** One audio or video m-line of a description. */
interface MediaLine {
  readonly kind: "audio" | "video";
  readonly rejected: boolean;
  readonly direction: string;
}

const directions = new Set(["sendrecv", "sendonly", "recvonly", "inactive"]);
/** RFC 8866 section 6.7: without the attribute. */
const defaultDirection = "sendrecv";

/**
 * What RFC 9725 wants of a publisher's offer: it only sends (section 4.2), and has at most one audio and one
 * video (section 4.4.2). Codecs and transport are the gateway's business.
 * @throws ProtocolError `SDP_UNSUPPORTED`.
 */
export function checkPublishOffer(sdp: string): void {
  const lines = mediaLines(sdp);
  if (lines.length === 0) throw unsupported("the offer has neither audio nor video");
  for (const kind of ["audio", "video"] as const) {
    const ofKind = lines.filter((line) => line.kind === kind);
    if (ofKind.length > 1) throw unsupported(`the offer has more than one ${kind} m-line`);
  }
  for (const { kind, direction, rejected } of lines) {
    if (rejected) continue;
    if (direction !== "sendonly" && direction !== "sendrecv") {
      throw unsupported(`the offer's ${kind} is ${direction}; a publisher sends`);
    }
  }
}

/**
 * RFC 9725 section 4.4.3: a publisher is taken whole or not at all, because its user would not notice that
 * the sound is missing. Section 4.2: the answer receives.
 * @throws ProtocolError `SDP_UNSUPPORTED`.
 */
export function checkPublishAnswer(sdp: string): void {
  for (const { kind, direction, rejected } of mediaLines(sdp)) {
    if (rejected || direction !== "recvonly") {
      throw unsupported(`the offer's ${kind} cannot be received`);
    }
  }
}

function mediaLines(sdp: string): MediaLine[] {
  const found: MediaLine[] = [];
  let sessionDirection = defaultDirection;
  // Attributes after an m-line of another kind belong to nobody here.
  let inMedia = false;
  let open: { kind: "audio" | "video"; rejected: boolean; direction: string } | undefined;
  for (const line of sdp.split(/\r\n|\r|\n/)) {
    const media = /^m=(\S+) (\d+)/.exec(line);
    if (media !== null) {
      inMedia = true;
      const [, kind, port] = media;
      open = undefined;
      if (kind !== "audio" && kind !== "video") continue;
      // A bundled line has port 0 in an offer and is not rejected by it (RFC 9143 section 7.2.2).
      open = { kind, rejected: port === "0", direction: sessionDirection };
      found.push(open);
    } else if (line === "a=bundle-only") {
      if (open !== undefined) open.rejected = false;
    } else if (line.startsWith("a=") && directions.has(line.slice(2))) {
      if (open !== undefined) open.direction = line.slice(2);
      else if (!inMedia) sessionDirection = line.slice(2);
    }
  }
  return found;
}

function unsupported(why: string): ProtocolError {
  return new ProtocolError("SDP_UNSUPPORTED", `Nothing is published: ${why}.`);
}
