import type { EncodingReceiver } from "./encoding-receiver.ts";
import type { IngestLine } from "./ingest-line.ts";
import type { RtpReader } from "./rtp-reader.ts";

/** Whose packets an SSRC carries, and which. */
export interface Route {
  readonly line: IngestLine;
  readonly receiver: EncodingReceiver;
  /** `retired`: another SSRC has taken its place, and what still comes of it is dropped. */
  role: "media" | "rtx" | "retired";
}

/**
 * Tells the SSRCs of one publisher apart: as the negotiation declares them, or as their packets say by rid and mid (RFC 8852,
 * RFC 9143), or else by payload type where only one line has it.
 */
export class Demultiplexer {
  readonly #maxSsrcs: number;
  readonly #routes = new Map<number, Route>();
  #lines: readonly IngestLine[] = [];
  #midId: number | undefined;
  /** Packets of SSRCs that nobody can tell the meaning of, or that are too many. */
  unknown = 0;

  constructor(maxSsrcs: number) {
    this.#maxSsrcs = maxSsrcs;
  }

  get size(): number {
    return this.#routes.size;
  }

  /** The lines as negotiated now. */
  configure(lines: readonly IngestLine[]): void {
    this.#lines = lines;
    this.#midId = lines.find(
      ({ media }) => media.extensions.mid !== undefined,
    )?.media.extensions.mid;
    for (const [ssrc, { line, receiver }] of this.#routes) {
      if (!lines.includes(line) || !line.receivers.includes(receiver)) this.#routes.delete(ssrc);
    }
    for (const line of lines) {
      for (const receiver of line.receivers) {
        const declared = line.declared(receiver);
        if (declared?.ssrc !== undefined) this.#assign(declared.ssrc, line, receiver, "media");
        if (declared?.rtxSsrc !== undefined) this.#assign(declared.rtxSsrc, line, receiver, "rtx");
      }
    }
  }

  /** What is known about an SSRC. */
  get(ssrc: number): Route | undefined {
    return this.#routes.get(ssrc);
  }

  /** Whose packet it is. Undefined, and counted, when nobody can tell. */
  route(reader: RtpReader): Route | undefined {
    const known = this.#routes.get(reader.ssrc);
    if (known !== undefined) return known;
    const learned = this.#learn(reader);
    if (learned === undefined) this.unknown++;
    return learned;
  }

  clear(): void {
    this.#routes.clear();
    this.#lines = [];
  }

  #learn(reader: RtpReader): Route | undefined {
    const line = this.#lineOf(reader);
    if (line === undefined) return undefined;
    const { extensions } = line.media;
    const isRtx = line.formats.repeated(reader.payloadType) !== undefined;
    const rid = reader.name(isRtx ? extensions.repairedRid : extensions.rid);
    const receiver = receiverOf(line, rid);
    if (receiver === undefined) return undefined;
    const declared = line.declared(receiver);
    // The negotiation has the last word: other SSRCs of the line are layers or repair that was not taken.
    if ((isRtx ? declared?.rtxSsrc : declared?.ssrc) !== undefined) return undefined;
    return this.#assign(reader.ssrc, line, receiver, isRtx ? "rtx" : "media");
  }

  #lineOf(reader: RtpReader): IngestLine | undefined {
    const { payloadType } = reader;
    const mid = reader.name(this.#midId);
    const lines = this.#lines.filter(
      ({ formats, media }) => formats.has(payloadType) && (mid === undefined || media.mid === mid),
    );
    return lines.length === 1 ? lines[0] : undefined;
  }

  #assign(
    ssrc: number,
    line: IngestLine,
    receiver: EncodingReceiver,
    role: "media" | "rtx",
  ): Route | undefined {
    const before = role === "media" ? receiver.ssrc : receiver.rtxSsrc;
    const known = this.#routes.get(ssrc);
    if (before === ssrc && known?.receiver === receiver && known.role === role) return known;
    if (known === undefined && !this.#makeRoom()) return undefined;
    const replaced = before === undefined || before === ssrc ? undefined : this.#routes.get(before);
    if (replaced !== undefined) replaced.role = "retired";
    const route: Route = { line, receiver, role };
    this.#routes.set(ssrc, route);
    if (role === "rtx") receiver.rtxSsrc = ssrc;
    else line.bind(receiver, ssrc);
    return route;
  }

  /** Forgets the oldest SSRC that is not used any more, if need be. */
  #makeRoom(): boolean {
    if (this.#routes.size < this.#maxSsrcs) return true;
    for (const [ssrc, { role }] of this.#routes) {
      if (role !== "retired") continue;
      this.#routes.delete(ssrc);
      return true;
    }
    return false;
  }
}

/** Without simulcast there is only one; with it the packet must say which. */
function receiverOf(line: IngestLine, rid: string | undefined): EncodingReceiver | undefined {
  const [only, ...others] = line.receivers;
  if (others.length === 0 && only?.rid === undefined) return only;
  return rid === undefined ? undefined : line.receivers.find((receiver) => receiver.rid === rid);
}
