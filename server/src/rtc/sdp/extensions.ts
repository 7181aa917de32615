import type { HeaderExtensionIds, ReceiveExtensionIds } from "../peer.ts";
import type { OfferedExtension } from "./offer.ts";

type Uris<Ids> = { readonly [Name in keyof Ids]-?: string };

/** RFC 9143 section 15.2. */
const MID = "urn:ietf:params:rtp-hdrext:sdes:mid";
const ABS_CAPTURE_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time";
const TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

/** Header extensions that we send. */
const SENT: Uris<HeaderExtensionIds> = {
  mid: MID,
  playoutDelay: "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
  absCaptureTime: ABS_CAPTURE_TIME,
  transportCc: TRANSPORT_CC,
};

/** Header extensions that we read. */
const RECEIVED: Uris<ReceiveExtensionIds> = {
  mid: MID,
  /** RFC 8852 section 4. */
  rid: "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
  repairedRid: "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
  transportCc: TRANSPORT_CC,
  absSendTime: "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
  absCaptureTime: ABS_CAPTURE_TIME,
  /** RFC 6464 section 4. */
  audioLevel: "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
  /** 3GPP TS 26.114 section 7.4.5. */
  videoOrientation: "urn:3gpp:video-orientation",
};

/** Highest id of the one-byte form. RFC 8285 section 4.2. */
const MAX_ID = 14;
/** Longest value of the one-byte form. RFC 8285 section 4.2. */
const MAX_VALUE_BYTES = 16;

/** A header extension of an answer's m-line. */
export interface AnsweredExtension {
  readonly id: number;
  readonly uri: string;
  /** Set where the offer has one. */
  readonly direction: string | undefined;
}

export interface ChosenExtensions<Ids> {
  readonly ids: Ids;
  readonly answered: readonly AnsweredExtension[];
}

/** Takes the extensions that we know and can write, with the offer's ids. RFC 8285 section 6. */
export function chooseSent(
  offered: readonly OfferedExtension[],
  mid: string,
): ChosenExtensions<HeaderExtensionIds> {
  const names = namesOf(SENT);
  // A mid that does not fit would make every packet too long.
  const usable = names.filter(
    (name) => name !== "mid" || Buffer.byteLength(mid) <= MAX_VALUE_BYTES,
  );
  return choose(offered, SENT, usable, "recvonly", "sendonly");
}

/** Takes the extensions that we can read, with the offer's ids. RFC 8285 section 6. */
export function chooseReceived(
  offered: readonly OfferedExtension[],
): ChosenExtensions<ReceiveExtensionIds> {
  return choose(offered, RECEIVED, namesOf(RECEIVED), "sendonly", "recvonly");
}

function namesOf<Ids extends object>(uris: Uris<Ids>): (keyof Ids & string)[] {
  return Object.keys(uris) as (keyof Ids & string)[];
}

/** `theirs` and `ours` are how the two sides call the direction in which the extension is used. */
function choose<Ids extends object>(
  offered: readonly OfferedExtension[],
  uris: Uris<Ids>,
  names: readonly (keyof Ids & string)[],
  theirs: string,
  ours: string,
): ChosenExtensions<Ids> {
  const ids: { [name: string]: number } = {};
  const answered: AnsweredExtension[] = [];
  const used = new Set<number>();
  for (const name of names) {
    const match = offered.find(({ id, uri, direction }) => {
      const flows = direction === undefined || direction === theirs || direction === "sendrecv";
      return uri === uris[name] && flows && Number.isInteger(id) && id >= 1 && id <= MAX_ID;
    });
    if (match === undefined || used.has(match.id)) continue;
    used.add(match.id);
    ids[name] = match.id;
    const direction = match.direction === undefined ? undefined : ours;
    answered.push({ id: match.id, uri: match.uri, direction });
  }
  return { ids: ids as Ids, answered };
}
