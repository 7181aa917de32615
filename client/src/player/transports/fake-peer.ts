/** A peer connection for tests: records what is asked of it and changes state when told. */
export class FakePeer extends EventTarget {
  readonly log: string[] = [];
  readonly transceivers: FakeTransceiver[] = [];
  connectionState: RTCPeerConnectionState = "new";
  iceConnectionState: RTCIceConnectionState = "new";
  configuration: RTCConfiguration;
  /** Kinds that answers accept. */
  accepts: readonly string[] = ["video", "audio"];
  #offers = 0;

  constructor(configuration: RTCConfiguration) {
    super();
    this.configuration = configuration;
  }

  addTransceiver(kind: string): FakeTransceiver {
    const transceiver = new FakeTransceiver(kind);
    this.transceivers.push(transceiver);
    return transceiver;
  }

  async createOffer(options?: RTCOfferOptions): Promise<RTCSessionDescriptionInit> {
    const restart = options?.iceRestart ? " restart" : "";
    this.#offers++;
    return { type: "offer", sdp: `offer ${this.#offers}${restart}` };
  }

  setConfiguration(configuration: RTCConfiguration): void {
    this.configuration = configuration;
  }

  async setLocalDescription(description: RTCSessionDescriptionInit): Promise<void> {
    this.log.push(`local ${description.sdp}`);
  }

  async setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
    this.log.push(`remote ${description.sdp}`);
    for (const transceiver of this.transceivers) {
      const accepted = this.accepts.includes(transceiver.receiver.track.kind);
      transceiver.currentDirection = accepted ? "recvonly" : "inactive";
    }
  }

  close(): void {
    this.log.push("close");
  }

  /** Gathers one local candidate, or tells their end. */
  gather(candidate: string | null): void {
    const value = candidate === null ? null : { candidate, toJSON: () => ({ candidate }) };
    this.dispatchEvent(Object.assign(new Event("icecandidate"), { candidate: value }));
  }

  ice(state: RTCIceConnectionState): void {
    this.iceConnectionState = state;
    this.dispatchEvent(new Event("iceconnectionstatechange"));
  }

  connection(state: RTCPeerConnectionState): void {
    this.connectionState = state;
    this.dispatchEvent(new Event("connectionstatechange"));
  }
}

/** One m-line of a `FakePeer`. */
export class FakeTransceiver {
  currentDirection: RTCRtpTransceiverDirection | null = null;
  readonly receiver: { readonly track: FakeTrack; jitterBufferTarget: number | null };

  constructor(kind: string) {
    this.receiver = { track: new FakeTrack(kind), jitterBufferTarget: null };
  }
}

/** A remote track: muted until its first packet. */
export class FakeTrack extends EventTarget {
  readonly kind: string;
  muted = true;

  constructor(kind: string) {
    super();
    this.kind = kind;
  }

  /** The first packet arrives. */
  unmute(): void {
    this.muted = false;
    this.dispatchEvent(new Event("unmute"));
  }
}

/** A media stream for tests. */
export class FakeMedia {
  readonly #tracks: FakeTrack[] = [];

  getTracks(): FakeTrack[] {
    return [...this.#tracks];
  }

  addTrack(track: FakeTrack): void {
    this.#tracks.push(track);
  }
}
