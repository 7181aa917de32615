import type { MediaDescription } from "sdp-transform";

/** A payload type of an offer, and what the offer says about it. */
export interface OfferedCodec {
  /** As the offer writes it, such as `H264` or `opus`. */
  readonly name: string;
  readonly payloadType: number;
  readonly clockRate: number;
  /** Channels, for audio. */
  readonly channels: number | undefined;
  /** The parameters of `a=fmtp`, in the order of the offer; names in lower case. */
  readonly params: ReadonlyMap<string, string>;
  /** Payload type of RFC 4588 retransmissions. */
  readonly rtxPayloadType: number | undefined;
  readonly feedback: readonly Feedback[];
}

/** One `a=rtcp-fb`. RFC 4585 section 4.2. */
export interface Feedback {
  readonly type: string;
  readonly subtype: string | undefined;
}

/** The feedback that we give and understand. RFC 4585, RFC 5104, RFC 8888's forerunners. */
const FEEDBACK: ReadonlySet<string> = new Set([
  "nack",
  "nack pli",
  "ccm fir",
  "transport-cc",
  "goog-remb",
]);

type Rtpmap = MediaDescription["rtp"][number];

/** The codecs of an m-line, as it orders them; retransmissions are told with what they repeat. */
export function offeredCodecs(line: MediaDescription): readonly OfferedCodec[] {
  const rtpmaps = rtpmapsOf(line);
  const params = paramsOf(line);
  const feedback = feedbackOf(line);
  const none: ReadonlyMap<string, string> = new Map();
  const rtx = new Map<string, number>();
  for (const [payloadType, rtpmap] of rtpmaps) {
    if (!isRtx(rtpmap)) continue;
    // RFC 4588 section 8.1.
    const apt = Number(params.get(payloadType)?.get("apt") ?? Number.NaN);
    const key = `${apt} ${rtpmap.rate}`;
    if (!rtx.has(key)) rtx.set(key, payloadType);
  }
  const order = String(line.payloads ?? "").split(" ");
  const found: OfferedCodec[] = [];
  for (const payloadType of new Set(order.map(Number))) {
    const rtpmap = rtpmaps.get(payloadType);
    if (rtpmap === undefined || isRtx(rtpmap)) continue;
    found.push({
      name: String(rtpmap.codec),
      payloadType,
      clockRate: Number(rtpmap.rate ?? 0),
      channels: rtpmap.encoding === undefined ? undefined : Number(rtpmap.encoding),
      params: params.get(payloadType) ?? none,
      rtxPayloadType: rtx.get(`${payloadType} ${rtpmap.rate}`),
      feedback: feedback(payloadType),
    });
  }
  return found;
}

/** `a=fmtp` parameters as SDP writes them. */
export function writeParams(params: Iterable<readonly [string, string]>): string | undefined {
  const parts = [...params].map(([name, value]) => (value === "" ? name : `${name}=${value}`));
  return parts.length === 0 ? undefined : parts.join(";");
}

function isRtx(rtpmap: Rtpmap): boolean {
  return String(rtpmap.codec).toLowerCase() === "rtx";
}

/** By payload type; those that the m-line itself lists. The first one counts. */
function rtpmapsOf(line: MediaDescription): ReadonlyMap<number, Rtpmap> {
  const listed = new Set(String(line.payloads ?? "").split(" "));
  const found = new Map<number, Rtpmap>();
  for (const rtpmap of line.rtp) {
    const payloadType = Number(rtpmap.payload);
    if (!isPayloadType(payloadType) || !listed.has(String(rtpmap.payload))) continue;
    if (!found.has(payloadType)) found.set(payloadType, rtpmap);
  }
  return found;
}

function paramsOf(line: MediaDescription): ReadonlyMap<number, ReadonlyMap<string, string>> {
  const found = new Map<number, ReadonlyMap<string, string>>();
  for (const { payload, config } of line.fmtp) {
    if (found.has(Number(payload))) continue;
    const params = new Map<string, string>();
    for (const part of String(config).split(";")) {
      const [name = "", ...value] = part.trim().split("=");
      const key = name.trim().toLowerCase();
      if (key !== "" && !params.has(key)) params.set(key, value.join("=").trim());
    }
    found.set(Number(payload), params);
  }
  return found;
}

/** RFC 4585 section 4.2: `*` stands for every payload type. */
function feedbackOf(line: MediaDescription): (payloadType: number) => readonly Feedback[] {
  const known = (line.rtcpFb ?? []).flatMap((entry) => {
    const type = String(entry.type);
    const subtype = entry.subtype === undefined ? undefined : String(entry.subtype);
    const text = subtype === undefined ? type : `${type} ${subtype}`;
    return FEEDBACK.has(text) ? [{ payload: String(entry.payload), text, type, subtype }] : [];
  });
  return (payloadType) => {
    const found = new Map<string, Feedback>();
    for (const { payload, text, type, subtype } of known) {
      if (payload === "*" || Number(payload) === payloadType) found.set(text, { type, subtype });
    }
    return [...found.values()];
  };
}

/** Dynamic payload types, and the lower ones when rtcp-mux leaves them free. RFC 5761 section 4. */
function isPayloadType(number: number): boolean {
  return (
    Number.isInteger(number) && ((number >= 96 && number <= 127) || (number >= 0 && number < 64))
  );
}
