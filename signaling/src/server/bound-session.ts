import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Candidate, ServerEvent, ServerMessage } from "../protocol/index.ts";
import {
  type JsepSession,
  type LayerPreference,
  Negotiation,
  type SessionObserver,
  SignalingError,
  type StreamStatus,
} from "../session/index.ts";
import { LatestPusher } from "./latest-pusher.ts";
import type { SignalingClock, SignalingLimits } from "./options.ts";

/** The connection that a session talks through at the moment. */
export interface SessionOwner {
  push<Event extends ServerEvent>(event: Event, message: ServerMessage<Event>): void;
  /** The session has ended or moved to another connection. */
  released(session: BoundSession): void;
}

interface Answered {
  readonly offerDigest: string;
  readonly answerSdp: string;
}

/**
 * A gateway session that a socket.io client opened. It may change connections: without one it waits
 * `recoveryMs` for a `resume`, then closes with `SIGNALING_LOST`.
 */
export class BoundSession implements SessionObserver {
  /** Lets another connection take the session over. Secret. */
  readonly resume: string = randomBytes(16).toString("base64url");
  readonly #clock: SignalingClock;
  readonly #limits: SignalingLimits;
  readonly #ended: (session: BoundSession) => void;
  readonly #negotiation: Negotiation<string | null>;
  readonly #pusher: LatestPusher<StreamStatus>;
  readonly #layer: LatestPusher<string | null>;
  #jsep: JsepSession | undefined;
  #owner: SessionOwner | undefined;
  #recovery: { cancel(): void } | undefined;
  #endReason: string | undefined;
  #answered: Answered | undefined;
  /** The client was asked for an offer that has not come yet. */
  #renegotiating = false;
  /** Offers are answered one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  /** `ended` is called once, when the session can no longer be resumed. */
  constructor(
    clock: SignalingClock,
    limits: SignalingLimits,
    ended: (session: BoundSession) => void,
  ) {
    this.#clock = clock;
    this.#limits = limits;
    this.#ended = ended;
    this.#negotiation = new Negotiation("impolite", limits.maxCandidates);
    const { statusIntervalMs } = limits;
    this.#pusher = new LatestPusher(clock, statusIntervalMs, (stream) =>
      this.#owner?.push("stream", { session: this.id, stream }),
    );
    this.#layer = new LatestPusher(clock, statusIntervalMs, (rid) =>
      this.#owner?.push("layer", { session: this.id, rid }),
    );
  }

  get id(): string {
    return this.#open().id;
  }

  /** The stream's latest status, once told. */
  get status(): StreamStatus | undefined {
    return this.#pusher.latest;
  }

  /** The gateway made the session. Closes it again when it said bye already. @throws SignalingError with that reason. */
  begin(jsep: JsepSession): void {
    this.#jsep = jsep;
    if (this.#endReason === undefined) return;
    jsep.close(this.#endReason);
    throw new SignalingError(this.#endReason, "The session ended while it was opened.");
  }

  /** Called by the gateway. */
  stream(status: StreamStatus): void {
    this.#pusher.offer(status);
  }

  /** Called by the gateway: the layer that the viewer is shown. */
  layer(rid: string | null): void {
    this.#layer.offer(rid);
  }

  /** Called by the gateway: the client should offer anew. Asked again should its connection break before it does. */
  renegotiate(): void {
    if (this.#endReason !== undefined) return;
    this.#renegotiating = true;
    this.#owner?.push("renegotiate", { session: this.id });
  }

  /** Called by the gateway: it ended the session. The reason is kept for a client whose connection breaks just now. */
  bye(reason: string): void {
    if (this.#endReason !== undefined) return;
    this.#endReason = reason;
    this.#answered = undefined;
    this.#negotiation.close();
    this.#stopPushing();
    if (this.#jsep === undefined) return;
    this.#awaitResume();
    this.#sayBye(reason);
  }

  /** `owner` speaks for the session from now on; `known` is the status that its client has. */
  attach(owner: SessionOwner, known: StreamStatus): void {
    if (this.#owner !== owner) this.#owner?.released(this);
    this.#owner = owner;
    if (this.#endReason !== undefined) {
      this.#sayBye(this.#endReason);
      return;
    }
    this.#recovery?.cancel();
    this.#recovery = undefined;
    this.#pusher.start(known);
    // What was pushed into a connection that broke may not have arrived.
    this.#layer.start(undefined);
    if (this.#renegotiating) owner.push("renegotiate", { session: this.id });
  }

  /** The connection is gone. Without effect when the session has moved to another one. */
  detach(owner: SessionOwner): void {
    if (this.#owner !== undefined && this.#owner !== owner) return;
    this.#owner = undefined;
    this.#stopPushing();
    this.#awaitResume();
  }

  owns(secret: string): boolean {
    const ours = Buffer.from(this.resume);
    const theirs = Buffer.from(secret);
    return ours.length === theirs.length && timingSafeEqual(ours, theirs);
  }

  /** Why the session ended; undefined while it lives. */
  get endReason(): string | undefined {
    return this.#endReason;
  }

  /**
   * Answers an offer. The same offer again, as after a lost acknowledgement, gets the same answer.
   * @throws SignalingError `SESSION_CLOSED`, and what the gateway throws.
   */
  describe(offerSdp: string): Promise<string> {
    const answer = this.#turn.then(() => this.#describeNow(offerSdp));
    this.#turn = answer.catch(() => undefined);
    return answer;
  }

  /** The client answered an offer; we make none, so this is always out of order. @throws SignalingError. */
  acceptAnswer(): void {
    this.#negotiation.receive("answer");
  }

  /** @throws SignalingError `CANDIDATES_FULL`. */
  addCandidate(candidate: Candidate | null): void {
    const line = candidate?.candidate.replace(/^a=/, "") ?? "";
    const value = line === "" ? null : line;
    if (this.#negotiation.candidate(value) === "apply") this.#open().addCandidate(value);
  }

  /** Passes on which layer suits the viewer; a session that has no layers to choose from ignores it. */
  prefer({ rid, viewport }: LayerPreference): void {
    this.#open().prefer?.({
      ...(rid !== undefined && { rid }),
      ...(viewport !== undefined && { viewport }),
    });
  }

  /** We end the session: the gateway is told, the client is not. May be called twice. */
  close(reason: string): void {
    this.#recovery?.cancel();
    this.#recovery = undefined;
    this.#stopPushing();
    this.#negotiation.close();
    this.#endReason ??= reason;
    this.#owner = undefined;
    this.#jsep?.close(reason);
  }

  #stopPushing(): void {
    this.#pusher.stop();
    this.#layer.stop();
  }

  #awaitResume(): void {
    this.#recovery ??= this.#clock.after(this.#limits.recoveryMs, () => {
      this.#recovery = undefined;
      this.close("SIGNALING_LOST");
      this.#ended(this);
    });
  }

  #sayBye(reason: string): void {
    const owner = this.#owner;
    this.#owner = undefined;
    owner?.push("bye", { session: this.id, reason });
    owner?.released(this);
  }

  async #describeNow(offerSdp: string): Promise<string> {
    const offerDigest = createHash("sha256").update(offerSdp).digest("base64");
    if (this.#answered?.offerDigest === offerDigest) return this.#answered.answerSdp;
    this.#negotiation.receive("offer");
    this.#renegotiating = false;
    try {
      const answerSdp = await this.#open().describe(offerSdp);
      for (const candidate of this.#negotiation.applied()) this.#open().addCandidate(candidate);
      this.#negotiation.answered();
      this.#answered = { offerDigest, answerSdp };
      return answerSdp;
    } catch (error) {
      this.#negotiation.failed();
      throw error;
    }
  }

  #open(): JsepSession {
    if (this.#jsep === undefined) throw new Error("the session is not open yet");
    return this.#jsep;
  }
}
