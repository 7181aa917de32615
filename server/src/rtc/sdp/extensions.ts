import type { HeaderExtensionIds } from "../peer.ts";
import type { OfferedExtension } from "./offer.ts";

/** Header extensions that we send. */
const URIS: { readonly [Name in keyof HeaderExtensionIds]-?: string } = {
  /** RFC 9143 section 15.2. */
  mid: "urn:ietf:params:rtp-hdrext:sdes:mid",
  playoutDelay: "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
  absCaptureTime: "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
  transportCc: "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
};

/** Highest id of the one-byte form. RFC 8285 section 4.2. */
const MAX_ID = 14;

/** A header extension of an answer's m-line. */
export interface AnsweredExtension {
  readonly id: number;
  readonly uri: string;
  /** Set where the offer has one. */
  readonly direction: string | undefined;
}

/** Longest value of the one-byte form. RFC 8285 section 4.2. */
const MAX_VALUE_BYTES = 16;

/** Takes the extensions that we know and can write, with the offer's ids. RFC 8285 section 6. */
export function chooseExtensions(
  offered: readonly OfferedExtension[],
  mid: string,
): {
  readonly ids: HeaderExtensionIds;
  readonly answered: readonly AnsweredExtension[];
} {
  const ids: { -readonly [Name in keyof HeaderExtensionIds]: HeaderExtensionIds[Name] } = {};
  const answered: AnsweredExtension[] = [];
  const used = new Set<number>();
  for (const name of Object.keys(URIS) as (keyof HeaderExtensionIds)[]) {
    const match = offered.find((extension) => extension.uri === URIS[name] && canSend(extension));
    if (match === undefined || used.has(match.id)) continue;
    if (name === "mid" && Buffer.byteLength(mid) > MAX_VALUE_BYTES) continue;
    used.add(match.id);
    ids[name] = match.id;
    const direction = match.direction === undefined ? undefined : "sendonly";
    answered.push({ id: match.id, uri: match.uri, direction });
  }
  return { ids, answered };
}

function canSend({ id, direction }: OfferedExtension): boolean {
  if (!Number.isInteger(id) || id < 1 || id > MAX_ID) return false;
  return direction === undefined || direction === "recvonly" || direction === "sendrecv";
}
