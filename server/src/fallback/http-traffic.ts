import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** One connection as long as it serves the viewer. */
interface Leg {
  readonly socket: Socket;
  /** Where the connection's counters stood when it began. */
  readonly writtenBefore: number;
  readonly readBefore: number;
  readonly requestBytes: number;
  /** Bytes of it that are known to have gone out. */
  noted: number;
}

/**
 * What went over the connections of one viewer on its behalf, as their own counters say: heads and chunk marks
 * included, over TLS what is inside. Costs nothing per write. One connection may serve others before and after, but
 * nobody else meanwhile, as HTTP/1.1 has it.
 */
export class HttpTraffic {
  readonly #isNoted: boolean;
  readonly #legs = new Set<Leg>();
  #pastSent = 0;
  #pastReceived = 0;
  #requests = 0;

  /** `isNoted`: `note` is called whenever a write is through. */
  constructor({ isNoted = true }: { readonly isNoted?: boolean } = {}) {
    this.#isNoted = isNoted;
  }

  /** So many answers were begun. */
  get requests(): number {
    return this.#requests;
  }

  /** Bytes that the kernel took. */
  get bytesSent(): number {
    let bytes = this.#pastSent;
    for (const leg of this.#legs) bytes += sentOf(leg);
    return bytes;
  }

  get bytesReceived(): number {
    let bytes = this.#pastReceived;
    for (const leg of this.#legs) bytes += receivedOf(leg);
    return bytes;
  }

  /** Bytes that were written and that the kernel did not take yet. */
  get waitingBytes(): number {
    let bytes = 0;
    for (const { socket } of this.#legs) bytes += socket.writableLength;
    return bytes;
  }

  /** Counts an answer, of which nothing was written yet, and its request until it is through. */
  follow(response: ServerResponse): void {
    const { req: request, socket } = response;
    if (socket === null) {
      // Answers to earlier requests on the connection come first.
      response.once("socket", (assigned: Socket) => this.#follow(request, response, assigned));
    } else {
      this.#follow(request, response, socket);
    }
  }

  /** Counts what the request upgraded its connection to, until that is closed. Call before the answer to it is written. */
  followUpgrade(request: IncomingMessage): void {
    const leg = this.#begin(request, request.socket);
    leg.socket.once("close", () => this.#end(leg));
  }

  /** What waits now goes out for sure enough: the answers end in order. Nothing more is counted. */
  settle(): void {
    for (const leg of this.#legs) {
      this.#legs.delete(leg);
      this.#pastSent += sentOf(leg) + leg.socket.writableLength;
      this.#pastReceived += receivedOf(leg);
    }
  }

  /**
   * Remembers what went out by now, for when the connection is cut while bytes wait: what of those went out, nobody can
   * say. To be called when a write is through; always the same function.
   */
  readonly note = (): void => {
    for (const leg of this.#legs) {
      // A connection that is closed tells all as written.
      if (!leg.socket.destroyed) leg.noted = sentOf(leg);
    }
  };

  #follow(request: IncomingMessage, response: ServerResponse, socket: Socket): void {
    if (response.closed) return;
    const leg = this.#begin(request, socket);
    // Ahead of whoever ends the session then.
    response.prependOnceListener("close", () => this.#end(leg));
  }

  #begin(request: IncomingMessage, socket: Socket): Leg {
    const leg: Leg = {
      socket,
      writtenBefore: socket.bytesWritten,
      readBefore: socket.bytesRead,
      requestBytes: requestBytes(request),
      noted: 0,
    };
    this.#requests++;
    this.#legs.add(leg);
    return leg;
  }

  #end(leg: Leg): void {
    if (!this.#legs.delete(leg)) return;
    const isCut = leg.socket.destroyed && this.#isNoted;
    this.#pastSent += isCut ? leg.noted : sentOf(leg);
    this.#pastReceived += receivedOf(leg);
  }
}

function sentOf({ socket, writtenBefore }: Leg): number {
  return Math.max(0, socket.bytesWritten - writtenBefore - socket.writableLength);
}

function receivedOf({ socket, readBefore, requestBytes: head }: Leg): number {
  return head + Math.max(0, socket.bytesRead - readBefore);
}

/** A request without a body as it stood on the wire, but for spaces around values. RFC 9112 section 3. */
function requestBytes(request: IncomingMessage): number {
  const { method = "", rawHeaders, httpVersion } = request;
  const { originalUrl: target = request.url ?? "" } = request as { readonly originalUrl?: string };
  // "METHOD target HTTP/1.1" and the empty line.
  let bytes = method.length + target.length + httpVersion.length + 11;
  // ": " and the end of the line.
  for (const [index, text] of rawHeaders.entries()) bytes += text.length + (index % 2) * 4;
  return bytes;
}
