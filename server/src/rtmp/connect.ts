import { AmfObject, type AmfValue, object } from "@millrace/media/amf";
import { ProtocolError } from "../core/errors.ts";
import { type Command, info, writeCommand } from "./commands.ts";

/** Enhanced RTMP v2, CapsExMask. */
export const CapsEx = { reconnect: 1, multitrack: 2, modEx: 4, timestampNanoOffset: 8 } as const;

/** Enhanced RTMP v2, FourCcInfoMask. */
const canDecode = 1;
const canForward = 4;

const videoFourCcs = ["avc1", "hvc1", "av01", "vp09", "vp08"] as const;
const audioFourCcs = ["mp4a", "Opus", ".mp3"] as const;

/** What a client said in `connect`. RTMP 1.0 section 7.2.1.1; Enhanced RTMP v2, "Enhancing NetConnection connect". */
export interface ConnectRequest {
  readonly transaction: number;
  readonly app: string;
  readonly tcUrl: string;
  /** `flashVer`: the client's name for itself. */
  readonly userAgent: string | undefined;
  /** The page on which the client is, as it says. */
  readonly pageUrl: string | undefined;
  /** 0 or 3. */
  readonly objectEncoding: number;
  /** The client speaks Enhanced RTMP. */
  readonly enhanced: boolean;
  /** FourCCs that the client can be sent; `*` stands for all. */
  readonly fourCcs: ReadonlySet<string>;
  /** Sum of `CapsEx`. */
  readonly capsEx: number;
}

const maxTextLength = 4096;
const maxUserAgentLength = 256;
const maxFourCcs = 64;

/** @throws ProtocolError `RTMP_CONNECT_INVALID`. */
export function parseConnect(command: Command): ConnectRequest {
  const fields = command.args[0];
  if (!(fields instanceof AmfObject)) {
    throw new ProtocolError("RTMP_CONNECT_INVALID", "connect without a command object");
  }
  const app = fields.text("app") ?? "";
  const tcUrl = fields.text("tcUrl") ?? "";
  if (app.length > maxTextLength || tcUrl.length > maxTextLength) {
    throw new ProtocolError("RTMP_CONNECT_INVALID", "application or address is too long");
  }
  const fourCcs = new Set<string>();
  const list = fields.get("fourCcList");
  if (Array.isArray(list)) {
    for (const item of list.slice(0, maxFourCcs)) if (typeof item === "string") fourCcs.add(item);
  }
  addDecodable(fields.get("videoFourCcInfoMap"), fourCcs);
  addDecodable(fields.get("audioFourCcInfoMap"), fourCcs);
  const capsEx = fields.number("capsEx") ?? 0;
  return {
    transaction: command.transaction,
    app,
    tcUrl,
    userAgent: fields.text("flashVer")?.slice(0, maxUserAgentLength),
    pageUrl: fields.text("pageUrl")?.slice(0, maxTextLength),
    objectEncoding: fields.number("objectEncoding") === 3 ? 3 : 0,
    enhanced:
      fields.fields.has("fourCcList") ||
      fields.fields.has("videoFourCcInfoMap") ||
      fields.fields.has("audioFourCcInfoMap") ||
      fields.fields.has("capsEx"),
    fourCcs,
    capsEx,
  };
}

function addDecodable(map: AmfValue, fourCcs: Set<string>): void {
  if (!(map instanceof AmfObject)) return;
  for (const [fourCc, flags] of map.fields) {
    if (fourCcs.size >= maxFourCcs) return;
    // A client that forwards takes what it cannot decode itself.
    if (typeof flags === "number" && (flags & (canDecode | canForward)) !== 0) fourCcs.add(fourCc);
  }
}

/** The answer that accepts. Enhanced properties only to clients that know them. */
export function writeConnectResult(request: ConnectRequest): Uint8Array {
  const enhanced = request.enhanced ? enhancedProperties() : {};
  return writeCommand(
    "_result",
    request.transaction,
    object({ fmsVer: "FMS/3,5,3,888", capabilities: 127, mode: 1, ...enhanced }),
    info("status", "NetConnection.Connect.Success", "Connection succeeded.", {
      objectEncoding: request.objectEncoding,
      ...enhanced,
    }),
  );
}

/** The answer that refuses. */
export function writeConnectError(request: ConnectRequest, description: string): Uint8Array {
  return writeCommand(
    "_error",
    request.transaction,
    null,
    info("error", "NetConnection.Connect.Rejected", description),
  );
}

function enhancedProperties(): Record<string, AmfValue> {
  const forward = (fourCcs: readonly string[]): AmfObject =>
    object(Object.fromEntries(fourCcs.map((fourCc) => [fourCc, canForward])));
  return {
    fourCcList: [...videoFourCcs, ...audioFourCcs],
    videoFourCcInfoMap: forward(videoFourCcs),
    audioFourCcInfoMap: forward(audioFourCcs),
    capsEx: CapsEx.reconnect | CapsEx.multitrack | CapsEx.modEx | CapsEx.timestampNanoOffset,
  };
}
