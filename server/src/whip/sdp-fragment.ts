import type { IceRestart } from "@millrace/signaling/session";
import { ProtocolError } from "../core/errors.ts";

const maxCandidates = 64;
const maxCandidateLength = 1024;
/** RFC 8839 section 5.4: 4 to 256 and 22 to 256 ice-chars. */
const ufragPattern = /^[A-Za-z0-9+/]{4,256}$/;
const pwdPattern = /^[A-Za-z0-9+/]{22,256}$/;

export interface IceCredentials {
  readonly ufrag: string;
  readonly pwd: string;
}

/** What a client sends while it trickles or restarts ICE (RFC 8840 section 9). */
export interface SdpFragment {
  /** Undefined when the fragment names none. */
  readonly credentials: IceCredentials | undefined;
  /** `candidate:…` lines without `a=`, in order. */
  readonly candidates: readonly string[];
  readonly endOfCandidates: boolean;
}

/** The part of a description that fragments refer to. */
export interface BundleLines {
  /** `m=…` of the first m-line. */
  readonly media: string;
  readonly mid: string;
  /** `a=group:BUNDLE …`; empty when there is none. */
  readonly group: string;
}

/**
 * RFC 8840 section 9.
 * @throws ProtocolError `SDP_FRAGMENT_INVALID`.
 */
export function parseSdpFragment(text: string): SdpFragment {
  const lines = text.split(/\r\n|\r|\n/).filter((line) => line !== "");
  if (!lines.every((line) => /^[a-z]=/.test(line))) throw invalid("a line is not TYPE=VALUE");
  const candidates = valuesOf(lines, "a=candidate:").map((value) => `candidate:${value}`);
  if (candidates.length > maxCandidates) throw invalid(`more than ${maxCandidates} candidates`);
  if (candidates.some(({ length }) => length > maxCandidateLength)) {
    throw invalid("a candidate is too long");
  }
  return {
    credentials: iceCredentials(text),
    candidates,
    endOfCandidates: lines.includes("a=end-of-candidates"),
  };
}

/**
 * The ICE credentials of a description or fragment; with BUNDLE all m-lines have the same.
 * Undefined when there are none.
 * @throws ProtocolError `SDP_FRAGMENT_INVALID` for malformed ones or several.
 */
export function iceCredentials(sdp: string): IceCredentials | undefined {
  const lines = sdp.split(/\r\n|\r|\n/);
  const ufrags = new Set(valuesOf(lines, "a=ice-ufrag:"));
  const pwds = new Set(valuesOf(lines, "a=ice-pwd:"));
  if (ufrags.size === 0 && pwds.size === 0) return undefined;
  if (ufrags.size !== 1 || pwds.size !== 1) throw invalid("not exactly one ufrag and one pwd");
  const [ufrag = ""] = ufrags;
  const [pwd = ""] = pwds;
  if (!ufragPattern.test(ufrag) || !pwdPattern.test(pwd)) {
    throw invalid("ufrag or pwd is not made of ice-chars, or has the wrong length");
  }
  return { ufrag, pwd };
}

/** What a later fragment needs to know about our answer. */
export function bundleLines(sdp: string): BundleLines {
  const lines = sdp.split(/\r\n|\n/);
  return {
    media: lines.find((line) => line.startsWith("m=")) ?? "m=video 9 UDP/TLS/RTP/SAVPF 0",
    mid: valuesOf(lines, "a=mid:")[0] ?? "0",
    group: lines.find((line) => line.startsWith("a=group:BUNDLE")) ?? "",
  };
}

/** Our answer to an ICE restart (RFC 9725 section 4.3.3): ICE-lite, with all candidates at once. */
export function writeSdpFragment(restart: IceRestart, bundle: BundleLines): string {
  const lines = [
    ...(bundle.group === "" ? [] : [bundle.group]),
    "a=ice-lite",
    `a=ice-ufrag:${restart.ufrag}`,
    `a=ice-pwd:${restart.pwd}`,
    bundle.media,
    `a=mid:${bundle.mid}`,
    ...restart.candidates.map((candidate) => `a=${candidate}`),
    "a=end-of-candidates",
  ];
  return `${lines.join("\r\n")}\r\n`;
}

function valuesOf(lines: readonly string[], prefix: string): string[] {
  return lines
    .filter((line) => line.startsWith(prefix))
    .map((line) => line.slice(prefix.length).trim());
}

function invalid(why: string): ProtocolError {
  return new ProtocolError("SDP_FRAGMENT_INVALID", `The SDP fragment is malformed: ${why}.`);
}
