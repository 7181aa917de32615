import type { MediaDescription } from "sdp-transform";
import type { ReceiveEncoding } from "../peer.ts";
import type { Layer } from "./simulcast.ts";

/**
 * What the peer sends on an m-line: each of its layers, or else one stream with the SSRCs that the offer
 * names, if it names any. RFC 5576.
 */
export function encodingsOf(
  line: MediaDescription,
  layers: readonly Layer[],
): readonly ReceiveEncoding[] {
  if (layers.length > 0) {
    return layers.map(({ rid }) => ({ rid, ssrc: undefined, rtxSsrc: undefined }));
  }
  const groups = (line.ssrcGroups ?? []).map(({ semantics, ssrcs }) => ({
    semantics: String(semantics),
    ssrcs: String(ssrcs).split(" ").map(Number).filter(isSsrc),
  }));
  // Simulcast from before rids: its first layer is all that we take.
  const simulcast = groups.find(({ semantics }) => semantics === "SIM")?.ssrcs[0];
  // A group's first member is the source, the others repair it. RFC 5576 section 4.2, RFC 5956 section 4.
  const repairs = new Set(
    groups.flatMap(({ semantics, ssrcs }) => (semantics === "SIM" ? [] : ssrcs.slice(1))),
  );
  const named = (line.ssrcs ?? []).map(({ id }) => Number(id)).filter(isSsrc);
  const ssrc = simulcast ?? named.find((candidate) => !repairs.has(candidate));
  const retransmitted = groups.find(
    ({ semantics, ssrcs }) => semantics === "FID" && ssrcs[0] === ssrc,
  );
  return [{ rid: undefined, ssrc, rtxSsrc: retransmitted?.ssrcs[1] }];
}

function isSsrc(value: number): boolean {
  return Number.isInteger(value) && value > 0 && value <= 0xffff_ffff;
}
