import type {
  CallRequest,
  IceServer,
  JsepGateway,
  SessionObserver,
  SessionRequest,
  StreamStatus,
} from "@millrace/signaling/session";
import {
  type Access,
  admit,
  type Clock,
  type Grant,
  type Log,
  parseHost,
  parsePageUrl,
  parseStreamName,
  RefusedError,
  type Registry,
  randomId,
} from "../../core/index.ts";
import { type DataFromViewers, DataHubs } from "../data/index.ts";
import type { EgressCore } from "../egress/core.ts";
import { type DriverLimits, PacerDriver } from "../egress/pacer-driver.ts";
import { ReportWheel } from "../egress/report-wheel.ts";
import { StreamOutputs } from "../egress/stream-outputs.ts";
import { JoinTurns } from "../join-turns.ts";
import type { PeerFactory } from "../peer.ts";
import { PublishSession } from "../publisher/session.ts";
import { ViewerSession } from "../viewer/session.ts";
import { defaultSessionLimits, type SessionLimits } from "./limits.ts";
import { streamStatus } from "./stream-status.ts";

export interface RtcGatewayOptions {
  readonly registry: Registry;
  readonly access: Access;
  /** Stays the caller's: closed after the gateway. */
  readonly peers: PeerFactory;
  /** Stays the caller's: closed after the gateway. */
  readonly core: EgressCore;
  readonly clock: Clock;
  readonly log: Log;
  /** Where the client of a session may find STUN and TURN. `viewerId` is no secret. */
  iceServers(viewerId: string): readonly IceServer[];
  readonly limits?: Partial<SessionLimits>;
  readonly driverLimits?: Partial<DriverLimits>;
  /** Default `publisher`. */
  readonly dataFromViewers?: DataFromViewers;
}

/** A session of a viewer or a publisher. */
export type RtcSession = ViewerSession | PublishSession;

/** Opens WebRTC sessions for every signaling transport. */
export class RtcGateway implements JsepGateway {
  readonly #options: RtcGatewayOptions;
  readonly #limits: SessionLimits;
  readonly #outputs: StreamOutputs;
  readonly #driver: PacerDriver;
  readonly #wheel: ReportWheel;
  readonly #data: DataHubs;
  readonly #turns: JoinTurns;
  readonly #sessions = new Map<string, RtcSession>();
  #closed = false;

  constructor(options: RtcGatewayOptions) {
    const { core, clock, log } = options;
    this.#options = options;
    this.#limits = { ...defaultSessionLimits, ...options.limits };
    this.#outputs = new StreamOutputs({ core, clock, log });
    this.#driver = new PacerDriver({ core, clock, log, limits: options.driverLimits ?? {} });
    this.#wheel = new ReportWheel(clock, log);
    this.#turns = new JoinTurns(clock, this.#limits.maxSessions);
    const { dataFromViewers: fromViewers = "publisher" } = options;
    this.#data = new DataHubs({ clock, log, fromViewers });
  }

  /** Sessions by id, for the API. */
  get sessions(): ReadonlyMap<string, RtcSession> {
    return this.#sessions;
  }

  /** What the gateway holds, for metrics. */
  get stats(): {
    readonly sessions: number;
    readonly outputs: number;
    readonly replays: { readonly running: number; readonly waiting: number };
    /** Streams that have had data channels. */
    readonly dataHubs: number;
  } {
    return {
      sessions: this.#sessions.size,
      outputs: this.#outputs.size,
      replays: this.#driver.replays,
      dataHubs: this.#data.size,
    };
  }

  /**
   * @throws RefusedError `STREAM_NAME_INVALID` 400, `UNAUTHORIZED` 401, `FORBIDDEN` 403, `STREAM_NOT_FOUND` 404,
   *   `STREAM_BUSY` 409, `B_FRAMES` 422 and other codes of what cannot be turned into H.264, `STREAMS_FULL`, `SESSIONS_FULL`, `VIEWERS_FULL`, `PEERS_FULL`, `SHUTTING_DOWN` 503
   */
  async open(request: SessionRequest, observer: SessionObserver): Promise<RtcSession> {
    const name = parseStreamName(request.stream);
    this.#assertRoom();
    const { transport, address, userAgent, token, host, pageUrl } = request;
    const grant = await admit(this.#options.access, {
      action: request.action === "publish" ? "publish" : "play",
      stream: name,
      token,
      address,
      transport,
      userAgent,
      host: parseHost(host),
      pageUrl: parsePageUrl(pageUrl),
    });
    if (!(await this.#turns.enter())) throw sessionsFull();
    this.#assertRoom();
    const session =
      request.action === "publish"
        ? this.#openPublisher({ ...request, stream: grant.stream }, grant, observer)
        : this.#openViewer(grant, request, observer);
    this.#sessions.set(session.id, session);
    session.tell();
    return session;
  }

  /** @throws RefusedError `STREAM_NAME_INVALID` 400, `UNAUTHORIZED` 401, `FORBIDDEN` 403, `SHUTTING_DOWN` 503 */
  async call({ room, token, address, userAgent }: CallRequest): Promise<void> {
    const stream = parseStreamName(room);
    if (this.#closed) throw shuttingDown();
    const transport = "webrtc";
    await admit(this.#options.access, {
      action: "call",
      stream,
      token,
      address,
      transport,
      userAgent,
    });
  }

  iceServers(id: string): readonly IceServer[] {
    return this.#options.iceServers(id);
  }

  observe(name: string, listener: (status: StreamStatus) => void): () => void {
    const { registry } = this.#options;
    const tell = () => listener(streamStatus(name, registry.get(name)));
    const stop = registry.observe(name, tell);
    tell();
    return stop;
  }

  /** Ends all sessions with `bye(reason)`. May be called twice. */
  close(reason: string): void {
    this.#closed = true;
    for (const session of [...this.#sessions.values()]) session.bye(reason);
    this.#outputs.close();
    this.#driver.close();
    this.#wheel.close();
    this.#data.close();
  }

  #assertRoom(): void {
    if (this.#closed) throw shuttingDown();
    if (this.#sessions.size >= this.#limits.maxSessions) {
      throw sessionsFull();
    }
  }

  #openPublisher(request: SessionRequest, grant: Grant, observer: SessionObserver): PublishSession {
    const { registry, peers, clock, log, iceServers } = this.#options;
    return new PublishSession({
      id: randomId(),
      request,
      grant,
      registry,
      peers,
      clock,
      log,
      limits: this.#limits,
      createCipher: this.#options.core.createCipher,
      observer,
      iceServers,
      dataOpener: (stream, id) => this.#data.opener(stream, "publisher", id),
      onClosed: (session) => void this.#sessions.delete(session.id),
    });
  }

  #openViewer(grant: Grant, request: SessionRequest, observer: SessionObserver): ViewerSession {
    const { registry, peers, core, clock, log, iceServers } = this.#options;
    const { stream: name } = grant;
    const stream = registry.get(name);
    if (stream === undefined) {
      registry.refused({ action: "play", transport: request.transport, ...streamNotFound });
      throw new RefusedError("STREAM_NOT_FOUND", 404, `There is no stream ${name}.`);
    }
    const lease = this.#outputs.lease(stream);
    try {
      const refusal = lease.output.videoRefusal;
      if (refusal !== undefined) {
        registry.refused({
          action: "play",
          transport: request.transport,
          code: refusal.code,
          status: 422,
        });
        throw new RefusedError(refusal.code, 422, refusal.message);
      }
      return new ViewerSession({
        id: randomId(),
        stream,
        lease,
        peers,
        core,
        driver: this.#driver,
        wheel: this.#wheel,
        clock,
        log,
        limits: this.#limits,
        observer,
        iceServers,
        dataOpener: (stream, id) => this.#data.opener(stream, "viewer", id),
        register: (session) =>
          stream.addViewer({
            grant,
            transport: request.transport,
            address: request.address,
            userAgent: request.userAgent,
            clientId: request.clientId,
            onKick: (reason) => session.bye(reason),
            stats: () => session.stats,
          }),
        onClosed: (session) => void this.#sessions.delete(session.id),
      });
    } catch (error) {
      lease.release();
      throw error;
    }
  }
}

const streamNotFound = { code: "STREAM_NOT_FOUND", status: 404 };

function sessionsFull(): RefusedError {
  return new RefusedError("SESSIONS_FULL", 503, "There are as many sessions as there may be.");
}

function shuttingDown(): RefusedError {
  return new RefusedError("SHUTTING_DOWN", 503, "The server is shutting down.");
}
