/** A sender for tests: holds its track and parameters. */
export class FakeSender {
  track: FakeTrack | null;
  readonly log: string[] = [];
  /** What `setParameters` rejects with. */
  refusal: Error | undefined;
  #encodings: RTCRtpEncodingParameters[];
  #degradation: RTCDegradationPreference | undefined;

  constructor(track: FakeTrack, encodings: readonly RTCRtpEncodingParameters[]) {
    this.track = track;
    this.#encodings = encodings.map((encoding) => ({ ...encoding }));
  }

  get encodings(): readonly RTCRtpEncodingParameters[] {
    return this.#encodings;
  }

  get degradationPreference(): RTCDegradationPreference | undefined {
    return this.#degradation;
  }

  async replaceTrack(track: FakeTrack | null): Promise<void> {
    this.log.push(`replace ${track?.id ?? "nothing"}`);
    await Promise.resolve();
    this.track = track;
  }

  getParameters(): RTCRtpSendParameters {
    return {
      transactionId: "1",
      codecs: [],
      headerExtensions: [],
      rtcp: {},
      encodings: this.#encodings.map((encoding) => ({ ...encoding })),
    };
  }

  async setParameters(parameters: RTCRtpSendParameters): Promise<void> {
    this.log.push("parameters");
    await Promise.resolve();
    if (this.refusal !== undefined) throw this.refusal;
    if (parameters.encodings.length !== this.#encodings.length) throw new TypeError("encodings");
    this.#encodings = parameters.encodings;
    this.#degradation = parameters.degradationPreference;
  }
}

/** One m-line of a `FakeSenderPeer`. */
export class FakeSenderTransceiver {
  readonly sender: FakeSender;
  direction: RTCRtpTransceiverDirection;
  codecs: readonly string[] | undefined;

  constructor(track: FakeTrack, init: RTCRtpTransceiverInit) {
    this.sender = new FakeSender(track, init.sendEncodings ?? []);
    this.direction = init.direction ?? "sendrecv";
  }

  setCodecPreferences(codecs: readonly RTCRtpCodec[]): void {
    this.codecs = codecs.map(({ mimeType }) => mimeType);
  }
}

/** A track for tests. */
export class FakeTrack {
  readonly id: string;
  readonly kind: "audio" | "video";
  contentHint = "";

  constructor(kind: "audio" | "video", id: string) {
    this.kind = kind;
    this.id = id;
  }
}

/** A peer connection for tests: records what it is to send and changes state when told. */
export class FakeSenderPeer extends EventTarget {
  readonly transceivers: FakeSenderTransceiver[] = [];
  readonly configuration: RTCConfiguration;
  connectionState: RTCPeerConnectionState = "new";
  iceConnectionState: RTCIceConnectionState = "new";
  stats: readonly Readonly<Record<string, unknown>>[] = [];
  closed = false;

  constructor(configuration: RTCConfiguration) {
    super();
    this.configuration = configuration;
  }

  addTransceiver(track: FakeTrack, init: RTCRtpTransceiverInit): FakeSenderTransceiver {
    const transceiver = new FakeSenderTransceiver(track, init);
    this.transceivers.push(transceiver);
    return transceiver;
  }

  async getStats(): Promise<ReadonlyMap<string, unknown>> {
    return new Map(this.stats.map((entry) => [String(entry["id"]), entry]));
  }

  close(): void {
    this.closed = true;
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
