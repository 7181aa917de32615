import { ProtocolError } from "@millrace/media/error";
import { type MediaDescription, parse, type SessionDescription } from "sdp-transform";
import { type Fingerprint, parseFingerprint } from "../dtls/fingerprint.ts";
import { isIcePwd, isIceUfrag } from "../net/ice-credentials.ts";
import { isDataLine } from "./data-channel.ts";
import { type FingerprintLine, fingerprintsBySection } from "./sections.ts";

export interface SdpLimits {
  /** Longest description, UTF-16 units. */
  readonly maxSdpLength: number;
  readonly maxMediaLines: number;
}

/** Longest line of a description, UTF-16 units. */
export const MAX_LINE_LENGTH = 2048;
/** Longest mid that we echo. */
export const MAX_MID_LENGTH = 64;
/** Most fingerprints of one section. */
export const MAX_FINGERPRINTS = 16;

/** What an offer says: the transport that its m-lines share, and the m-lines. */
export interface Offer {
  readonly iceUfrag: string;
  readonly icePwd: string;
  readonly fingerprints: readonly Fingerprint[];
  /** The mids of the BUNDLE group, in its order; empty when a lone m-line comes without a group. */
  readonly bundle: readonly string[];
  readonly media: readonly OfferedMedia[];
}

/** One m-line of an offer. */
export interface OfferedMedia {
  readonly kind: string;
  /** Empty when the m-line has none. */
  readonly mid: string;
  /** Port 0: there is no such line, or not any more. RFC 3264 section 6. */
  readonly rejected: boolean;
  /**
   * Whether it is audio, video or data channels on the shared transport; anything else is rejected in the
   * answer.
   */
  readonly usable: boolean;
  readonly direction: Direction;
  readonly extensions: readonly OfferedExtension[];
  readonly line: MediaDescription;
}

export type Direction = "sendrecv" | "sendonly" | "recvonly" | "inactive";

export interface OfferedExtension {
  readonly id: number;
  readonly uri: string;
  readonly direction: string | undefined;
}

/** An m-line with the attributes that sdp-transform does not know. */
type Unread = MediaDescription & { readonly invalid?: readonly { readonly value: unknown }[] };

/** RFC 8829 section 5.1.2, and what older peers write. */
const RTP_PROTOCOLS: ReadonlySet<string> = new Set([
  "UDP/TLS/RTP/SAVPF",
  "UDP/TLS/RTP/SAVP",
  "TCP/TLS/RTP/SAVPF",
  "RTP/SAVPF",
  "RTP/SAVP",
]);

/**
 * Reads an offer. RFC 8866, RFC 8829 section 5.8, RFC 9143, RFC 8842.
 * @throws ProtocolError `SDP_INVALID` when it breaks the rules, `SDP_UNSUPPORTED` when it asks for what we do not do.
 */
export function parseOffer(sdp: string, limits: SdpLimits): Offer {
  const lines = checkedLines(sdp, limits);
  const session = parse(sdp);
  // sdp-transform passes over m-lines that it cannot read, and the answer needs one for each.
  if (session.media.some((line) => line.type === undefined || line.protocol === undefined)) {
    throw invalid("an m-line cannot be read");
  }
  const bundle = bundleOf(session);
  const media = session.media.map((line) => offeredMedia(line, session, bundle));
  const mids = media.map((line) => line.mid).filter((mid) => mid !== "");
  if (new Set(mids).size !== mids.length) throw invalid("two m-lines have the same mid");
  const taggedMid = bundle.find((mid) => media.some((line) => line.usable && line.mid === mid));
  const index = media.findIndex(
    (line) => line.usable && (bundle.length === 0 || line.mid === taggedMid),
  );
  const tagged = media[index];
  if (tagged === undefined) {
    throw unsupported("the offer has no audio or video m-line in its BUNDLE group");
  }
  const found = fingerprintsBySection(lines);
  const own = found.media[index] ?? [];
  const fingerprints = readFingerprints(own.length > 0 ? own : found.session, tagged.line);
  checkSetup(tagged.line.setup ?? session.setup);
  if (isLite(session) || session.media.some(isLite)) throw unsupported("both sides are ICE-lite");
  const iceUfrag = String(tagged.line.iceUfrag ?? session.iceUfrag ?? "");
  const icePwd = String(tagged.line.icePwd ?? session.icePwd ?? "");
  if (!isIceUfrag(iceUfrag) || !isIcePwd(icePwd)) {
    throw invalid("ice-ufrag or ice-pwd is missing or wrong");
  }
  return { iceUfrag, icePwd, fingerprints, bundle, media };
}

function checkedLines(sdp: string, limits: SdpLimits): readonly string[] {
  if (sdp.length > limits.maxSdpLength) {
    throw invalid(`the description is longer than ${limits.maxSdpLength} characters`);
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are looked for.
  if (/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)/.test(sdp)) {
    throw invalid("the description has control characters");
  }
  const lines = sdp.split(/\r?\n/);
  if (lines[0] !== "v=0") throw invalid("this is no session description");
  if (lines.some((line) => line.length > MAX_LINE_LENGTH)) {
    throw invalid(`a line is longer than ${MAX_LINE_LENGTH} characters`);
  }
  const media = lines.filter((line) => line.startsWith("m=")).length;
  if (media === 0) throw invalid("the description has no m-line");
  if (media > limits.maxMediaLines) throw invalid(`more than ${limits.maxMediaLines} m-lines`);
  return lines;
}

/** RFC 9143 section 7.2. A single m-line shares its transport with nobody. */
function bundleOf(session: SessionDescription): readonly string[] {
  const group = session.groups?.find((candidate) => candidate.type === "BUNDLE");
  const mids = String(group?.mids ?? "").split(" ");
  const bundle = mids.filter((mid) => mid !== "");
  if (bundle.length === 0 && session.media.length > 1) {
    throw unsupported("the offer has no BUNDLE group");
  }
  return bundle;
}

function offeredMedia(
  line: MediaDescription,
  session: SessionDescription,
  bundle: readonly string[],
): OfferedMedia {
  const kind = String(line.type);
  const mid = line.mid === undefined ? "" : String(line.mid);
  if (mid.length > MAX_MID_LENGTH)
    throw invalid(`a mid has more than ${MAX_MID_LENGTH} characters`);
  const rejected = Number(line.port) === 0 && line.bundleOnly === undefined;
  const isMedia = kind === "video" || kind === "audio";
  const usable =
    !rejected &&
    (bundle.length === 0 || bundle.includes(mid)) &&
    (isMedia ? RTP_PROTOCOLS.has(String(line.protocol)) : isDataLine(line));
  if (usable && isMedia && !multiplexesRtcp(line)) throw unsupported("the offer has no rtcp-mux");
  return {
    kind,
    mid,
    rejected,
    usable,
    direction: line.direction ?? session.direction ?? "sendrecv",
    extensions: [...(session.ext ?? []), ...(line.ext ?? [])].map((ext) => ({
      id: Number(ext.value),
      uri: String(ext.uri),
      direction: ext.direction,
    })),
    line,
  };
}

/** RFC 5761 section 5.1.1, RFC 8858 section 3. */
function multiplexesRtcp({ rtcpMux, invalid: others }: Unread): boolean {
  return rtcpMux !== undefined || (others ?? []).some(({ value }) => value === "rtcp-mux-only");
}

function readFingerprints(
  lines: readonly FingerprintLine[],
  tagged: MediaDescription,
): readonly Fingerprint[] {
  if (lines.length === 0) {
    throw unsupported(
      tagged.crypto === undefined
        ? "the offer has no fingerprint"
        : "the offer is encrypted with SDES; DTLS-SRTP is needed",
    );
  }
  if (lines.length > MAX_FINGERPRINTS) throw invalid(`more than ${MAX_FINGERPRINTS} fingerprints`);
  const fingerprints = lines.flatMap((line) => parseFingerprint(line.hash, line.value) ?? []);
  if (fingerprints.length === 0) {
    throw unsupported("the fingerprint is no valid one of SHA-256, SHA-384 or SHA-512");
  }
  return fingerprints;
}

/** We are the DTLS server. RFC 8842 section 5.3. */
function checkSetup(setup: string | undefined): void {
  if (setup === "actpass" || setup === "active") return;
  const hint = setup === "passive" ? " (ffmpeg: -whip_flags dtls_active)" : "";
  throw unsupported(
    `the offer says setup:${setup ?? "nothing"}; actpass or active is needed${hint}`,
  );
}

/** Some peers write `a=ice-lite` in an m-line's section. */
function isLite(section: SessionDescription | MediaDescription): boolean {
  return "icelite" in section;
}

function invalid(message: string): ProtocolError {
  return new ProtocolError("SDP_INVALID", message);
}

function unsupported(message: string): ProtocolError {
  return new ProtocolError("SDP_UNSUPPORTED", message);
}
