import type { Candidate, Description } from "../../protocol/index.ts";
import { Emitter } from "../emitter.ts";
import type { NegotiationChannel } from "../negotiate.ts";
import type { LastingPeer } from "../negotiate-lasting.ts";
import type { SessionEvents } from "../signaling-session.ts";

type PeerEvent = "negotiationneeded" | "icecandidate" | "iceconnectionstatechange";
type Gathered = Pick<RTCPeerConnectionIceEvent, "candidate">;

/** A peer connection that keeps the state that JSEP asks for and writes down every step. */
export class FakePeer implements LastingPeer {
  readonly name: string;
  readonly trace: string[];
  readonly added: (string | null)[] = [];
  transceivers: unknown[] = [];
  state = "stable";
  refuse = "";
  iceConnectionState: RTCIceConnectionState = "new";
  connectionState: RTCPeerConnectionState = "new";
  /** Of the transport, as statistics tell it. */
  packetsReceived: number | undefined;
  #offers = 0;
  readonly #needed = new Set<() => void>();
  readonly #gathered = new Set<(event: Gathered) => void>();
  readonly #iceChanged = new Set<() => void>();

  constructor(name: string, trace: string[]) {
    this.name = name;
    this.trace = trace;
  }

  get listeners(): number {
    return this.#needed.size + this.#gathered.size + this.#iceChanged.size;
  }

  async getStats(): Promise<ReadonlyMap<string, unknown>> {
    return new Map([["t", { type: "transport", packetsReceived: this.packetsReceived }]]);
  }

  getTransceivers(): readonly unknown[] {
    return this.transceivers;
  }

  async createOffer(): Promise<RTCSessionDescriptionInit> {
    this.#step("createOffer");
    this.#offers += 1;
    return { type: "offer", sdp: `${this.name} offer ${this.#offers}` };
  }

  async createAnswer(): Promise<RTCSessionDescriptionInit> {
    this.#step("createAnswer");
    if (this.state !== "have-remote-offer") throw new Error(`createAnswer while ${this.state}`);
    return { type: "answer", sdp: `${this.name} answer` };
  }

  async setLocalDescription({ type }: RTCLocalSessionDescriptionInit): Promise<void> {
    this.#step(`setLocal ${type}`);
    if (type === "rollback" && this.state === "stable") throw new Error("nothing to roll back");
    if (type === "offer" && this.state !== "stable") throw new Error(`offer while ${this.state}`);
    this.state = type === "offer" ? "have-local-offer" : "stable";
  }

  async setRemoteDescription({ type }: RTCSessionDescriptionInit): Promise<void> {
    this.#step(`setRemote ${type}`);
    if (type === "answer" && this.state !== "have-local-offer") {
      throw new Error(`answer while ${this.state}`);
    }
    this.state = type === "offer" ? "have-remote-offer" : "stable";
  }

  async addIceCandidate(candidate: RTCIceCandidateInit | null): Promise<void> {
    if (candidate?.candidate === "bad") throw new Error("unusable");
    this.added.push(candidate?.candidate ?? null);
  }

  /** As a browser: the next offer restarts ICE, and is asked for. */
  restartIce(): void {
    this.#step("restartIce");
    this.need();
  }

  addEventListener(type: PeerEvent, listener: never): void {
    this.#listeners(type).add(listener);
  }

  removeEventListener(type: PeerEvent, listener: never): void {
    this.#listeners(type).delete(listener);
  }

  iceIs(state: RTCIceConnectionState): void {
    this.iceConnectionState = state;
    for (const listener of this.#iceChanged) listener();
  }

  need(): void {
    for (const listener of this.#needed) listener();
  }

  gather(candidate: Candidate | null): void {
    for (const listener of this.#gathered) listener({ candidate } as Gathered);
  }

  #listeners(type: PeerEvent): Set<never> {
    if (type === "icecandidate") return this.#gathered as Set<never>;
    return (type === "negotiationneeded" ? this.#needed : this.#iceChanged) as Set<never>;
  }

  #step(step: string): void {
    this.trace.push(`${this.name} ${step}`);
    if (step === this.refuse) throw new Error(`refused ${step}`);
  }
}

/** One side's signaling; `server` answers offers in the acknowledgement, `relay` passes all on to the other side. */
export class FakeChannel implements NegotiationChannel {
  readonly events: Emitter<SessionEvents> = new Emitter();
  readonly sent: (Candidate | null)[] = [];
  other: FakeChannel | undefined;
  answer: (description: Description) => Promise<Description | undefined>;

  constructor(answer: (description: Description) => Promise<Description | undefined>) {
    this.answer = answer;
  }

  static relay(): [FakeChannel, FakeChannel] {
    const left = new FakeChannel(() => Promise.resolve(undefined));
    const right = new FakeChannel(() => Promise.resolve(undefined));
    const connect = (from: FakeChannel, to: FakeChannel): void => {
      from.other = to;
      from.answer = async (description) => {
        // Through the event loop, as over a network.
        setImmediate(() => to.events.emit("description", description));
        return undefined;
      };
    };
    connect(left, right);
    connect(right, left);
    return [left, right];
  }

  describe(description: Description): Promise<Description | undefined> {
    return this.answer(description);
  }

  async candidate(candidate: Candidate | null): Promise<void> {
    this.sent.push(candidate);
    this.other?.events.emit("candidate", candidate);
  }

  on<Name extends keyof SessionEvents>(
    name: Name,
    listener: (payload: SessionEvents[Name]) => void,
  ): () => void {
    return this.events.on(name, listener);
  }
}
