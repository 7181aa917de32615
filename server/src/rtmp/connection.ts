import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { admit } from "../core/admission.ts";
import { ProtocolError, RefusedError } from "../core/errors.ts";
import { parseHost, parsePageUrl } from "../core/host.ts";
import { randomId } from "../core/ids.ts";
import type { Access, Grant, Log } from "../core/ports.ts";
import type { Registry } from "../core/registry.ts";
import { parseStreamName } from "../core/stream-name.ts";
import type { TagOutput } from "./from-stream.ts";
import type { RtmpServerLimits } from "./limits.ts";
import { beginPlay, beginPublish, type ConnectionTraffic, type Role } from "./role.ts";
import { RtmpSession } from "./session.ts";
import type { RoleRequest, SessionEvent } from "./session-events.ts";
import type { TagBodies } from "./tag-bodies.ts";

/** What a connection needs from the server that accepted it. */
export interface ConnectionHost {
  readonly registry: Registry;
  readonly access: Access;
  readonly log: Log;
  readonly limits: RtmpServerLimits;
  readonly bodies: TagBodies;
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** The server takes no new roles. */
  readonly closing: boolean;
  /** The connection began or ended to publish or play. */
  roleChanged(connection: RtmpConnection): void;
  /** The connection is closed; told once. */
  closed(connection: RtmpConnection, code: string): void;
}

/** One client: its socket, its session, and what it publishes or plays. */
export class RtmpConnection implements TagOutput {
  readonly id: string = randomId();
  /** IP address without a port. */
  readonly address: string;
  readonly #host: ConnectionHost;
  readonly #socket: Socket;
  readonly #session: RtmpSession;
  readonly #log: Log;
  #role: Role | undefined;
  #acceptedMs: number;
  /** Since when the connection does without a role. */
  #idleSinceMs: number;
  /** When the publisher's last audio or video came, or the player's socket last took something. */
  #progressMs: number;
  #takenBytes = 0;
  /** What went over the connection before the present role. */
  #before = { bytesSent: 0, bytesReceived: 0 };
  /** Set when the last words were said: when to cut the connection off. */
  #leaveByMs: number | undefined;
  #leaveCode = "";
  #closed = false;

  constructor(socket: Socket, host: ConnectionHost) {
    this.#socket = socket;
    this.#host = host;
    this.address = plainAddress(socket.remoteAddress ?? "");
    this.#log = host.log.child({ session: this.id });
    this.#session = new RtmpSession({ random: randomBytes, limits: host.limits });
    this.#acceptedMs = host.nowMs();
    this.#idleSinceMs = this.#acceptedMs;
    this.#progressMs = this.#acceptedMs;
    socket.on("data", (bytes) => this.#receive(bytes));
    socket.on("drain", () => this.#role?.drained());
    socket.on("error", (error) => this.close(errorCode(error)));
    socket.on("close", () => this.close("PEER_CLOSED"));
    this.#log.debug({ address: this.address }, "RTMP connection");
  }

  get role(): "publish" | "play" | undefined {
    return this.#role?.type;
  }

  get waitingBytes(): number {
    return this.#socket.writableLength;
  }

  /** Bytes of memory that the connection holds for input and output. */
  get heldBytes(): number {
    const queued = this.#role?.queuedBytes ?? 0;
    return this.#session.pendingBytes + this.#socket.writableLength + queued;
  }

  writeTag(tagType: number, timestampMs: number, body: Uint8Array): void {
    this.#session.writeTag(tagType, timestampMs, body);
  }

  flush(): void {
    const parts = this.#session.takeOutput();
    if (parts.length === 0 || this.#closed) return;
    this.#socket.cork();
    for (const part of parts) this.#socket.write(part);
    this.#socket.uncork();
  }

  streamEnded(code: string): void {
    this.leave(code);
  }

  /** Closes what waited too long. Called about once a second. */
  check(): void {
    if (this.#closed) return;
    const { limits } = this.#host;
    const nowMs = this.#host.nowMs();
    if (this.#leaveByMs !== undefined) {
      if (nowMs >= this.#leaveByMs) this.close(this.#leaveCode);
    } else if (!this.#session.established) {
      if (nowMs - this.#acceptedMs >= limits.handshakeTimeoutMs)
        this.close("RTMP_HANDSHAKE_TIMEOUT");
    } else if (this.#role === undefined) {
      if (nowMs - this.#idleSinceMs >= limits.setupTimeoutMs) this.close("RTMP_SETUP_TIMEOUT");
    } else if (this.#role.type === "publish") {
      if (nowMs - this.#progressMs >= limits.publishTimeoutMs) this.close("RTMP_PUBLISH_TIMEOUT");
    } else {
      this.#checkPlayer(nowMs);
    }
  }

  /** Asks the client to come again later or elsewhere where it knows how, else says goodbye. */
  drain(code: string): void {
    if (this.#closed) return;
    if (this.#session.canReconnect && this.#role !== undefined) {
      this.#session.requestReconnect("The server is restarting.");
      this.flush();
    } else {
      this.leave(code);
    }
  }

  /** Tells the client that its role is over and gives it a moment to hear that. `code` is a stable string. */
  leave(code: string): void {
    if (this.#closed || this.#leaveByMs !== undefined) return;
    this.#endRole(code);
    this.#session.endRole(code);
    this.#sayGoodbye(code);
  }

  /** Cuts the connection off. May be called twice. `code` is a stable string. */
  close(code: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#endRole(code);
    this.#socket.destroy();
    const reason = this.#leaveByMs === undefined ? code : this.#leaveCode;
    this.#log.debug({ code: reason }, "RTMP connection closed");
    this.#host.closed(this, reason);
  }

  #receive(bytes: Uint8Array): void {
    if (this.#closed || this.#leaveByMs !== undefined) return;
    this.#guard(() => {
      this.#session.receive(bytes, this.#host.nowMs());
      this.#pump();
    });
  }

  /** What a peer can cause ends this connection and nothing else. */
  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (error instanceof ProtocolError) {
        this.#log.warn({ code: error.code, detail: error.message }, "RTMP client is wrong");
        this.flush();
        this.close(error.code);
      } else {
        this.#log.error({ err: error }, "RTMP session failed");
        this.close("INTERNAL_ERROR");
      }
    }
  }

  #pump(): void {
    for (;;) {
      if (this.#closed || this.#leaveByMs !== undefined) return;
      const event = this.#session.next();
      if (event === undefined) break;
      this.#handle(event);
    }
    this.flush();
    if (this.#session.blocked) this.#socket.pause();
    const { maxUnsentBytes, maxMessageBytes, playSocketBytes } = this.#host.limits;
    const media = this.#role?.type === "play" ? playSocketBytes + maxMessageBytes : 0;
    if (this.#socket.writableLength > maxUnsentBytes + media) this.close("RTMP_UNSENT_TOO_LARGE");
  }

  #handle(event: SessionEvent): void {
    switch (event.type) {
      case "tag":
        if (this.#role?.tag(event.tagType, event.timestampMs, event.body)) {
          this.#progressMs = this.#host.nowMs();
        }
        break;
      case "connect":
        if (this.#host.closing) this.#refuse(new RefusedError("SHUTTING_DOWN", 503, "Closing."));
        else this.#session.accept();
        break;
      case "publish":
      case "play":
        void this.#decide(event.type, event.request);
        break;
      case "pause":
        this.#role?.pause(event.paused);
        break;
      case "select":
        this.#role?.select(event.kind, event.wanted);
        break;
      case "stopped":
        this.#endRole("CLIENT_STOPPED");
        break;
    }
  }

  /** Asks the access seam and core. Never rejects. */
  async #decide(type: "publish" | "play", request: RoleRequest): Promise<void> {
    try {
      const asked = parseStreamName(request.name);
      const grant = await admit(this.#host.access, {
        action: type,
        stream: asked,
        token: request.token,
        address: this.address,
        transport: type === "publish" ? "rtmp" : "rtmp-play",
        userAgent: request.connect.userAgent,
        id: this.id,
        host: parseHost(request.connect.tcUrl),
        pageUrl: parsePageUrl(request.connect.pageUrl),
      });
      if (this.#closed || this.#leaveByMs !== undefined) return;
      if (this.#host.closing)
        throw new RefusedError("SHUTTING_DOWN", 503, "The server is closing.");
      this.#begin(type, grant, request);
      this.#log.info({ stream: grant.stream, action: type }, `RTMP ${type} began`);
    } catch (error) {
      if (this.#closed) return;
      this.#refuse(error);
      return;
    }
    this.#socket.resume();
    this.#guard(() => this.#pump());
  }

  #refuse(error: unknown): void {
    const refused = error instanceof RefusedError ? error : undefined;
    if (refused === undefined) this.#log.error({ err: error }, "RTMP request failed");
    else this.#log.info({ code: refused.code }, "RTMP request refused");
    const code = refused?.code ?? "INTERNAL_ERROR";
    this.#session.refuse(code, refused?.message ?? "Something went wrong here.");
    this.#sayGoodbye(code);
  }

  #begin(type: "publish" | "play", grant: Grant, request: RoleRequest): void {
    const { registry, bodies, limits } = this.#host;
    const { id, address } = this;
    const kick = (reason: string): void => this.leave(reason);
    const traffic = (): ConnectionTraffic => this.#traffic;
    const owner = { id, address, registry, bodies, limits, output: this, traffic, kick };
    const role = (type === "publish" ? beginPublish : beginPlay)(grant, request, owner);
    this.#role = role;
    this.#progressMs = this.#host.nowMs();
    this.#host.roleChanged(this);
    this.#session.accept();
    this.flush();
    role.start();
  }

  #endRole(code: string): void {
    const role = this.#role;
    if (role === undefined) return;
    this.#role = undefined;
    this.#idleSinceMs = this.#host.nowMs();
    role.end(code);
    const { bytesSent, bytesReceived } = this.#traffic;
    this.#before = {
      bytesSent: this.#before.bytesSent + bytesSent,
      bytesReceived: this.#before.bytesReceived + bytesReceived,
    };
    const level = role.type === "play" ? "debug" : "info";
    this.#log[level]({ code, action: role.type }, `RTMP ${role.type} ended`);
    if (!this.#closed) this.#host.roleChanged(this);
  }

  get #traffic(): ConnectionTraffic {
    const { bytesWritten, bytesRead, writableLength: waitingBytes } = this.#socket;
    const { bytesSent, bytesReceived } = this.#before;
    return {
      bytesSent: bytesWritten - waitingBytes - bytesSent,
      bytesReceived: bytesRead - bytesReceived,
      waitingBytes,
    };
  }

  /** Sends what is left and the end; what still comes is not read. */
  #sayGoodbye(code: string): void {
    this.#leaveCode = code;
    this.#leaveByMs = this.#host.nowMs() + this.#host.limits.lingerMs;
    this.flush();
    this.#socket.end();
    this.#socket.resume();
  }

  #checkPlayer(nowMs: number): void {
    const taken = this.#socket.bytesWritten - this.#socket.writableLength;
    if (taken !== this.#takenBytes || this.#socket.writableLength === 0) {
      this.#takenBytes = taken;
      this.#progressMs = nowMs;
    } else if (nowMs - this.#progressMs >= this.#host.limits.playStallTimeoutMs) {
      this.close("RTMP_PLAY_STALLED");
    }
  }
}

function errorCode(error: NodeJS.ErrnoException): string {
  return error.code === "ECONNRESET" || error.code === "EPIPE" ? "PEER_CLOSED" : "SOCKET_ERROR";
}

/** An IPv4 address as such, also where a socket for both families calls it `::ffff:192.0.2.1`. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+(?:\.\d+){3}$)/i, "");
}
