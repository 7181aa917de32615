import { SignalingError } from "./error.ts";

/** Who gives way when both sides offer at once: browsers are polite, the server is impolite. */
export type Politeness = "polite" | "impolite";

/** What to do with a description that arrived. `rollback`: withdraw our own offer, then apply it. */
export type DescriptionVerdict = "apply" | "rollback" | "ignore";

/** `keep`: it is buffered here and comes back from `applied()`. */
export type CandidateVerdict = "apply" | "keep" | "drop";

/** `settling`: the answer to our offer is here but not applied yet. */
export type NegotiationState = "stable" | "offering" | "settling" | "answering" | "closed";

const defaultMaxCandidates = 64;

/**
 * The order in which one side of a session may offer, answer and take candidates: the JSEP state machine
 * (RFC 9429 section 3.2) with perfect negotiation's rule for colliding offers. It holds no peer connection
 * and does no I/O; the owner asks, acts, and reports back.
 *
 * Our offer: `offer()` → send it → `receive("answer")` → apply → `applied()`.
 * Their offer: `receive("offer")` → apply → `applied()` → send our answer → `answered()`.
 * Whatever fails between: `failed()`.
 */
export class Negotiation<Candidate> {
  readonly #politeness: Politeness;
  readonly #maxCandidates: number;
  #state: NegotiationState = "stable";
  #described = false;
  /** Descriptions that were received and are not applied yet. */
  #applying = 0;
  #ignoring = false;
  #kept: Candidate[] = [];

  /** `maxCandidates`: how many candidates may arrive before the description they belong to. */
  constructor(politeness: Politeness, maxCandidates: number = defaultMaxCandidates) {
    this.#politeness = politeness;
    this.#maxCandidates = maxCandidates;
  }

  get state(): NegotiationState {
    return this.#state;
  }

  /** We begin an offer. @throws SignalingError `NEGOTIATION_ORDER` unless stable, `SESSION_CLOSED`. */
  offer(): void {
    this.#assertOpen();
    if (this.#state !== "stable") throw outOfOrder(`an offer while ${this.#state}`);
    this.#state = "offering";
  }

  /** A description of the other side arrived. @throws SignalingError `NEGOTIATION_ORDER`, `SESSION_CLOSED`. */
  receive(type: "offer" | "answer"): DescriptionVerdict {
    this.#assertOpen();
    if (type === "answer") {
      if (this.#state !== "offering") throw outOfOrder(`an answer while ${this.#state}`);
      this.#state = "settling";
      this.#applying += 1;
      this.#ignoring = false;
      return "apply";
    }
    if (this.#state === "answering") throw outOfOrder("a second offer before the answer");
    const collides = this.#state === "offering";
    if (collides && this.#politeness === "impolite") {
      this.#ignoring = true;
      return "ignore";
    }
    this.#state = "answering";
    this.#applying += 1;
    this.#ignoring = false;
    return collides ? "rollback" : "apply";
  }

  /** A received description is applied. Returns the candidates that waited for it, in order. */
  applied(): readonly Candidate[] {
    this.#applying = Math.max(0, this.#applying - 1);
    if (this.#state === "settling") this.#state = "stable";
    this.#described = true;
    // Another description is on its way: the candidates may be its own.
    if (this.#applying > 0) return [];
    const kept = this.#kept;
    this.#kept = [];
    return kept;
  }

  /** Our answer is made. Without effect when the session was closed meanwhile. */
  answered(): void {
    if (this.#state === "answering") this.#state = "stable";
  }

  /** Our offer was refused, or their description could not be applied: back to what was agreed before. */
  failed(): void {
    if (this.#state === "closed") return;
    this.#state = "stable";
    this.#applying = 0;
    this.#kept = [];
  }

  /** A candidate of the other side arrived. @throws SignalingError `CANDIDATES_FULL`. */
  candidate(candidate: Candidate): CandidateVerdict {
    if (this.#state === "closed" || this.#ignoring) return "drop";
    if (this.#described && this.#applying === 0) return "apply";
    if (this.#kept.length >= this.#maxCandidates) {
      throw new SignalingError(
        "CANDIDATES_FULL",
        `More than ${this.#maxCandidates} candidates before their description.`,
      );
    }
    this.#kept.push(candidate);
    return "keep";
  }

  /** Nothing is accepted any more. May be called twice. */
  close(): void {
    this.#state = "closed";
    this.#kept = [];
  }

  #assertOpen(): void {
    if (this.#state === "closed") {
      throw new SignalingError("SESSION_CLOSED", "The session is closed.");
    }
  }
}

function outOfOrder(what: string): SignalingError {
  return new SignalingError("NEGOTIATION_ORDER", `Out of order: ${what}.`);
}
