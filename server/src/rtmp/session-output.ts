import type { AmfValue } from "@millrace/media/amf";
import { object } from "@millrace/media/amf";
import { TagType, writeU32 } from "@millrace/media/flv";
import { ChunkWriter } from "./chunk-writer.ts";
import { writeCommand, writeStatus } from "./commands.ts";
import { type ConnectRequest, writeConnectError, writeConnectResult } from "./connect.ts";
import { MessageType, UserControl } from "./message.ts";
import type { Question, RoleRequest } from "./session-events.ts";

/** Bytes after which a peer has to acknowledge, and after which we do unless it says otherwise. */
export const ackWindowBytes = 2_500_000;
const outChunkSize = 65_536;
const peerBandwidthDynamic = 2;

/** Chunk streams by what is sent on them. RTMP 1.0 section 5.3: 2 is for protocol control. */
const Lane = { control: 2, command: 3, audio: 4, status: 5, video: 6 } as const;

/** Puts together what one session sends. */
export class SessionOutput {
  readonly #writer = new ChunkWriter();
  #parts: Uint8Array[] = [];
  /** Bytes taken out so far. */
  sentBytes = 0;

  /** What is to be sent, in order; each part once. */
  take(): readonly Uint8Array[] {
    const parts = this.#parts;
    if (parts.length === 0) return parts;
    this.#parts = [];
    for (const part of parts) this.sentBytes += part.length;
    return parts;
  }

  /** Bytes that are no chunks: the handshake. */
  raw(bytes: Uint8Array): void {
    this.#parts.push(bytes);
  }

  /** A protocol control message. RTMP 1.0 section 5.4. */
  control(type: number, payload: Uint8Array): void {
    this.#writer.write(this.#parts, Lane.control, type, 0, 0, payload);
  }

  acknowledge(receivedBytes: number): void {
    this.control(MessageType.acknowledgement, u32(receivedBytes));
  }

  /** RTMP 1.0 section 7.1.7. */
  userControl(event: number, value: number): void {
    const payload = new Uint8Array(6);
    payload[1] = event;
    writeU32(payload, 2, value);
    this.control(MessageType.userControl, payload);
  }

  /** A command on the connection itself. */
  command(payload: Uint8Array): void {
    this.#writer.write(this.#parts, Lane.command, MessageType.command, 0, 0, payload);
  }

  /** `onStatus` on the message stream of a role. */
  status(request: RoleRequest, level: "status" | "error", code: string, description: string): void {
    const payload = writeStatus(level, code, description, request.name);
    const { streamId } = request;
    this.#writer.write(this.#parts, Lane.status, MessageType.command, streamId, 0, payload);
  }

  /** An FLV tag for a player. Keeps `body`. */
  tag(streamId: number, tagType: number, timestampMs: number, body: Uint8Array): void {
    const isVideo = tagType === TagType.video;
    const lane = isVideo ? Lane.video : tagType === TagType.audio ? Lane.audio : Lane.status;
    this.#writer.write(this.#parts, lane, tagType, streamId, timestampMs, body);
  }

  acceptConnect(request: ConnectRequest): void {
    this.control(MessageType.windowAckSize, u32(ackWindowBytes));
    const bandwidth = new Uint8Array(5);
    writeU32(bandwidth, 0, ackWindowBytes);
    bandwidth[4] = peerBandwidthDynamic;
    this.control(MessageType.setPeerBandwidth, bandwidth);
    this.control(MessageType.setChunkSize, u32(outChunkSize));
    this.#writer.setChunkSize(outChunkSize);
    this.command(writeConnectResult(request));
  }

  /** RTMP 1.0 section 7.2.2.6. `fcPublish`: the client announced itself as Flash Media Encoder does. */
  acceptPublish(request: RoleRequest, fcPublish: boolean): void {
    this.userControl(UserControl.streamBegin, request.streamId);
    if (fcPublish) this.fcStatus("onFCPublish", "NetStream.Publish.Start", request.name);
    this.status(request, "status", "NetStream.Publish.Start", "Publishing.");
  }

  /** RTMP 1.0 section 7.2.2.1. */
  acceptPlay(request: RoleRequest): void {
    this.userControl(UserControl.streamBegin, request.streamId);
    this.status(request, "status", "NetStream.Play.Reset", "Playing and resetting.");
    this.status(request, "status", "NetStream.Play.Start", "Started playing.");
  }

  /** `code` is one of our stable codes; the peer finds it in the description. */
  refuse(question: Question, code: string, description: string): void {
    const text = `${code}: ${description}`;
    if (question.type === "connect") this.command(writeConnectError(question.request, text));
    else this.status(question.request, "error", refusalStatus(question.type, code), text);
  }

  /** What Flash Media Server tells besides the status. */
  fcStatus(name: string, code: string, description: AmfValue): void {
    this.command(writeCommand(name, 0, null, object({ code, description })));
  }
}

function refusalStatus(type: "publish" | "play", code: string): string {
  if (type === "publish") return "NetStream.Publish.BadName";
  return code === "STREAM_NOT_FOUND" ? "NetStream.Play.StreamNotFound" : "NetStream.Play.Failed";
}

function u32(value: number): Uint8Array {
  const payload = new Uint8Array(4);
  writeU32(payload, 0, value);
  return payload;
}
