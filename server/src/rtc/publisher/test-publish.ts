import type { SessionObserver, SessionRequest, StreamStatus } from "@millrace/signaling/session";
import { FakeClock } from "../../core/fake-clock.ts";
import { Registry, silentLog } from "../../core/index.ts";
import { defaultSessionLimits } from "../gateway/limits.ts";
import { FakePublisherFactory, type FakePublisherPeer } from "./fake-publisher-peer.ts";
import { PublishSession, type PublishSessionOptions } from "./session.ts";

export const publishRequest: SessionRequest = {
  action: "publish",
  stream: "live/cam",
  token: undefined,
  address: "192.0.2.1",
  transport: "webrtc",
  userAgent: "test",
};

/** What a client was told, in order. */
export class TestClient implements SessionObserver {
  readonly statuses: StreamStatus[] = [];
  readonly byes: string[] = [];

  stream(status: StreamStatus): void {
    this.statuses.push(status);
  }

  bye(reason: string): void {
    this.byes.push(reason);
  }

  get latest(): StreamStatus | undefined {
    return this.statuses.at(-1);
  }
}

export interface OpenedPublisher {
  readonly session: PublishSession;
  readonly client: TestClient;
  readonly peer: FakePublisherPeer;
}

/** Publish sessions with everything real but the peers and time. */
export class TestPublish {
  readonly clock: FakeClock = new FakeClock();
  readonly registry: Registry;
  readonly peers: FakePublisherFactory;
  readonly sessions: Set<PublishSession> = new Set();

  constructor() {
    this.clock.advance(5000);
    this.registry = new Registry({ clock: this.clock, log: silentLog });
    this.peers = new FakePublisherFactory(this.clock);
  }

  open(
    change: Partial<SessionRequest> = {},
    options: Partial<PublishSessionOptions> = {},
  ): OpenedPublisher {
    const client = new TestClient();
    const session = new PublishSession({
      id: `session-${this.sessions.size}`,
      request: { ...publishRequest, ...change },
      registry: this.registry,
      peers: this.peers,
      clock: this.clock,
      log: silentLog,
      limits: defaultSessionLimits,
      observer: client,
      iceServers: (id) => [{ urls: ["stun:x"], username: id }],
      onClosed: (closed) => void this.sessions.delete(closed),
      ...options,
    });
    this.sessions.add(session);
    return { session, client, peer: this.peers.latest };
  }

  /** Opens, negotiates and connects a publisher. */
  async join(
    change: Partial<SessionRequest> = {},
    options: Partial<PublishSessionOptions> = {},
  ): Promise<OpenedPublisher> {
    const opened = this.open(change, options);
    await opened.session.describe("offer");
    opened.peer.connect();
    return opened;
  }
}
