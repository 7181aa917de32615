import { createHash, randomBytes, randomInt } from "node:crypto";
import { ProtocolError } from "@millrace/media/error";
import type { Fingerprint } from "../dtls/fingerprint.ts";
import type { HostCandidate } from "../net/announced.ts";
import type { IceCredentials } from "../net/ice-credentials.ts";
import type { AnswerPreferences, SendMedia } from "../peer.ts";
import { writeAnswer } from "./answer.ts";
import { type Offer, parseOffer, type SdpLimits } from "./offer.ts";
import { type PlannedMedia, planAnswer, type SenderIdentity } from "./plan.ts";

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
  readonly mediaLines: number;
}

/** What the transport adds to an answer. */
export interface AnswerTransport {
  readonly ice: IceCredentials;
  readonly fingerprint: string;
  readonly candidates: readonly HostCandidate[];
}

/** Offers and answers of one sender: first, later and ICE restarts. Its SSRCs never change. RFC 8829 section 5.3. */
export class SenderNegotiation {
  readonly #preferences: AnswerPreferences;
  readonly #limits: SdpLimits;
  readonly #identity: SenderIdentity = createIdentity();
  readonly #sessionId = String(randomInt(2 ** 47));
  #version = 0;
  #before: Remembered | undefined;
  #media: readonly SendMedia[] = [];

  constructor(preferences: AnswerPreferences, limits: SdpLimits) {
    this.#preferences = preferences;
    this.#limits = limits;
  }

  /** What the last answer sends. */
  get media(): readonly SendMedia[] {
    return this.#media;
  }

  /** @throws ProtocolError `SDP_INVALID`, `SDP_UNSUPPORTED`. */
  propose(sdp: string): Proposal {
    const offer = parseOffer(sdp, this.#limits);
    const planned = planAnswer(offer, this.#preferences, this.#identity, this.#media);
    const before = this.#before;
    const wanted = before === undefined ? ["send"] : ["send", "inactive"];
    if (!planned.some((media) => wanted.includes(media.type))) {
      throw unsupported("the offer can receive neither H.264 (packetization-mode 1) nor Opus");
    }
    if (before === undefined) return { offer, planned, restartsIce: false };
    if (before.mediaLines > offer.media.length) {
      // RFC 3264 section 8: m-lines are never taken away.
      throw new ProtocolError("SDP_INVALID", "the offer has fewer m-lines than the one before");
    }
    if (before.fingerprints !== digestOf(...offer.fingerprints.map(fingerprintText).sort())) {
      throw unsupported("another certificate than before: make a new session");
    }
    const restartsIce = before.ice !== digestOf(offer.iceUfrag, offer.icePwd);
    return { offer, planned, restartsIce };
  }

  /** Makes the proposal the current state and gives the answer. */
  accept({ offer, planned }: Proposal, transport: AnswerTransport): string {
    this.#before = {
      ice: digestOf(offer.iceUfrag, offer.icePwd),
      fingerprints: digestOf(...offer.fingerprints.map(fingerprintText).sort()),
      mediaLines: offer.media.length,
    };
    this.#media = planned.flatMap((media) => (media.type === "send" ? [media.media] : []));
    return writeAnswer({
      ...transport,
      sessionId: this.#sessionId,
      version: ++this.#version,
      bundle: offer.bundle,
      media: planned,
      identity: this.#identity,
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
}

function createIdentity(): SenderIdentity {
  const ssrcs = new Set<number>();
  // 0 is left out: many tools take it for "none".
  while (ssrcs.size < 3) ssrcs.add(randomInt(1, 2 ** 32));
  const [video = 1, rtx = 2, audio = 3] = ssrcs;
  return {
    cname: randomBytes(12).toString("base64url"),
    streamId: randomBytes(12).toString("hex"),
    video: { ssrc: video, rtxSsrc: rtx, trackId: randomBytes(12).toString("hex") },
    audio: { ssrc: audio, trackId: randomBytes(12).toString("hex") },
  };
}

/** Tells texts apart without keeping them, nor the offer they are part of. */
function digestOf(...texts: readonly string[]): string {
  return createHash("sha256").update(texts.join(" ")).digest("base64");
}

function fingerprintText({ hash, value }: Fingerprint): string {
  return `${hash}:${Buffer.from(value).toString("hex")}`;
}

function unsupported(message: string): ProtocolError {
  return new ProtocolError("SDP_UNSUPPORTED", message);
}
