import type {
  CallRequest,
  IceRestart,
  IceServer,
  JsepGateway,
  JsepSession,
  LayerPreference,
  SessionObserver,
  SessionRequest,
  StreamStatus,
} from "../index.ts";

export function offlineStatus(name: string): StreamStatus {
  return { name, state: "offline", tracks: [], hints: [] };
}

export function liveStatus(name: string): StreamStatus {
  return {
    name,
    state: "live",
    tracks: [
      { kind: "video", codec: "h264", width: 1280, height: 720 },
      { kind: "audio", codec: "opus", sampleRate: 48_000, channels: 2 },
    ],
    hints: [],
  };
}

/** A session for tests: it records what it is asked and answers at once. */
export class FakeSession implements JsepSession {
  readonly id: string;
  readonly iceServers: readonly IceServer[];
  readonly request: SessionRequest;
  readonly observer: SessionObserver;
  readonly offers: string[] = [];
  readonly candidates: (string | null)[] = [];
  readonly restarts: string[] = [];
  readonly preferences: LayerPreference[] = [];
  readonly closed: Promise<string>;
  closeReason: string | undefined;
  /** What `describe` does; replace it to fail or to wait. */
  answer: (offerSdp: string) => Promise<string> = (offerSdp) =>
    Promise.resolve(`answer:${offerSdp}`);
  /** What `restartIce` does. */
  restart: () => Promise<IceRestart> = () =>
    Promise.resolve({
      ufrag: `srv${this.restarts.length}`,
      pwd: "serverpasswordserverpassword",
      candidates: ["candidate:1 1 udp 2130706431 192.0.2.1 8189 typ host"],
    });
  #resolveClosed: (reason: string) => void = () => {};

  constructor(
    id: string,
    iceServers: readonly IceServer[],
    request: SessionRequest,
    observer: SessionObserver,
  ) {
    this.id = id;
    this.iceServers = iceServers;
    this.request = request;
    this.observer = observer;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  describe(offerSdp: string): Promise<string> {
    this.offers.push(offerSdp);
    return this.answer(offerSdp);
  }

  addCandidate(candidate: string | null): void {
    this.candidates.push(candidate);
  }

  restartIce(ufrag: string, pwd: string): Promise<IceRestart> {
    this.restarts.push(`${ufrag} ${pwd}`);
    return this.restart();
  }

  prefer(preference: LayerPreference): void {
    this.preferences.push(preference);
  }

  close(reason: string): void {
    if (this.closeReason !== undefined) return;
    this.closeReason = reason;
    this.#resolveClosed(reason);
  }
}

/** A gateway for tests. Every stream is offline until `tell`; sessions open on all of them unless `refusal` is set. */
export class FakeGateway implements JsepGateway {
  readonly sessions: FakeSession[] = [];
  readonly calls: CallRequest[] = [];
  /** Thrown by `open` and `call`. */
  refusal: Error | undefined;
  /** Awaited by `open` and `call` before they answer. */
  delay: Promise<void> = Promise.resolve();
  readonly #statuses = new Map<string, StreamStatus>();
  #iceServers: readonly IceServer[] = [{ urls: ["stun:192.0.2.1:3478"] }];
  readonly #listeners = new Set<{ stream: string; listener: (status: StreamStatus) => void }>();

  /** Assign what everybody gets; it is read as the gateway's method. */
  get iceServers(): (id: string) => readonly IceServer[] {
    return () => this.#iceServers;
  }

  set iceServers(servers: readonly IceServer[]) {
    this.#iceServers = servers;
  }

  /** How many observations there are: zero after everything was closed. */
  get observers(): number {
    return this.#listeners.size;
  }

  /** The session that was opened last. */
  get last(): FakeSession {
    const session = this.sessions.at(-1);
    if (session === undefined) throw new Error("no session was opened");
    return session;
  }

  async open(request: SessionRequest, observer: SessionObserver): Promise<FakeSession> {
    await this.delay;
    if (this.refusal !== undefined) throw this.refusal;
    const id = `session-${this.sessions.length + 1}`;
    const session = new FakeSession(id, this.#iceServers, request, observer);
    this.sessions.push(session);
    observer.stream(this.#statuses.get(request.stream) ?? liveStatus(request.stream));
    return session;
  }

  async call(request: CallRequest): Promise<void> {
    await this.delay;
    if (this.refusal !== undefined) throw this.refusal;
    this.calls.push(request);
  }

  observe(stream: string, listener: (status: StreamStatus) => void): () => void {
    const entry = { stream, listener };
    this.#listeners.add(entry);
    listener(this.#statuses.get(stream) ?? offlineStatus(stream));
    return () => void this.#listeners.delete(entry);
  }

  /** The stream changed: tells its observers. */
  tell(status: StreamStatus): void {
    this.#statuses.set(status.name, status);
    for (const { stream, listener } of [...this.#listeners]) {
      if (stream === status.name) listener(status);
    }
  }
}
