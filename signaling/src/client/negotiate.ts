import type { Candidate, Description } from "../protocol/index.ts";
import { Negotiation, type Politeness } from "../session/negotiation.ts";

/** What negotiation needs of an `RTCPeerConnection`. */
export interface NegotiatingPeer {
  getTransceivers(): readonly unknown[];
  createOffer(): Promise<RTCSessionDescriptionInit>;
  createAnswer(): Promise<RTCSessionDescriptionInit>;
  setLocalDescription(description: RTCLocalSessionDescriptionInit): Promise<void>;
  setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void>;
  addIceCandidate(candidate: RTCIceCandidateInit | null): Promise<void>;
  addEventListener(type: "negotiationneeded", listener: () => void): void;
  addEventListener(
    type: "icecandidate",
    listener: (event: Pick<RTCPeerConnectionIceEvent, "candidate">) => void,
  ): void;
  removeEventListener(type: "negotiationneeded", listener: () => void): void;
  removeEventListener(
    type: "icecandidate",
    listener: (event: Pick<RTCPeerConnectionIceEvent, "candidate">) => void,
  ): void;
}

/** What negotiation has to hear. */
export interface NegotiationEvents {
  readonly description: Description;
  readonly candidate: Candidate | null;
  /** The other side asks for an offer, whether or not the peer connection thinks that it needs one. */
  readonly renegotiate: undefined;
  /** Signaling was lost and goes on over a new connection. */
  readonly resumed: undefined;
  /** It is over; nothing follows. `reason` is a stable code. */
  readonly bye: { readonly reason: string };
}

/** What negotiation needs of a `SignalingSession` or a `CallSession`. */
export interface NegotiationChannel {
  describe(description: Description): Promise<Description | undefined>;
  candidate(candidate: Candidate | null): Promise<void>;
  on<Name extends keyof NegotiationEvents>(
    name: Name,
    listener: (payload: NegotiationEvents[Name]) => void,
  ): () => void;
}

export interface NegotiateOptions {
  /** The last word on our offers before they are set and sent, for instance to ask for stereo. */
  readonly prepareOffer?: (sdp: string) => string;
  /**
   * An offer was refused, by the other side with a `SignalingError` or by the browser with its own error.
   * What was agreed before stands; nothing is offered any more until `retry`.
   */
  readonly failed: (error: unknown) => void;
  /** Who gives way when both offer. Default polite: the server is impolite. */
  readonly politeness?: Politeness;
  /**
   * Who begins: `needed` (default) offers when the peer connection has something to negotiate, `offer` in any
   * case, `await` leaves the first offer to the other side.
   */
  readonly opening?: "needed" | "offer" | "await";
}

/** A negotiation that goes on. */
export interface Negotiating {
  /** Settles when the descriptions and candidates that arrived so far are dealt with. */
  settled(): Promise<void>;
  /** Offers again after a refusal. */
  retry(): void;
  /** Leaves the peer connection and the session as they are. May be called twice. */
  close(): void;
}

/**
 * Keeps a peer connection and a session in agreement: offers whenever the peer connection needs it (and at once,
 * when it has been waiting for that), answers the other side's offers, and passes candidates both ways. Add
 * transceivers or tracks to `pc` first.
 */
export function negotiate(
  pc: NegotiatingPeer,
  session: NegotiationChannel,
  options: NegotiateOptions,
): Negotiating {
  const negotiation = new Negotiation<Candidate | null>(options.politeness ?? "polite");
  const { failed, opening = "needed" } = options;
  let offers = 0;
  let refused = false;
  let awaiting = opening === "await";
  /** An offer is due that the peer connection does not ask for. */
  let due = false;
  /** The offer under way was due. */
  let paying = false;
  // Steps of one exchange never interleave with those of another.
  let queue: Promise<void> = Promise.resolve();
  const enqueue = (step: () => Promise<void>): void => {
    queue = queue.then(step).catch(fail);
  };

  /** Back to what was agreed before. Asking again at once would only be refused again, so the owner decides when. */
  const fail = async (error: unknown): Promise<void> => {
    if (negotiation.state === "closed") return;
    negotiation.failed();
    refused = true;
    // Nothing to withdraw when the peer connection refused the first step.
    await pc.setLocalDescription({ type: "rollback" }).catch(() => {});
    failed(error);
  };

  const isWaitingFor = (offer: number): boolean =>
    negotiation.state === "offering" && offer === offers;

  const offer = async (): Promise<void> => {
    // The peer connection asks again once it is stable, should it still need an offer then.
    if (refused || awaiting || negotiation.state !== "stable") return;
    negotiation.offer();
    paying = due;
    due = false;
    offers += 1;
    const mine = offers;
    const made = await pc.createOffer();
    const sdp = options.prepareOffer?.(made.sdp ?? "") ?? made.sdp ?? "";
    // Theirs came first and we gave way.
    if (!isWaitingFor(mine)) return;
    await pc.setLocalDescription({ type: "offer", sdp });
    // The answer may take a while and their offer may come first: the queue must not wait.
    void session.describe({ type: "offer", sdp }).then(
      (answer) => {
        if (answer !== undefined && isWaitingFor(mine)) receive(answer);
      },
      (error: unknown) => {
        if (isWaitingFor(mine)) enqueue(() => fail(error));
      },
    );
  };

  const receive = (description: Description): void => {
    let verdict: ReturnType<typeof negotiation.receive>;
    try {
      verdict = negotiation.receive(description.type);
    } catch (error) {
      if (negotiation.state !== "closed") failed(error);
      return;
    }
    if (verdict === "rollback") due ||= paying;
    if (verdict !== "ignore") enqueue(() => apply(description));
  };

  const apply = async (description: Description): Promise<void> => {
    // Setting their offer withdraws ours.
    await pc.setRemoteDescription(description);
    for (const candidate of negotiation.applied()) await addCandidate(pc, candidate);
    awaiting = false;
    if (description.type === "offer") {
      const { sdp = "" } = await pc.createAnswer();
      await pc.setLocalDescription({ type: "answer", sdp });
      negotiation.answered();
      await session.describe({ type: "answer", sdp });
    }
    if (due) enqueue(offer);
  };

  const receiveCandidate = (candidate: Candidate | null): void => {
    try {
      if (negotiation.candidate(candidate) === "apply") {
        enqueue(() => addCandidate(pc, candidate));
      }
    } catch (error) {
      failed(error);
    }
  };

  const needed = (): void => enqueue(offer);
  const demanded = (): void => {
    due = true;
    enqueue(offer);
  };
  const gathered = ({ candidate }: Pick<RTCPeerConnectionIceEvent, "candidate">): void => {
    // Candidates help, but connectivity checks find the way without them: a lost one is no failure.
    session.candidate(candidate === null ? null : plainCandidate(candidate)).catch(() => {});
  };
  const stopListening = [
    session.on("description", receive),
    session.on("candidate", receiveCandidate),
    session.on("renegotiate", demanded),
    session.on("bye", () => close()),
  ];
  pc.addEventListener("negotiationneeded", needed);
  pc.addEventListener("icecandidate", gathered);
  const close = (): void => {
    negotiation.close();
    pc.removeEventListener("negotiationneeded", needed);
    pc.removeEventListener("icecandidate", gathered);
    for (const stop of stopListening) stop();
  };

  if (opening === "offer") demanded();
  else if (pc.getTransceivers().length > 0) needed();
  return {
    settled: () => queue,
    retry() {
      refused = false;
      needed();
    },
    close,
  };
}

/** Negotiates a session with the server, which is impolite: viewer and publisher alike. */
export function negotiateWatch(
  pc: NegotiatingPeer,
  session: NegotiationChannel,
  options: Omit<NegotiateOptions, "politeness">,
): Negotiating {
  return negotiate(pc, session, options);
}

async function addCandidate(pc: NegotiatingPeer, candidate: Candidate | null): Promise<void> {
  // A candidate that the browser cannot use (another m-line, an unknown address family) costs one path, not the session.
  await pc.addIceCandidate(candidate === null ? null : { ...candidate }).catch(() => {});
}

function plainCandidate(candidate: RTCIceCandidate): Candidate {
  const { candidate: line, sdpMid, sdpMLineIndex, usernameFragment } = candidate;
  return { candidate: line, sdpMid, sdpMLineIndex, usernameFragment };
}
