/** One FLV tag of what somebody was sent. */
export interface ReceivedTag {
  readonly kind: "audio" | "video" | "script";
  readonly timeMs: number;
  /** A key frame. */
  readonly key: boolean;
  /** A decoder configuration and no frame. */
  readonly config: boolean;
}

const headerBytes = 13;
const tagHeadBytes = 11;

/** The whole tags of FLV. @throws Error when something is between them. */
export function flvTags(bytes: Buffer): ReceivedTag[] {
  const tags: ReceivedTag[] = [];
  let at = headerBytes;
  while (at + tagHeadBytes + 4 <= bytes.length) {
    const size = bytes.readUIntBE(at + 1, 3);
    const end = at + tagHeadBytes + size;
    if (end + 4 > bytes.length) break;
    if (bytes.readUInt32BE(end) !== tagHeadBytes + size) throw new Error(`no tag at ${at}`);
    const type = bytes[at];
    const [first = 0, second = 0] = bytes.subarray(at + tagHeadBytes);
    const kind = type === 8 ? "audio" : type === 9 ? "video" : "script";
    tags.push({
      kind,
      timeMs: bytes.readUIntBE(at + 4, 3) + (bytes[at + 7] ?? 0) * 2 ** 24,
      key: kind === "video" && first >> 4 === 1 && second === 1,
      config: kind !== "script" && second === 0,
    });
    at = end + 4;
  }
  return tags;
}

/** The largest step of time between two pictures, and what came in between them and after. */
export interface Jump {
  readonly fromMs: number;
  readonly toMs: number;
  /** From the first tag after the jump to the first picture, that picture last. */
  readonly resumption: readonly ReceivedTag[];
}

export function largestJump(tags: readonly ReceivedTag[]): Jump {
  let jump: Jump = { fromMs: 0, toMs: 0, resumption: [] };
  let last: { readonly at: number; readonly timeMs: number } | undefined;
  for (const [at, tag] of tags.entries()) {
    if (tag.kind !== "video" || tag.config) continue;
    if (last !== undefined && tag.timeMs - last.timeMs > jump.toMs - jump.fromMs) {
      const { timeMs: fromMs } = last;
      jump = { fromMs, toMs: tag.timeMs, resumption: tags.slice(last.at + 1, at + 1) };
    }
    last = { at, timeMs: tag.timeMs };
  }
  return jump;
}

/** How many whole frames of ADTS there are. @throws Error when something is between them. */
export function countAdtsFrames(bytes: Buffer): number {
  let frames = 0;
  for (let at = 0; at + 7 <= bytes.length; frames++) {
    const [first = 0, second = 0] = bytes.subarray(at);
    if (first !== 0xff || second >> 4 !== 0xf) throw new Error(`no frame at ${at}`);
    const length = (bytes.readUInt32BE(at + 3) >> 13) & 0x1fff;
    if (length < 7 || at + length > bytes.length) break;
    at += length;
  }
  return frames;
}

/** When each whole picture of M-JPEG was captured, on the wall clock. @throws Error when a part is no JPEG. */
export function pictureTimesMs(bytes: Buffer): number[] {
  const times: number[] = [];
  for (let at = 0; ; ) {
    const from = bytes.indexOf("\r\n\r\n", at) + 4;
    if (from < 4) return times;
    const head = bytes.toString("latin1", at, from);
    const length = Number(/content-length: *(\d+)/i.exec(head)?.[1]);
    const end = from + length;
    if (end > bytes.length) return times;
    if (bytes.readUInt16BE(from) !== 0xffd8 || bytes.readUInt16BE(end - 2) !== 0xffd9) {
      throw new Error(`no picture at ${from}`);
    }
    times.push(Number(/x-timestamp: *([\d.]+)/i.exec(head)?.[1]) * 1000);
    at = end;
  }
}

/** One event of `.sse?media=1`. */
export interface ReceivedEvent {
  readonly event: string;
  readonly data: {
    readonly startUs?: number;
    readonly independent?: boolean;
    readonly missed?: number;
    readonly reason?: string;
  };
}

/** The whole events, without their media. */
export function sseEvents(bytes: Buffer): ReceivedEvent[] {
  const events: ReceivedEvent[] = [];
  for (const block of bytes.toString("latin1").split("\n\n").slice(0, -1)) {
    const event = /^event: (.*)$/m.exec(block)?.[1];
    const data = /^data: (.*)$/m.exec(block)?.[1];
    if (event !== undefined && data !== undefined) events.push({ event, data: JSON.parse(data) });
  }
  return events;
}
