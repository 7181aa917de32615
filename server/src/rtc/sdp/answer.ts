import { type MediaDescription, parse, type SessionDescription, write } from "sdp-transform";
import { candidateLine, type HostCandidate } from "../net/announced.ts";
import type { IceCredentials } from "../net/ice-credentials.ts";
import type { DataMedia } from "../peer.ts";
import { MAX_MESSAGE_SIZE } from "./data-channel.ts";
import type { AnsweredExtension } from "./extensions.ts";
import type { LineCodec } from "./line-codec.ts";
import { type PlannedMedia, taggedMid } from "./plan.ts";
import { writeLayers } from "./simulcast.ts";

export interface AnswerParts {
  readonly sessionId: string;
  /** Grows by one with each answer. RFC 3264 section 8. */
  readonly version: number;
  /** The offer's BUNDLE group; empty when it has none. */
  readonly bundle: readonly string[];
  readonly media: readonly PlannedMedia[];
  readonly ice: IceCredentials;
  /** SHA-256 of our certificate as SDP writes it. */
  readonly fingerprint: string;
  readonly candidates: readonly HostCandidate[];
}

/** Discard port of m-lines whose address is told by candidates. RFC 8829 section 5.3.1. */
const PORT = 9;
const ANY = { version: 4, ip: "0.0.0.0" } as const;

type Accepted = Exclude<PlannedMedia, { type: "rejected" }>;
/** What tells one kind of m-line from another. */
type Body = Partial<MediaDescription> & Pick<MediaDescription, "rtp" | "fmtp">;

/** The answer of an ICE-lite DTLS server. RFC 8829 section 5.3.1, RFC 9143 section 7.3. */
export function writeAnswer(parts: AnswerParts): string {
  const accepted = parts.media.filter((planned) => planned.type !== "rejected");
  const mids = parts.bundle.filter((mid) => accepted.some(({ offered }) => offered.mid === mid));
  const tagged = taggedMid(parts.bundle, parts.media);
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
    ...(parts.bundle.length === 0 ? {} : { groups: [{ type: "BUNDLE", mids: mids.join(" ") }] }),
    msidSemantic: { semantic: "WMS", token: "*" },
    media: parts.media.map((planned) =>
      planned.type === "rejected"
        ? rejectedLine(planned)
        : acceptedLine(planned, parts, planned.offered.mid === tagged),
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
function acceptedLine(planned: Accepted, parts: AnswerParts, tagged: boolean): MediaDescription {
  const { offered } = planned;
  return {
    type: offered.kind,
    port: PORT,
    protocol: offered.line.protocol,
    connection: ANY,
    ...(offered.mid === "" ? {} : { mid: offered.mid }),
    iceUfrag: parts.ice.ufrag,
    icePwd: parts.ice.pwd,
    fingerprint: { type: "sha-256", hash: parts.fingerprint },
    setup: "passive",
    ...(planned.type === "data" ? dataLines(planned.media) : rtpLines(planned)),
    ...(tagged ? candidateLines(parts.candidates) : {}),
  };
}

/** RFC 8841 section 10.3. */
function dataLines({ sctpPort }: DataMedia): Body {
  return {
    payloads: "webrtc-datachannel",
    sctpPort,
    maxMessageSize: MAX_MESSAGE_SIZE,
    rtp: [],
    fmtp: [],
  };
}

function rtpLines(planned: Exclude<Accepted, { type: "data" }>): Body {
  return {
    direction: directionOf(planned),
    rtcpMux: "rtcp-mux",
    ...(planned.offered.line.rtcpRsize === undefined ? {} : { rtcpRsize: "rtcp-rsize" }),
    ...codecLines(planned.codecs),
    ...(planned.type === "send" ? streamLines(planned) : {}),
    ...(planned.type === "receive" ? layerLines(planned) : {}),
  };
}

function directionOf(planned: PlannedMedia): "sendonly" | "recvonly" | "inactive" {
  if (planned.type === "send") return "sendonly";
  return planned.type === "receive" && planned.media.active ? "recvonly" : "inactive";
}

function codecLines(codecs: readonly LineCodec[]): Body {
  const rtp: MediaDescription["rtp"] = [];
  const fmtps: MediaDescription["fmtp"] = [];
  const rtcpFb: NonNullable<MediaDescription["rtcpFb"]> = [];
  for (const { format, name, channels, fmtp, feedback } of codecs) {
    const { payloadType: payload, clockRate: rate, rtxPayloadType: rtx } = format;
    const main = { payload, codec: name, rate };
    rtp.push(channels === undefined ? main : { ...main, encoding: channels });
    if (fmtp !== undefined) fmtps.push({ payload, config: fmtp });
    for (const { type, subtype } of feedback) {
      rtcpFb.push(subtype === undefined ? { payload, type } : { payload, type, subtype });
    }
    if (rtx === undefined) continue;
    rtp.push({ payload: rtx, codec: "rtx", rate });
    fmtps.push({ payload: rtx, config: `apt=${payload}` });
  }
  return { payloads: rtp.map(({ payload }) => payload).join(" "), rtp, fmtp: fmtps, rtcpFb };
}

/** RFC 8830 msid, RFC 5576 ssrc and FID group, RFC 8285 extmap. */
function streamLines(planned: Extract<PlannedMedia, { type: "send" }>): Partial<MediaDescription> {
  const { media, extensions, streamId, trackId } = planned;
  const { ssrc, rtx, cname } = media;
  const ssrcs = rtx === undefined ? [ssrc] : [ssrc, rtx.ssrc];
  return {
    ext: extensions.map(extensionLine),
    msid: [{ id: streamId, appdata: trackId }],
    ssrcs: ssrcs.map((id) => ({ id, attribute: "cname", value: cname })),
    ...(rtx === undefined ? {} : { ssrcGroups: [{ semantics: "FID", ssrcs: ssrcs.join(" ") }] }),
  };
}

/** RFC 8851 rid, RFC 8853 simulcast, RFC 8285 extmap. */
function layerLines(
  planned: Extract<PlannedMedia, { type: "receive" }>,
): Partial<MediaDescription> {
  const { layers, extensions } = planned;
  const ext = extensions.map(extensionLine);
  if (layers.length === 0) return { ext };
  const rids = layers.map(({ rid: id, restrictions: params }) =>
    params === undefined ? { id, direction: "recv" } : { id, direction: "recv", params },
  );
  return { ext, rids, simulcast: { dir1: "recv", list1: writeLayers(layers) } };
}

function extensionLine({ id, uri, direction }: AnsweredExtension): {
  value: number;
  uri: string;
  direction?: string;
} {
  return direction === undefined ? { value: id, uri } : { value: id, uri, direction };
}

/** The candidates of a port are the same for all peers, for a while. */
const written = new WeakMap<readonly HostCandidate[], Partial<MediaDescription>>();

/** RFC 8839 section 5.1; all of them, so nothing trickles. */
function candidateLines(candidates: readonly HostCandidate[]): Partial<MediaDescription> {
  let lines = written.get(candidates);
  if (lines === undefined) {
    lines = readCandidates(candidates);
    written.set(candidates, lines);
  }
  return lines;
}

/** As sdp-transform wants to write them. */
function readCandidates(candidates: readonly HostCandidate[]): Partial<MediaDescription> {
  const lines = candidates.map((candidate) => `a=${candidateLine(candidate)}`);
  const [section] = parse(["m=video 9 UDP/TLS/RTP/SAVPF 0", ...lines].join("\r\n")).media;
  return { candidates: section?.candidates ?? [], endOfCandidates: "end-of-candidates" };
}
