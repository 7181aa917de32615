import { ProtocolError } from "@millrace/media/error";
import type { DataLimits } from "./limits.ts";

/** Payload protocol identifiers. RFC 8831 section 8, RFC 8832 section 8.1. */
export const Ppid = {
  dcep: 50,
  text: 51,
  binary: 53,
  emptyText: 56,
  emptyBinary: 57,
} as const;

/** RFC 8832 section 8.2.1. */
const ACK = 2;
const OPEN = 3;
const OPEN_HEADER_BYTES = 12;
/** Channel types: how reliable, and whether out of order. RFC 8832 section 5.1. */
const TypeBits = { reliable: 0, retransmits: 1, lifeTime: 2, unordered: 0x80 } as const;
/** "Normal" of RFC 8831 section 6.4. */
const PRIORITY = 256;

/** What both sides of a data channel agree on. */
export interface ChannelParameters {
  readonly label: string;
  readonly protocol: string;
  readonly ordered: boolean;
  /** At most one of both is set; with none the channel is reliable. */
  readonly maxRetransmits: number | undefined;
  readonly maxPacketLifeTimeMs: number | undefined;
}

/** Whether nothing sent on such a channel is ever given up. */
export function isReliable(parameters: ChannelParameters): boolean {
  return parameters.maxRetransmits === undefined && parameters.maxPacketLifeTimeMs === undefined;
}

/** Whether two channels are of the same kind. */
export function sameParameters(a: ChannelParameters, b: ChannelParameters): boolean {
  return (
    a.label === b.label &&
    a.protocol === b.protocol &&
    a.ordered === b.ordered &&
    a.maxRetransmits === b.maxRetransmits &&
    a.maxPacketLifeTimeMs === b.maxPacketLifeTimeMs
  );
}

/** RFC 8832 section 5.2. */
export function isAck(bytes: Uint8Array): boolean {
  return bytes[0] === ACK;
}

/** RFC 8832 section 5.2. */
export function writeAck(): Uint8Array {
  return Uint8Array.of(ACK);
}

/** Reads DATA_CHANNEL_OPEN. RFC 8832 section 5.1. @throws ProtocolError `DATA_OPEN_INVALID`. */
export function parseOpen(
  bytes: Uint8Array,
  { maxLabelBytes, maxProtocolBytes }: Pick<DataLimits, "maxLabelBytes" | "maxProtocolBytes">,
): ChannelParameters {
  if (bytes[0] !== OPEN || bytes.length < OPEN_HEADER_BYTES) throw invalid("it is no OPEN");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const type = view.getUint8(1);
  const kind = type & ~TypeBits.unordered;
  if (kind > TypeBits.lifeTime) throw invalid(`channel type ${type}`);
  const amount = view.getUint32(4);
  const labelBytes = view.getUint16(8);
  const protocolBytes = view.getUint16(10);
  if (bytes.length !== OPEN_HEADER_BYTES + labelBytes + protocolBytes) throw invalid("its length");
  if (labelBytes > maxLabelBytes) throw invalid(`a label of ${labelBytes} bytes`);
  if (protocolBytes > maxProtocolBytes) throw invalid(`a protocol of ${protocolBytes} bytes`);
  const protocolStart = OPEN_HEADER_BYTES + labelBytes;
  return {
    label: readText(bytes.subarray(OPEN_HEADER_BYTES, protocolStart)),
    protocol: readText(bytes.subarray(protocolStart)),
    ordered: (type & TypeBits.unordered) === 0,
    maxRetransmits: kind === TypeBits.retransmits ? amount : undefined,
    maxPacketLifeTimeMs: kind === TypeBits.lifeTime ? amount : undefined,
  };
}

/** RFC 8832 section 5.1. @throws RangeError for a label or protocol of more than 65,535 bytes. */
export function writeOpen(parameters: ChannelParameters): Uint8Array {
  const label = new TextEncoder().encode(parameters.label);
  const protocol = new TextEncoder().encode(parameters.protocol);
  if (label.length > 0xffff || protocol.length > 0xffff) throw new RangeError("too long a name");
  const bytes = new Uint8Array(OPEN_HEADER_BYTES + label.length + protocol.length);
  const view = new DataView(bytes.buffer);
  const { maxPacketLifeTimeMs, maxRetransmits, ordered } = parameters;
  const kind =
    maxRetransmits !== undefined
      ? TypeBits.retransmits
      : maxPacketLifeTimeMs !== undefined
        ? TypeBits.lifeTime
        : TypeBits.reliable;
  view.setUint8(0, OPEN);
  view.setUint8(1, kind | (ordered ? 0 : TypeBits.unordered));
  view.setUint16(2, PRIORITY);
  view.setUint32(4, maxRetransmits ?? maxPacketLifeTimeMs ?? 0);
  view.setUint16(8, label.length);
  view.setUint16(10, protocol.length);
  bytes.set(label, OPEN_HEADER_BYTES);
  bytes.set(protocol, OPEN_HEADER_BYTES + label.length);
  return bytes;
}

function readText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalid("a name that is no UTF-8");
  }
}

function invalid(what: string): ProtocolError {
  return new ProtocolError("DATA_OPEN_INVALID", `the data channel cannot be opened: ${what}`);
}
