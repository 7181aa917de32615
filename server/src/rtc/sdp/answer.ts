import { type MediaDescription, type SessionDescription, write } from "sdp-transform";
import type { HostCandidate } from "../net/announced.ts";
import type { IceCredentials } from "../net/ice-credentials.ts";
import type { AnsweredExtension } from "./extensions.ts";
import type { PlannedMedia, SenderIdentity } from "./plan.ts";
import type { SendCodec } from "./send-codec.ts";

export interface AnswerParts {
  readonly sessionId: string;
  /** Grows by one with each answer. RFC 3264 section 8. */
  readonly version: number;
  /** The offer's BUNDLE group. */
  readonly bundle: readonly string[];
  readonly media: readonly PlannedMedia[];
  readonly identity: SenderIdentity;
  readonly ice: IceCredentials;
  /** SHA-256 of our certificate as SDP writes it. */
  readonly fingerprint: string;
  readonly candidates: readonly HostCandidate[];
}

/** Discard port of m-lines whose address is told by candidates. RFC 8829 section 5.3.1. */
const PORT = 9;
const ANY = { version: 4, ip: "0.0.0.0" } as const;

/** The answer of an ICE-lite DTLS server that only sends. RFC 8829 section 5.3.1, RFC 9143 section 7.3. */
export function writeAnswer(parts: AnswerParts): string {
  const accepted = parts.media.filter((planned) => planned.type !== "rejected");
  const mids = parts.bundle.filter((mid) => accepted.some(({ offered }) => offered.mid === mid));
  const description: SessionDescription = {
    version: 0,
    origin: {
      username: "-",
      sessionId: parts.sessionId,
      sessionVersion: parts.version,
      netType: "IN",
      ipVer: 4,
      address: "127.0.0.1",
    },
    name: "-",
    timing: { start: 0, stop: 0 },
    icelite: "ice-lite",
    groups: [{ type: "BUNDLE", mids: mids.join(" ") }],
    msidSemantic: { semantic: "WMS", token: "*" },
    media: parts.media.map((planned) =>
      planned.type === "rejected"
        ? rejectedLine(planned)
        : acceptedLine(planned, parts, planned.offered.mid === mids[0]),
    ),
  };
  return write(description);
}

/** RFC 3264 section 6: port 0, and one format because the syntax wants one. */
function rejectedLine({ offered }: PlannedMedia): MediaDescription {
  return {
    type: offered.kind,
    port: 0,
    protocol: offered.line.protocol,
    payloads: String(offered.line.payloads ?? "0"),
    connection: ANY,
    ...(offered.mid === "" ? {} : { mid: offered.mid }),
    direction: "inactive",
    rtp: [],
    fmtp: [],
  };
}

/** `tagged` is the m-line that carries the shared transport's candidates. */
function acceptedLine(
  planned: Exclude<PlannedMedia, { type: "rejected" }>,
  parts: AnswerParts,
  tagged: boolean,
): MediaDescription {
  const { offered, codec } = planned;
  const rtx = planned.type === "send" ? planned.media.rtx?.payloadType : undefined;
  return {
    type: offered.kind,
    port: PORT,
    protocol: offered.line.protocol,
    payloads: [codec.payloadType, rtx].filter((type) => type !== undefined).join(" "),
    connection: ANY,
    mid: offered.mid,
    direction: planned.type === "send" ? "sendonly" : "inactive",
    iceUfrag: parts.ice.ufrag,
    icePwd: parts.ice.pwd,
    fingerprint: { type: "sha-256", hash: parts.fingerprint },
    setup: "passive",
    rtcpMux: "rtcp-mux",
    ...(offered.line.rtcpRsize === undefined ? {} : { rtcpRsize: "rtcp-rsize" as const }),
    ...codecLines(codec, rtx),
    ...(planned.type === "send" ? streamLines(planned, parts.identity) : {}),
    ...(tagged ? candidateLines(parts.candidates) : {}),
  };
}

function codecLines(
  codec: SendCodec,
  rtx: number | undefined,
): Pick<MediaDescription, "rtp" | "fmtp" | "rtcpFb"> {
  const { payloadType: payload, clockRate: rate, channels, fmtp } = codec;
  const main = { payload, codec: codec.name, rate };
  const rtp = [channels === undefined ? main : { ...main, encoding: channels }];
  const fmtps = fmtp === undefined ? [] : [{ payload, config: fmtp }];
  if (rtx !== undefined) {
    rtp.push({ payload: rtx, codec: "rtx", rate });
    fmtps.push({ payload: rtx, config: `apt=${payload}` });
  }
  const rtcpFb = codec.feedback.map(({ type, subtype }) =>
    subtype === undefined ? { payload, type } : { payload, type, subtype },
  );
  return { rtp, fmtp: fmtps, rtcpFb };
}

/** RFC 8830 msid, RFC 5576 ssrc and FID group, RFC 8285 extmap. */
function streamLines(
  { media, extensions, trackId }: Extract<PlannedMedia, { type: "send" }>,
  identity: SenderIdentity,
): Partial<MediaDescription> {
  const { ssrc, rtx, cname } = media;
  const ssrcs = rtx === undefined ? [ssrc] : [ssrc, rtx.ssrc];
  return {
    ext: extensions.map(extensionLine),
    msid: [{ id: identity.streamId, appdata: trackId }],
    ssrcs: ssrcs.map((id) => ({ id, attribute: "cname", value: cname })),
    ...(rtx === undefined ? {} : { ssrcGroups: [{ semantics: "FID", ssrcs: ssrcs.join(" ") }] }),
  };
}

function extensionLine({ id, uri, direction }: AnsweredExtension): {
  value: number;
  uri: string;
  direction?: string;
} {
  return direction === undefined ? { value: id, uri } : { value: id, uri, direction };
}

function candidateLines(candidates: readonly HostCandidate[]): Partial<MediaDescription> {
  return {
    candidates: candidates.map(({ foundation, priority, address, port }) => ({
      foundation,
      component: 1,
      transport: "udp",
      priority,
      ip: address,
      port,
      type: "host",
    })),
    endOfCandidates: "end-of-candidates",
  };
}
