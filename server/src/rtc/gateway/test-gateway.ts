import type {
  IceServer,
  SessionObserver,
  SessionRequest,
  StreamStatus,
} from "@millrace/signaling/session";
import { FakeTranscoder } from "../../core/fake-transcoder.ts";
import { type Access, type AccessRequest, RefusedError, silentLog } from "../../core/index.ts";
import { type Camera, TestStream } from "../egress/test-rig.ts";
import { ViewerSession } from "../viewer/session.ts";
import { type FakePeer, FakePeerFactory } from "./fake-peer.ts";
import { RtcGateway, type RtcGatewayOptions } from "./gateway.ts";

/** What a client was told, in order. */
export class TestObserver implements SessionObserver {
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

/** Lets everybody in who shows no token, or the right one. */
class TestAccess implements Access {
  readonly asked: AccessRequest[] = [];

  async authorize(request: AccessRequest): Promise<undefined> {
    this.asked.push(request);
    if (request.token === "wrong") throw new RefusedError("FORBIDDEN", 403, "no");
  }
}

export const watchRequest: SessionRequest = {
  action: "watch",
  stream: "live/test",
  token: undefined,
  address: "192.0.2.1",
  transport: "webrtc",
  userAgent: "test",
};

export interface JoinedViewer {
  readonly session: ViewerSession;
  readonly observer: TestObserver;
  readonly peer: FakePeer;
}

/** A gateway with everything real but the peers, the transcoder and time. */
export class TestGateway {
  readonly transcoder: FakeTranscoder = new FakeTranscoder();
  readonly access: TestAccess = new TestAccess();
  readonly stream: TestStream;
  readonly peers: FakePeerFactory;
  readonly gateway: RtcGateway;

  constructor(camera: Camera = {}, options: Partial<RtcGatewayOptions> = {}) {
    this.stream = new TestStream(camera, 24, this.transcoder);
    const { clock, core, registry } = this.stream;
    this.peers = new FakePeerFactory(clock);
    this.gateway = new RtcGateway({
      registry,
      access: this.access,
      peers: this.peers,
      core,
      clock,
      log: silentLog,
      iceServers: (viewerId): readonly IceServer[] => [{ urls: ["stun:x"], username: viewerId }],
      ...options,
    });
  }

  /** Opens, negotiates and connects a viewer. */
  async join(change: Partial<SessionRequest> = {}): Promise<JoinedViewer> {
    const observer = new TestObserver();
    const session = await this.gateway.open({ ...watchRequest, ...change }, observer);
    if (!(session instanceof ViewerSession)) throw new Error("this is no viewer");
    await session.describe("offer");
    const peer = this.peers.latest;
    peer.connect();
    return { session, observer, peer };
  }
}
