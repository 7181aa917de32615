import { ByteQueue, readU32, TagType } from "@millrace/media/flv";
import { ProtocolError } from "../core/errors.ts";
import { ChunkReader } from "./chunk-reader.ts";
import {
  type Command,
  parseCommand,
  textArg,
  writeResult,
  writeStatus,
  writeUnknownCommand,
} from "./commands.ts";
import { CapsEx, type ConnectRequest, parseConnect } from "./connect.ts";
import { readScriptBody } from "./data-message.ts";
import { ServerHandshake } from "./handshake.ts";
import { defaultSessionLimits, type RtmpSessionLimits } from "./limits.ts";
import { MessageType, type RtmpMessage, UserControl } from "./message.ts";
import type { Question, RoleRequest, SessionEvent } from "./session-events.ts";
import { ackWindowBytes, SessionOutput } from "./session-output.ts";
import { parseStreamKey } from "./stream-key.ts";

/** A peer that asks for acknowledgements more often than this gets none more often. */
const minAckWindowBytes = 4096;
const maxKeyLength = 4096;

/**
 * The server's side of one RTMP connection without socket, timer or clock. Push bytes by `receive`,
 * then drain `next` and `takeOutput`.
 */
export class RtmpSession {
  readonly #limits: RtmpSessionLimits;
  readonly #input = new ByteQueue();
  readonly #handshake: ServerHandshake;
  readonly #reader: ChunkReader;
  readonly #output = new SessionOutput();
  #event: SessionEvent | undefined;
  #nowMs = 0;
  #question: Question | undefined;
  #connect: ConnectRequest | undefined;
  #role: { readonly type: "publish" | "play"; readonly request: RoleRequest } | undefined;
  #fcPublish = false;
  /** Message streams given out and not deleted. */
  #messageStreams = 0;
  #lastStreamId = 0;
  #receivedBytes = 0;
  #acknowledgedBytes = 0;
  #peerWindowBytes = ackWindowBytes;
  #peerAcknowledgedBytes = 0;

  /** `random` gives that many unpredictable bytes. */
  constructor(options: {
    readonly random: (bytes: number) => Uint8Array;
    readonly limits?: Partial<RtmpSessionLimits>;
  }) {
    this.#limits = { ...defaultSessionLimits, ...options.limits };
    this.#handshake = new ServerHandshake(options.random);
    this.#reader = new ChunkReader(this.#input, this.#limits);
  }

  /** The handshake is over. */
  get established(): boolean {
    return this.#handshake.done;
  }

  /** A request waits for `accept` or `refuse`; nothing is read until then. */
  get blocked(): boolean {
    return this.#question !== undefined;
  }

  /** The peer can be asked to connect anew. */
  get canReconnect(): boolean {
    return ((this.#connect?.capsEx ?? 0) & CapsEx.reconnect) !== 0;
  }

  /** Memory held for input that is not complete. */
  get pendingBytes(): number {
    return this.#input.length + this.#reader.pendingBytes;
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  get sentBytes(): number {
    return this.#output.sentBytes;
  }

  /** Bytes that the peer said it got; 0 for peers that never say. Wraps at 2^32. */
  get peerAcknowledgedBytes(): number {
    return this.#peerAcknowledgedBytes;
  }

  /**
   * Takes bytes from the peer and keeps them.
   * @throws ProtocolError `RTMP_HELD_TOO_LARGE` when too much comes before a request is decided.
   */
  receive(bytes: Uint8Array, nowMs: number): void {
    this.#nowMs = nowMs;
    this.#input.push(bytes);
    if (this.blocked && this.#input.length > this.#limits.maxHeldBytes) {
      throw new ProtocolError("RTMP_HELD_TOO_LARGE", "too much data before the answer");
    }
    this.#receivedBytes += bytes.length;
    const unacknowledged = this.#receivedBytes - this.#acknowledgedBytes;
    if (this.#connect !== undefined && unacknowledged >= this.#peerWindowBytes) {
      this.#acknowledgedBytes = this.#receivedBytes;
      this.#output.acknowledge(this.#receivedBytes);
    }
  }

  /**
   * What happened next; undefined when more bytes or an answer are needed.
   * @throws ProtocolError with the codes of the handshake, chunks and AMF, `RTMP_COMMAND_INVALID`, `RTMP_CONNECT_INVALID`,
   * `RTMP_NOT_CONNECTED`, `RTMP_STREAMS_TOO_MANY`, `RTMP_ROLE_TAKEN`, `RTMP_CONTROL_INVALID`.
   */
  next(): SessionEvent | undefined {
    while (!this.blocked) {
      if (!this.#handshake.done) {
        const answer = this.#handshake.receive(this.#input, this.#nowMs);
        if (answer !== undefined) this.#output.raw(answer);
        if (!this.#handshake.done) return undefined;
      }
      const message = this.#reader.next();
      if (message === undefined) return undefined;
      this.#handle(message);
      const event = this.#event;
      if (event !== undefined) {
        this.#event = undefined;
        return event;
      }
    }
    return undefined;
  }

  /** What is to be sent, in order; each part once. */
  takeOutput(): readonly Uint8Array[] {
    return this.#output.take();
  }

  /** Says yes to the request that `next` told last. */
  accept(): void {
    const question = this.#question;
    this.#question = undefined;
    if (question === undefined) return;
    if (question.type === "connect") {
      this.#connect = question.request;
      this.#output.acceptConnect(question.request);
      return;
    }
    this.#role = { type: question.type, request: question.request };
    this.#reader.mediaAllowed = question.type === "publish";
    if (question.type === "play") this.#output.acceptPlay(question.request);
    else this.#output.acceptPublish(question.request, this.#fcPublish);
  }

  /** Says no. `code` is one of our stable codes; the peer finds it in the description. */
  refuse(code: string, description: string): void {
    const question = this.#question;
    this.#question = undefined;
    if (question !== undefined) this.#output.refuse(question, code, description);
  }

  /** Sends a tag to a player. `timestampMs` wraps. Keeps `body`, which many sessions may share. */
  writeTag(tagType: number, timestampMs: number, body: Uint8Array): void {
    const streamId = this.#role?.request.streamId ?? 0;
    this.#output.tag(streamId, tagType, timestampMs, body);
  }

  /** Tells the peer that its role is over. `code` is one of our stable codes. */
  endRole(code: string): void {
    const role = this.#role;
    if (role === undefined) return;
    this.#clearRole();
    if (role.type === "play") {
      this.#output.userControl(UserControl.streamEof, role.request.streamId);
      this.#output.status(role.request, "status", "NetStream.Play.UnpublishNotify", code);
    } else {
      this.#output.status(role.request, "error", "NetStream.Publish.Failed", code);
    }
  }

  /** Enhanced RTMP v2, "Reconnect Request": asks the peer to come again, to the same address. */
  requestReconnect(description: string): void {
    const code = "NetConnection.Connect.ReconnectRequest";
    this.#output.command(writeStatus("status", code, description));
  }

  #handle(message: RtmpMessage): void {
    const { type, payload } = message;
    switch (type) {
      case MessageType.audio:
      case MessageType.video:
        this.#tag(type, message.timestampMs, payload);
        break;
      case MessageType.data:
      case MessageType.dataAmf3:
        this.#tag(TagType.script, message.timestampMs, readScriptBody(message));
        break;
      case MessageType.command:
      case MessageType.commandAmf3:
        this.#handleCommand(parseCommand(message), message.streamId);
        break;
      case MessageType.acknowledgement:
        this.#peerAcknowledgedBytes = controlValue(payload, 0);
        break;
      case MessageType.windowAckSize:
        this.#peerWindowBytes = Math.max(controlValue(payload, 0), minAckWindowBytes);
        break;
      case MessageType.userControl:
        if (payload[0] === 0 && payload[1] === UserControl.pingRequest) {
          this.#output.userControl(UserControl.pingResponse, controlValue(payload, 2));
        }
        break;
      default:
        // Set Peer Bandwidth asks for what TCP does already; shared objects and unknown types concern nobody.
        break;
    }
  }

  #tag(tagType: number, timestampMs: number, body: Uint8Array | undefined): void {
    if (this.#role?.type !== "publish" || body === undefined) return;
    this.#event = { type: "tag", tagType, timestampMs, body };
  }

  #handleCommand(command: Command, streamId: number): void {
    const { name, transaction, args } = command;
    if (name === "connect") {
      this.#askConnect(command);
      return;
    }
    if (this.#connect === undefined) {
      throw new ProtocolError("RTMP_NOT_CONNECTED", "a command before connect");
    }
    switch (name) {
      case "createStream":
        this.#createStream(transaction);
        return;
      case "publish":
      case "play":
        this.#askRole(name, this.#connect, textArg(command, 1), streamId);
        return;
      case "getStreamLength":
        this.#output.command(writeResult(transaction, 0));
        return;
      case "pause":
      case "pauseRaw":
        this.#pause(args[1] === true);
        break;
      case "seek":
        // Live has one place to be at; some clients wait for the notice.
        this.#roleStatus("NetStream.Seek.Notify", "Live streams do not seek.");
        break;
      case "receiveAudio":
      case "receiveVideo": {
        const kind = name === "receiveAudio" ? "audio" : "video";
        this.#event = { type: "select", kind, wanted: args[1] === true };
        break;
      }
      case "FCSubscribe":
        this.#output.fcStatus("onFCSubscribe", "NetStream.Play.Start", textArg(command, 1));
        break;
      case "FCPublish":
        this.#fcPublish = true;
        break;
      case "deleteStream":
        this.#messageStreams = Math.max(0, this.#messageStreams - 1);
        this.#stop();
        break;
      case "FCUnpublish":
      case "closeStream":
        this.#stop();
        break;
      case "releaseStream":
      case "_checkbw":
        break;
      case "_result":
      case "_error":
      case "onStatus":
        return;
      default:
        if (transaction > 0) this.#output.command(writeUnknownCommand(command));
        return;
    }
    if (transaction > 0) this.#output.command(writeResult(transaction, undefined));
  }

  #askConnect(command: Command): void {
    if (this.#connect !== undefined) {
      throw new ProtocolError("RTMP_CONNECT_INVALID", "a second connect");
    }
    this.#question = { type: "connect", request: parseConnect(command) };
    this.#event = this.#question;
  }

  #createStream(transaction: number): void {
    if (++this.#messageStreams > this.#limits.maxMessageStreams) {
      throw new ProtocolError("RTMP_STREAMS_TOO_MANY", "too many message streams");
    }
    this.#output.command(writeResult(transaction, ++this.#lastStreamId));
  }

  #askRole(type: "publish" | "play", connect: ConnectRequest, key: string, streamId: number): void {
    if (this.#role !== undefined) {
      throw new ProtocolError("RTMP_ROLE_TAKEN", "one connection publishes or plays one stream");
    }
    if (key.length > maxKeyLength) {
      throw new ProtocolError("RTMP_COMMAND_INVALID", "the stream key is too long");
    }
    const asked = parseStreamKey(connect.app, connect.tcUrl, key);
    this.#question = { type, request: { ...asked, streamId, connect } };
    this.#event = this.#question;
  }

  #pause(paused: boolean): void {
    this.#roleStatus(paused ? "NetStream.Pause.Notify" : "NetStream.Unpause.Notify", "");
    this.#event = { type: "pause", paused };
  }

  #roleStatus(code: string, description: string): void {
    if (this.#role !== undefined) {
      this.#output.status(this.#role.request, "status", code, description);
    }
  }

  #stop(): void {
    const role = this.#role;
    if (role === undefined) return;
    this.#clearRole();
    if (role.type === "publish") {
      this.#output.status(role.request, "status", "NetStream.Unpublish.Success", "Stopped.");
    }
    this.#event = { type: "stopped" };
  }

  #clearRole(): void {
    this.#role = undefined;
    this.#reader.mediaAllowed = false;
  }
}

function controlValue(payload: Uint8Array, at: number): number {
  if (payload.length < at + 4) {
    throw new ProtocolError("RTMP_CONTROL_INVALID", "a control message is cut off");
  }
  return readU32(payload, at);
}
