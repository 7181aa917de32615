import type { StunMessage } from "../stun/message.ts";
import { writeBindingError, writeBindingSuccess } from "../stun/writer.ts";
import type { RtcCounters } from "./counters.ts";
import type { DatagramSocket } from "./datagram-socket.ts";
import { createIceCredentials, type IceCredentials } from "./ice-credentials.ts";
import { TransactionMemory } from "./transaction-memory.ts";

/** What an ICE session's owner is told. Called while a datagram is handled. */
export interface IceHandler {
  /** A DTLS datagram from a validated address; the callee's until it returns. */
  onDtls(datagram: Buffer, nowUs: number): void;
  /** An RTP or RTCP datagram from a validated address; the callee's until it returns. */
  onMedia(datagram: Buffer, nowUs: number): void;
  /** An authentic check came. */
  onCheck(nowUs: number): void;
}

/** A remote address that passed an authenticated check. */
export interface RemotePath {
  readonly session: IceSession;
  readonly socket: DatagramSocket;
  readonly address: string;
  readonly port: number;
  /** Which of the session's credentials proved it last. */
  generation: number;
  lastCheckUs: number;
}

/** Where a session is entered so that datagrams find it. */
export interface IceDirectory {
  addUfrag(ufrag: string, entry: UfragEntry): boolean;
  removeUfrag(ufrag: string): void;
  /** The path entered for that address, of any session. */
  path(socket: DatagramSocket, address: string, port: number): RemotePath | undefined;
  addPath(path: RemotePath): void;
  removePath(path: RemotePath): void;
  removeSession(session: IceSession): void;
}

/** What a local user name fragment stands for. */
export interface UfragEntry {
  readonly session: IceSession;
  readonly credentials: IceCredentials;
  readonly generation: number;
}

export interface IceSessionOptions {
  readonly maxAddresses: number;
  /** An address stays with the session that used it within this time, whoever else claims it. */
  readonly addressHoldUs: number;
  readonly counters: RtcCounters;
}

/**
 * The ICE-lite agent of one peer: answers its checks, keeps the addresses that passed one and sends
 * to the one nominated last. RFC 8445 sections 2.5, 7.3 and 8.1.1; ICE restart as in section 9.
 */
export class IceSession {
  readonly handler: IceHandler;
  readonly #directory: IceDirectory;
  readonly #options: IceSessionOptions;
  readonly #seen = new TransactionMemory();
  /** The credentials in use and, while a restart is not nominated yet, those that follow. */
  #entries: UfragEntry[] = [];
  #paths: RemotePath[] = [];
  #selected: RemotePath | undefined;
  #closed = false;

  constructor(directory: IceDirectory, handler: IceHandler, options: IceSessionOptions) {
    this.handler = handler;
    this.#directory = directory;
    this.#options = options;
    this.#enter(0);
  }

  /** What the next answer must carry. */
  get credentials(): IceCredentials {
    const entry = this.#entries.at(-1);
    if (entry === undefined) throw new Error("the ICE session is closed");
    return entry.credentials;
  }

  /** Where datagrams go: the address nominated last; until then the one that passed a check first. */
  get selected(): RemotePath | undefined {
    return this.#selected;
  }

  /** Makes new credentials. The old ones keep working until an address is nominated with the new ones. */
  restart(): IceCredentials {
    const generation = (this.#entries.at(-1)?.generation ?? 0) + 1;
    // A restart that was never used gives way: at most two credentials are known.
    for (const entry of this.#entries.splice(1))
      this.#directory.removeUfrag(entry.credentials.ufrag);
    this.#enter(generation);
    return this.credentials;
  }

  /** Sends to the selected address; dropped while there is none. */
  send(datagram: Uint8Array): void {
    const path = this.#selected;
    if (path !== undefined) path.socket.send(datagram, path.port, path.address);
  }

  /** Takes a Binding request whose MESSAGE-INTEGRITY and FINGERPRINT are right for `entry`. */
  check(
    request: StunMessage,
    entry: UfragEntry,
    socket: DatagramSocket,
    address: string,
    port: number,
    nowUs: number,
  ): void {
    const { counters } = this.#options;
    const key = entry.credentials.pwd;
    const { transactionId } = request;
    const refusal = refusalOf(request);
    if (refusal !== undefined) {
      counters.stunRefused++;
      const unknown = request.unknownRequired;
      const error = writeBindingError(transactionId, refusal.code, refusal.reason, key, unknown);
      socket.send(error, port, address);
      return;
    }
    const path = this.#validate(transactionId, socket, address, port, nowUs);
    if (path === undefined) return;
    path.lastCheckUs = nowUs;
    path.generation = Math.max(path.generation, entry.generation);
    this.#seen.add(transactionId);
    counters.stunAnswered++;
    socket.send(writeBindingSuccess(transactionId, address, port, key), port, address);
    if (request.useCandidate) this.#nominate(path, entry);
    else this.#selected ??= path;
    this.handler.onCheck(nowUs);
  }

  /** May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const entry of this.#entries) this.#directory.removeUfrag(entry.credentials.ufrag);
    for (const path of this.#paths) this.#directory.removePath(path);
    this.#entries = [];
    this.#paths = [];
    this.#selected = undefined;
    this.#directory.removeSession(this);
  }

  #enter(generation: number): void {
    for (;;) {
      const entry = { session: this, credentials: createIceCredentials(), generation };
      if (!this.#directory.addUfrag(entry.credentials.ufrag, entry)) continue;
      this.#entries.push(entry);
      return;
    }
  }

  /** The path of that address; a new one when the check may prove it. */
  #validate(
    transactionId: Uint8Array,
    socket: DatagramSocket,
    address: string,
    port: number,
    nowUs: number,
  ): RemotePath | undefined {
    const { counters, addressHoldUs, maxAddresses } = this.#options;
    const known = this.#directory.path(socket, address, port);
    if (known?.session === this) return known;
    // MESSAGE-INTEGRITY does not cover the source: a check seen on the way must not move the peer.
    if (this.#seen.has(transactionId)) {
      counters.stunReplayed++;
      return undefined;
    }
    if (known !== undefined) {
      if (nowUs - known.lastCheckUs < addressHoldUs) {
        counters.stunAddressTaken++;
        return undefined;
      }
      known.session.#forget(known);
    }
    if (this.#paths.length >= maxAddresses) this.#forgetStalest();
    const path = { session: this, socket, address, port, generation: 0, lastCheckUs: nowUs };
    this.#paths.push(path);
    this.#directory.addPath(path);
    return path;
  }

  #nominate(path: RemotePath, entry: UfragEntry): void {
    if (this.#entries[0] !== entry) this.#retire(entry);
    this.#selected = path;
  }

  /** The restart is through: credentials and addresses of before are forgotten. */
  #retire(entry: UfragEntry): void {
    for (const old of this.#entries) {
      if (old.generation < entry.generation) this.#directory.removeUfrag(old.credentials.ufrag);
    }
    this.#entries = this.#entries.filter((kept) => kept.generation >= entry.generation);
    for (const path of this.#paths) {
      if (path.generation < entry.generation) this.#directory.removePath(path);
    }
    this.#paths = this.#paths.filter((path) => path.generation >= entry.generation);
  }

  #forget(path: RemotePath): void {
    this.#paths = this.#paths.filter((kept) => kept !== path);
    this.#directory.removePath(path);
    if (this.#selected === path) this.#selected = this.#paths.at(-1);
  }

  #forgetStalest(): void {
    let stalest: RemotePath | undefined;
    for (const path of this.#paths) {
      if (path === this.#selected) continue;
      if (stalest === undefined || path.lastCheckUs < stalest.lastCheckUs) stalest = path;
    }
    if (stalest !== undefined) this.#forget(stalest);
  }
}

/** RFC 8489 section 6.3.1 and RFC 8445 sections 7.1.1 and 7.3.1.1: why an authentic check is refused. */
function refusalOf(request: StunMessage): { code: number; reason: string } | undefined {
  if (request.unknownRequired.length > 0) return { code: 420, reason: "Unknown Attribute" };
  // A lite agent never controls, so the other side has to.
  if (request.controlled !== undefined) return { code: 487, reason: "Role Conflict" };
  if (request.priority === undefined) return { code: 400, reason: "Bad Request" };
  return undefined;
}
