import { createHash, randomInt } from "node:crypto";
import { ProtocolError } from "@millrace/media/error";
import type { Fingerprint } from "../dtls/fingerprint.ts";
import type { HostCandidate } from "../net/announced.ts";
import type { IceCredentials } from "../net/ice-credentials.ts";
import type { DataMedia, ReceiveMedia, SendMedia } from "../peer.ts";
import { writeAnswer } from "./answer.ts";
import { type Offer, parseOffer, type SdpLimits } from "./offer.ts";
import { type PlannedMedia, type Planner, taggedMid, type UsedLines } from "./plan.ts";

/** An offer that can be answered. Nothing has changed yet. */
export interface Proposal {
  readonly offer: Offer;
  readonly planned: readonly PlannedMedia[];
  /** The offer has other ICE credentials than the one before. RFC 8839 section 4.4.3. */
  readonly restartsIce: boolean;
}

/** What is remembered of the offer before: as little as can be, for there are many peers. */
interface Remembered {
  readonly ice: string;
  readonly fingerprints: string;
  /** Of each m-line its kind and mid, undefined where it was rejected. */
  readonly lines: readonly (string | undefined)[];
  /** The m-line that the transport belongs to. */
  readonly taggedMid: string | undefined;
}

/** What the transport adds to an answer. */
export interface AnswerTransport {
  readonly ice: IceCredentials;
  readonly fingerprint: string;
  readonly candidates: readonly HostCandidate[];
}

/** Offers and answers of one peer: first, later and ICE restarts. RFC 8829 section 5.3. */
export class Negotiation {
  readonly #planner: Planner;
  readonly #limits: SdpLimits;
  readonly #sessionId = String(randomInt(2 ** 47));
  #version = 0;
  #before: Remembered | undefined;
  #media: readonly SendMedia[] = [];
  #receives: readonly ReceiveMedia[] = [];
  #dataMedia: DataMedia | undefined;

  constructor(planner: Planner, limits: SdpLimits) {
    this.#planner = planner;
    this.#limits = limits;
  }

  /** What the last answer sends. */
  get media(): readonly SendMedia[] {
    return this.#media;
  }

  /** What the last answer receives. */
  get receives(): readonly ReceiveMedia[] {
    return this.#receives;
  }

  /** The data channels of the last answer. */
  get dataMedia(): DataMedia | undefined {
    return this.#dataMedia;
  }

  /** @throws ProtocolError `SDP_INVALID`, `SDP_UNSUPPORTED`. */
  propose(sdp: string): Proposal {
    const offer = parseOffer(sdp, this.#limits);
    const before = this.#before;
    if (before === undefined) {
      return { offer, planned: this.#planner.plan(offer, undefined), restartsIce: false };
    }
    checkLines(offer, before);
    const planned = this.#planner.plan(offer, this.#used());
    if (before.fingerprints !== fingerprintsOf(offer)) {
      throw new ProtocolError(
        "SDP_UNSUPPORTED",
        "another certificate than before: make a new session",
      );
    }
    return { offer, planned, restartsIce: before.ice !== digestOf(offer.iceUfrag, offer.icePwd) };
  }

  /** Makes the proposal the current state and gives the answer. */
  accept({ offer, planned }: Proposal, transport: AnswerTransport): string {
    this.#before = {
      ice: digestOf(offer.iceUfrag, offer.icePwd),
      fingerprints: fingerprintsOf(offer),
      lines: planned.map(({ type, offered }) =>
        type === "rejected" ? undefined : `${offered.kind} ${offered.mid}`,
      ),
      taggedMid: taggedMid(offer.bundle, planned),
    };
    this.#media = planned.flatMap((line) => (line.type === "send" ? [line.media] : []));
    this.#receives = planned.flatMap((line) => (line.type === "receive" ? [line.media] : []));
    this.#dataMedia = planned.find((line) => line.type === "data")?.media;
    return writeAnswer({
      ...transport,
      sessionId: this.#sessionId,
      version: ++this.#version,
      bundle: offer.bundle,
      media: planned,
    });
  }

  /**
   * Takes the client's new ICE credentials; false when they are those it has already.
   * @throws ProtocolError `ICE_INVALID` before the first offer.
   */
  restartIce(iceUfrag: string, icePwd: string): boolean {
    const before = this.#before;
    if (before === undefined) throw new ProtocolError("ICE_INVALID", "there was no offer yet");
    const ice = digestOf(iceUfrag, icePwd);
    if (before.ice === ice) return false;
    this.#before = { ...before, ice };
    return true;
  }

  #used(): UsedLines {
    return { media: [...this.#media, ...this.#receives], dataMid: this.#dataMedia?.mid };
  }
}

/** M-lines are never taken away or changed; only a rejected one may become another. RFC 8829 section 5.2.2. */
function checkLines(offer: Offer, { lines, taggedMid: tagged }: Remembered): void {
  if (lines.length > offer.media.length) {
    throw new ProtocolError("SDP_INVALID", "the offer has fewer m-lines than the one before");
  }
  // Chromium would leave the transport with it, and the handshake would have to begin again.
  if (offer.media.some(({ mid, rejected }) => rejected && mid === tagged)) {
    throw new ProtocolError(
      "SDP_UNSUPPORTED",
      `m-line ${tagged} carries the transport: make it inactive, or make a new session`,
    );
  }
  for (const [i, line] of lines.entries()) {
    const now = offer.media[i];
    if (line === undefined || now === undefined || now.rejected) continue;
    if (`${now.kind} ${now.mid}` !== line) {
      throw new ProtocolError("SDP_INVALID", `m-line ${i + 1} is another one than before`);
    }
  }
}

/** Tells texts apart without keeping them, nor the offer they are part of. */
function digestOf(...texts: readonly string[]): string {
  return createHash("sha256").update(texts.join(" ")).digest("base64");
}

function fingerprintsOf({ fingerprints }: Offer): string {
  return digestOf(...fingerprints.map(fingerprintText).sort());
}

function fingerprintText({ hash, value }: Fingerprint): string {
  return `${hash}:${Buffer.from(value).toString("hex")}`;
}
