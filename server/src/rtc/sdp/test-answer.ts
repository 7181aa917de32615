import { parse, type SessionDescription } from "sdp-transform";
import { DEFAULT_RTC_LIMITS } from "../limits.ts";
import { hostCandidates } from "../net/announced.ts";
import type { AnswerPreferences, DataMedia, ReceiveMedia, SendMedia } from "../peer.ts";
import { type AnswerTransport, Negotiation } from "./negotiation.ts";
import { ReceivePlanner } from "./receive-planner.ts";
import { SendPlanner } from "./send-planner.ts";
import { type OfferName, testOffer } from "./test-offers.ts";

export const TRANSPORT: AnswerTransport = {
  ice: { ufrag: "ouruser1", pwd: "p".repeat(32) },
  fingerprint: Array(32).fill("AB").join(":"),
  candidates: hostCandidates(["192.0.2.2", "2001:db8::2"], 8189),
};

export interface TestAnswer {
  readonly text: string;
  readonly sdp: SessionDescription;
  readonly media: readonly SendMedia[];
  readonly receives: readonly ReceiveMedia[];
  readonly dataMedia: DataMedia | undefined;
}

export function viewer(preferences: Partial<AnswerPreferences> = {}): Negotiation {
  const planner = new SendPlanner({ h264ProfileLevelId: undefined, ...preferences });
  return new Negotiation(planner, DEFAULT_RTC_LIMITS);
}

export function publisher(maxLayers: number = DEFAULT_RTC_LIMITS.maxSimulcastLayers): Negotiation {
  return new Negotiation(new ReceivePlanner(maxLayers), DEFAULT_RTC_LIMITS);
}

/** Proposes and accepts an offer. */
export function answer(offer: string, negotiation: Negotiation): TestAnswer {
  const text = negotiation.accept(negotiation.propose(offer), TRANSPORT);
  const { media, receives, dataMedia } = negotiation;
  return { text, sdp: parse(text), media, receives, dataMedia };
}

/** Of each m-line the kind, port, mid and direction. */
export function outline({ sdp }: TestAnswer): unknown[] {
  return sdp.media.map(({ type, port, mid, direction }) => [type, port, String(mid), direction]);
}

/** The first answer to a publisher. */
export function published(name: OfferName): TestAnswer {
  return answer(testOffer(name), publisher());
}

/** Codec, payload type and retransmission of each format of a line that is received. */
export function formats({ receives }: TestAnswer, line = 0): unknown[] {
  return (receives[line]?.formats ?? []).map((format) => [
    format.codec,
    format.payloadType,
    format.rtxPayloadType,
  ]);
}

/** Codec, payload type, retransmission and profile of each format of the first line that is sent. */
export function sentFormats(media: readonly SendMedia[]): unknown[][] {
  return (media[0]?.formats ?? []).map((format) => [
    format.codec,
    format.payloadType,
    format.rtxPayloadType,
    format.profileLevelId,
  ]);
}
