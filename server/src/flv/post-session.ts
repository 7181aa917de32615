import type { IncomingMessage } from "node:http";
import { ProtocolError, RefusedError } from "../core/errors.ts";
import { randomId } from "../core/ids.ts";
import type { Publisher, PublisherInfo } from "../core/publisher.ts";
import type { Registry } from "../core/registry.ts";
import { FlvIntake, type IntakeStats } from "./intake.ts";
import type { FlvPostLimits } from "./limits.ts";
import { ClientGone } from "./problem.ts";
import type { Seated } from "./seats.ts";

/** What became of one body. */
export interface PostSummary extends IntakeStats {
  readonly stream: string;
  readonly session: string;
  /** Whether the stream waited for its publisher and went on. */
  readonly resumed: boolean;
  /** Whether the body ended within a tag. */
  readonly truncated: boolean;
  readonly durationMs: number;
}

/** What a session needs from the handler that let it in. */
export interface PostHost {
  readonly registry: Registry;
  readonly limits: FlvPostLimits;
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** The bytes that some session holds changed by so many. */
  held(changeBytes: number): void;
}

const waits = {
  FLV_START_TIMEOUT: "No FLV came in time.",
  FLV_PUBLISH_TIMEOUT: "No picture or sound came for too long.",
};

/** Publishes the body of one request while it comes. */
export class PostSession implements Seated {
  readonly id: string = randomId();
  readonly address: string;
  /** Settles once, when the body has ended or the session was ended. Rejects with RefusedError, ProtocolError or ClientGone. */
  readonly done: Promise<PostSummary>;
  readonly #request: IncomingMessage;
  readonly #host: PostHost;
  readonly #info: Omit<PublisherInfo, "onKick" | "stats">;
  readonly #startedMs: number;
  readonly #intake: FlvIntake;
  #publisher: Publisher | undefined;
  #resumed = false;
  #heldBytes = 0;
  #closed = false;
  #settle: { resolve(summary: PostSummary): void; reject(error: unknown): void } | undefined;

  /** Access must have been granted. */
  constructor(
    request: IncomingMessage,
    info: Omit<PublisherInfo, "onKick" | "stats">,
    host: PostHost,
  ) {
    this.#request = request;
    this.#host = host;
    this.#info = info;
    this.address = info.address;
    this.#startedMs = host.nowMs();
    this.#intake = new FlvIntake(host.limits, this.#startedMs);
    this.done = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  get publishing(): boolean {
    return this.#publisher !== undefined;
  }

  get pendingBytes(): number {
    return this.#heldBytes;
  }

  /** Begins to read. To be called once. */
  start(): void {
    const gone = (): void => this.#end("PEER_CLOSED", new ClientGone("closed during the body"));
    this.#request
      .on("data", (bytes: Uint8Array) => this.#receive(bytes))
      .on("end", () => this.#bodyEnded())
      .on("error", gone)
      .on("close", gone);
    if (this.#request.destroyed) gone();
  }

  /** Ends it when it waited too long. Called about once a second. */
  check(): void {
    const code = this.#intake.overdue(this.#host.nowMs());
    if (code !== undefined) this.#end(code, new RefusedError(code, 408, waits[code]));
  }

  /** Ends it; the client is told why. May be called twice. `code` is a stable string. */
  close(code: string): void {
    const later = ["SERVER_CLOSING", "SHUTTING_DOWN", "FLV_PENDING_TOO_LARGE", "FLV_EVICTED"];
    const status = later.includes(code) ? 503 : 409;
    this.#end(code, new RefusedError(code, status, "The server ended the stream."));
  }

  #receive(bytes: Uint8Array): void {
    if (this.#closed) return;
    try {
      const nowMs = this.#host.nowMs();
      this.#intake.receive(bytes, nowMs);
      if (this.#intake.headed && this.#publisher === undefined && !this.#closed) {
        this.#publish();
        if (this.#publisher !== undefined) this.#intake.begin(this.#publisher, nowMs);
      }
      if (!this.#closed) this.#hold(this.#intake.pendingBytes);
    } catch (error) {
      this.#end(codeOf(error), error);
    }
  }

  #publish(): void {
    const { registry } = this.#host;
    const resumed = registry.get(this.#info.stream) !== undefined;
    this.#publisher = registry.publish({
      ...this.#info,
      stats: () => this.#intake.stats,
      onKick: (reason) => this.close(reason),
    });
    this.#resumed = resumed;
  }

  #bodyEnded(): void {
    const { frames } = this.#intake.stats;
    if (frames.video + frames.audio > 0) this.#end("PEER_CLOSED", undefined);
    else {
      const message = "The body has no picture and no sound.";
      this.#end("FLV_EMPTY", new ProtocolError("FLV_EMPTY", message));
    }
  }

  #hold(bytes: number): void {
    const change = bytes - this.#heldBytes;
    this.#heldBytes = bytes;
    if (change !== 0) this.#host.held(change);
  }

  #end(code: string, error: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    const truncated = this.#intake.pendingBytes > 0;
    this.#intake.close();
    this.#hold(0);
    this.#publisher?.close(code);
    if (error !== undefined) this.#settle?.reject(error);
    else {
      this.#settle?.resolve({
        stream: this.#info.stream,
        session: this.id,
        resumed: this.#resumed,
        truncated,
        durationMs: this.#host.nowMs() - this.#startedMs,
        ...this.#intake.stats,
      });
    }
  }
}

function codeOf(error: unknown): string {
  const known = error instanceof ProtocolError || error instanceof RefusedError;
  return known ? error.code : "INTERNAL_ERROR";
}
