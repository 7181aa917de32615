import type { Clock } from "../../core/ports.ts";
import {
  DEFAULT_SCTP_LIMITS,
  type OutgoingMessage,
  type SctpAssociation,
  type SctpEvents,
  type SctpLimits,
} from "../data/sctp.ts";
import { createSctpCore } from "./sctp-adapter.ts";
import { CoreState, type SctpCore } from "./sctp-core.ts";
import {
  ChunkType,
  type InitFields,
  readData,
  readForwardTsn,
  readInit,
  readSack,
  readSctpPacket,
  type SctpChunk,
  skipsUnknown,
} from "./sctp-read.ts";
import { SctpReceiver } from "./sctp-receiver.ts";
import { SctpResets } from "./sctp-resets.ts";
import { SctpSender } from "./sctp-sender.ts";
import { type ChunkBytes, writeChunk } from "./sctp-write.ts";

/** RFC 3758 section 3.1, RFC 5061 section 4.2.7. */
const FORWARD_TSN_SUPPORTED = 0xc000;
const SUPPORTED_EXTENSIONS = 0x8008;

export interface SctpOptions {
  /** Both sides' port. RFC 8841 section 5. */
  readonly port: number;
  readonly clock: Clock;
  readonly limits?: Partial<SctpLimits>;
}

/** Opens an association that waits for the peer's INIT. The caller closes it. */
export function openSctp(options: SctpOptions, events: SctpEvents): SctpAssociation {
  return new WeriftSctp(options, events);
}

/**
 * werift's SCTP with both of its ends under our control: packets are read and checked here, only what is
 * well-formed and about this association reaches it; the receiving half is ours.
 */
class WeriftSctp implements SctpAssociation {
  readonly #events: SctpEvents;
  readonly #limits: SctpLimits;
  readonly #core: SctpCore;
  readonly #receiver: SctpReceiver;
  readonly #sender: SctpSender;
  readonly #resets: SctpResets;
  #established = false;
  #initialized = false;
  #closed = false;

  constructor({ port, clock, limits }: SctpOptions, events: SctpEvents) {
    this.#events = events;
    this.#limits = { ...DEFAULT_SCTP_LIMITS, ...limits };
    const core = createSctpCore(port, this.#limits.maxPacketBytes, (packet) => this.#emit(packet));
    this.#core = core;
    this.#receiver = new SctpReceiver(this.#limits, {
      message: (streamId, ppid, bytes) => {
        if (!this.#closed) events.message(streamId, ppid, bytes);
      },
      messageTooLong: (streamId) => {
        if (!this.#closed) events.messageTooLong(streamId);
      },
    });
    this.#sender = new SctpSender(core, clock, this.#limits, {
      drained: () => {
        if (!this.#closed) this.#resets.advance();
      },
      failed: (code) => this.#abort(code),
    });
    this.#resets = this.#createResets(clock);
    // ICE and the peer's own checks tell whether the path lives: one timer less for each peer.
    core.heartbeatStart = () => {};
    core.advertisedRwnd = this.#limits.receiveWindowBytes;
    core._inboundStreamsMax = core._outboundStreamsCount = this.#limits.maxStreams;
    const setState = core.setState.bind(core);
    core.setState = (state) => {
      if (this.#closed && state !== CoreState.closed) return;
      setState(state);
      if (state === CoreState.established) this.#onEstablished();
    };
    // It only notes the port and the state: this side waits.
    void core.start(port);
  }

  get established(): boolean {
    return this.#established && !this.#closed;
  }

  get bufferedBytes(): number {
    return this.#sender.bufferedBytes;
  }

  receive(packet: Uint8Array): void {
    if (this.#closed) return;
    const read = readSctpPacket(packet);
    if (read === undefined) return;
    const { tag, chunks } = read;
    const first = chunks[0];
    if (first?.type === ChunkType.init) {
      // INIT stands alone and without a tag. RFC 9260 sections 4.3 and 8.5.1.
      if (chunks.length === 1 && tag === 0) this.#onInit(first);
      return;
    }
    if (tag !== this.#core.localVerificationTag || !this.#initialized) return;
    for (const chunk of chunks) {
      if (!this.#onChunk(chunk)) break;
    }
    if (this.#receiver.ackDue && !this.#closed) this.#send(this.#receiver.takeSack());
  }

  send(message: OutgoingMessage): void {
    if (!this.#closed) this.#sender.send(message);
  }

  reset(streamId: number): void {
    if (!this.#closed) this.#resets.add(streamId);
  }

  confirmReset(streamId: number): void {
    if (!this.#closed) this.#resets.confirm(streamId);
  }

  close(): void {
    if (this.#closed) return;
    if (this.#initialized) this.#send(writeChunk(ChunkType.abort, 0, new Uint8Array()));
    this.#end();
  }

  /** False: nothing more of this packet is read. */
  #onChunk(chunk: SctpChunk): boolean {
    if (this.#closed) return false;
    switch (chunk.type) {
      case ChunkType.data: {
        const data = readData(chunk);
        if (data !== undefined && this.#receiver.data(data)) return true;
        this.#abort("SCTP_PROTOCOL");
        return false;
      }
      case ChunkType.sack: {
        const sack = readSack(chunk);
        if (sack !== undefined && this.#established && this.#sender.accepts(sack)) {
          this.#hand({ type: chunk.type, ...sack });
        }
        return true;
      }
      case ChunkType.forwardTsn: {
        const forward = readForwardTsn(chunk);
        if (forward !== undefined) this.#receiver.forward(forward);
        return true;
      }
      case ChunkType.reconfig:
        this.#resets.receive(chunk.body);
        return true;
      case ChunkType.heartbeat:
        this.#send(writeChunk(ChunkType.heartbeatAck, 0, chunk.body));
        return true;
      case ChunkType.cookieEcho:
        this.#hand({ type: chunk.type, body: Buffer.from(chunk.body) });
        return true;
      case ChunkType.abort:
        this.#fail("SCTP_ABORTED");
        return false;
      case ChunkType.shutdown:
        this.#abort("SCTP_SHUTDOWN");
        return false;
      case ChunkType.heartbeatAck:
      case ChunkType.error:
      case ChunkType.initAck:
      case ChunkType.cookieAck:
      case ChunkType.shutdownAck:
      case ChunkType.shutdownComplete:
        return true;
      default:
        return skipsUnknown(chunk.type);
    }
  }

  /** The peer begins, or begins again before it is established. Later it has no reason to: DTLS would be new too. */
  #onInit(chunk: SctpChunk): void {
    const init = readInit(chunk);
    if (init === undefined || this.#established) return;
    this.#initialized = true;
    this.#receiver.begin(init.initialTsn);
    this.#resets.begin(this.#core.localTsn, init.initialTsn);
    this.#sender.canAbandon = supportsForwardTsn(init);
    const params = init.parameters.map(({ type, value }) => [type, Buffer.from(value)] as const);
    this.#hand({ type: chunk.type, ...init, params });
  }

  #onEstablished(): void {
    if (this.#established) return;
    this.#established = true;
    this.#events.established();
    if (!this.#closed) this.#sender.pump();
  }

  #createResets(clock: Clock): SctpResets {
    const core = this.#core;
    const receiver = this.#receiver;
    return new SctpResets({
      clock,
      get nextTsn() {
        return core.localTsn;
      },
      get cumulativeTsn() {
        return receiver.cumulativeTsn;
      },
      send: (chunk) => this.#send(chunk),
      uses: (streamId) => this.#sender.uses(streamId),
      peerReset: (streamIds) => {
        receiver.reset(streamIds);
        if (!this.#closed) this.#events.streamsReset(streamIds);
      },
      resetDone: (streamIds) => {
        for (const id of streamIds) this.#sender.restart(id);
        if (!this.#closed) this.#events.resetDone(streamIds);
      },
    });
  }

  /** Gives werift one chunk in its own form. */
  #hand(chunk: object): void {
    this.#core.receiveChunk(chunk).catch(() => this.#abort("SCTP_FAILED"));
  }

  #send(chunk: ChunkBytes): void {
    // It rejects only without a remote port, which is set.
    void this.#core.sendChunk(chunk);
  }

  #emit(packet: Uint8Array): void {
    // An answer to a heartbeat may be longer than what we may send.
    if (!this.#closed && packet.length <= this.#limits.maxPacketBytes) this.#events.send(packet);
  }

  #abort(code: string): void {
    if (this.#closed) return;
    this.#send(writeChunk(ChunkType.abort, 0, new Uint8Array()));
    this.#fail(code);
  }

  #fail(code: string): void {
    if (this.#closed) return;
    this.#end();
    this.#events.closed(code);
  }

  #end(): void {
    this.#closed = true;
    this.#resets.close();
    this.#sender.clear();
    this.#core.setState(CoreState.closed);
    // What still runs in werift's promises must not begin anything.
    this.#core.timer3Start = this.#core.timer3Restart = () => {};
    this.#core.outboundQueue = [];
    this.#core.sentQueue = [];
  }
}

function supportsForwardTsn({ parameters }: InitFields): boolean {
  return parameters.some(
    ({ type, value }) =>
      type === FORWARD_TSN_SUPPORTED ||
      (type === SUPPORTED_EXTENSIONS && value.includes(ChunkType.forwardTsn)),
  );
}
