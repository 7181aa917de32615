import type { StunMessage } from "../stun/message.ts";
import { writeBindingError, writeBindingSuccess } from "../stun/writer.ts";
import type { RtcCounters } from "./counters.ts";
import type { DatagramSocket } from "./datagram-socket.ts";
import { createIceCredentials, type IceCredentials } from "./ice-credentials.ts";
import type { IceDirectory, RemotePath, UfragEntry } from "./ice-directory.ts";
import { TransactionMemory } from "./transaction-memory.ts";

/**
 * How long datagrams over the paths of before an ICE restart are still taken after its first nomination:
 * what the peer sent last is on its way.
 */
export const OLD_PATH_GRACE_MS = 3_000;
/**
 * When the path in use was not checked for so long, the next one that is checked takes its place without a
 * nomination. Browsers check the path in use every 2.5 s at least.
 */
export const SILENT_PATH_MS = 6_000;

/** What an ICE session's owner is told. Called while a datagram is handled. */
export interface IceHandler {
  /** A DTLS datagram from a validated address; the callee's until it returns. */
  onDtls(datagram: Buffer, nowUs: number): void;
  /** An RTP or RTCP datagram from a validated address; the callee's until it returns. */
  onMedia(datagram: Buffer, nowUs: number): void;
  /** An authentic check came. */
  onCheck(nowUs: number): void;
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
  /** The highest number of libwebrtc's renomination with the credentials in use. */
  #nomination = 0;
  /** Of connections that were given up. */
  #pastExtraBytes = 0;
  #answerBytes = 0;
  /** Bytes of authentic checks and of what came from validated addresses, with the framing of TCP. */
  receivedBytes = 0;
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

  /** Bytes of the answers to checks, and what TCP adds to whatever else is sent. */
  get ownBytes(): number {
    let bytes = this.#answerBytes + this.#pastExtraBytes;
    for (const { socket } of this.#paths) bytes += socket.connection?.extraBytes ?? 0;
    return bytes;
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

  /**
   * Takes a Binding request whose MESSAGE-INTEGRITY and FINGERPRINT are right for `entry`. `nomination` is
   * what libwebrtc's attribute of that name says.
   */
  check(
    request: StunMessage,
    nomination: number | undefined,
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
      this.#answerBytes += error.length;
      socket.send(error, port, address);
      return;
    }
    const repeated = this.#seen.has(transactionId);
    const path = this.#validate(repeated, socket, address, port, nowUs);
    if (path === undefined) return;
    counters.stunAnswered++;
    const answer = writeBindingSuccess(transactionId, address, port, key);
    this.#answerBytes += answer.length;
    socket.send(answer, port, address);
    // A retransmission, or a copy that somebody else sends: it proves nothing new.
    if (repeated) return;
    this.#seen.add(transactionId);
    path.lastCheckUs = nowUs;
    path.generation = Math.max(path.generation, entry.generation);
    this.#purge(nowUs);
    if (this.#isNominated(request, nomination, entry)) this.#nominate(path, entry, nowUs);
    else if (this.#selected === undefined || this.#isSilent(this.#selected, nowUs))
      this.#selected = path;
    this.handler.onCheck(nowUs);
  }

  /** The connection that carries `path` is gone. */
  lose(path: RemotePath): void {
    this.#forget(path);
  }

  /** May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const entry of this.#entries) this.#directory.removeUfrag(entry.credentials.ufrag);
    for (const path of this.#paths) this.#remove(path);
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
    repeated: boolean,
    socket: DatagramSocket,
    address: string,
    port: number,
    nowUs: number,
  ): RemotePath | undefined {
    const { counters, addressHoldUs, maxAddresses } = this.#options;
    const known = this.#directory.path(socket, address, port);
    if (known?.session === this) return known;
    // MESSAGE-INTEGRITY does not cover the source: a check seen on the way must not move the peer.
    if (repeated) {
      counters.stunReplayed++;
      return undefined;
    }
    if (known !== undefined) {
      // A connection has one peer for its whole life.
      if (socket.connection !== undefined || nowUs - known.lastCheckUs < addressHoldUs) {
        counters.stunAddressTaken++;
        return undefined;
      }
      known.session.#forget(known);
    }
    if (this.#paths.length >= maxAddresses) this.#forgetStalest();
    const path: RemotePath = {
      session: this,
      socket,
      address,
      port,
      generation: 0,
      lastCheckUs: nowUs,
      retiresUs: Number.POSITIVE_INFINITY,
    };
    this.#paths.push(path);
    this.#directory.addPath(path);
    return path;
  }

  /**
   * Whether a check nominates the pair it came over: by USE-CANDIDATE, or by a number above those before it.
   * RFC 8445 section 7.3.1.5; draft-thatcher-ice-renomination section 4.
   */
  #isNominated(request: StunMessage, nomination: number | undefined, entry: UfragEntry): boolean {
    if (nomination === undefined) return request.useCandidate;
    // The numbers begin anew with new credentials.
    if (entry === this.#entries[0] && nomination <= this.#nomination) return false;
    this.#nomination = nomination;
    return true;
  }

  #isSilent(path: RemotePath, nowUs: number): boolean {
    return nowUs - path.lastCheckUs >= SILENT_PATH_MS * 1000;
  }

  #nominate(path: RemotePath, entry: UfragEntry, nowUs: number): void {
    if (this.#entries[0] !== entry) this.#retire(entry, nowUs);
    this.#selected = path;
  }

  /** The restart is through: credentials of before are forgotten now, addresses of before soon. */
  #retire(entry: UfragEntry, nowUs: number): void {
    for (const old of this.#entries) {
      if (old.generation < entry.generation) this.#directory.removeUfrag(old.credentials.ufrag);
    }
    this.#entries = this.#entries.filter((kept) => kept.generation >= entry.generation);
    for (const path of this.#paths) {
      if (path.generation < entry.generation) path.retiresUs = nowUs + OLD_PATH_GRACE_MS * 1000;
    }
  }

  /** Forgets addresses of before a restart whose time is over. */
  #purge(nowUs: number): void {
    const current = this.#entries[0]?.generation ?? 0;
    for (const path of [...this.#paths]) {
      if (path.generation < current && path.retiresUs <= nowUs) this.#forget(path);
    }
  }

  #forget(path: RemotePath): void {
    this.#paths = this.#paths.filter((kept) => kept !== path);
    this.#remove(path);
    if (this.#selected !== path) return;
    this.#selected = undefined;
    // The one checked last is the likeliest to work.
    for (const other of this.#paths) {
      if (this.#selected === undefined || other.lastCheckUs > this.#selected.lastCheckUs) {
        this.#selected = other;
      }
    }
  }

  #remove(path: RemotePath): void {
    this.#pastExtraBytes += path.socket.connection?.extraBytes ?? 0;
    this.#directory.removePath(path);
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
