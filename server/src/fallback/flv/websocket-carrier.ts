import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Log, RefusedError } from "../../core/index.ts";
import { HttpRefusal } from "../door/index.ts";
import type { FlvLimits } from "./limits.ts";
import type { Carrier } from "./viewer.ts";

/** RFC 6455 section 4.1. */
const version = "13";
const keyPattern = /^[A-Za-z0-9+/]{22}==$/;
/** The sub-protocol that is chosen where a client offers it. */
const subProtocol = "flv";

/** RFC 6455 section 7.4.1. */
const closeCodes = { normal: 1000, goingAway: 1001, policy: 1008, error: 1011, tryLater: 1013 };
/** Section 5.5: the payload of a close frame has 125 bytes at most, two of them the code. */
const maxReasonLength = 123;

/** Makes WebSockets of requests to upgrade. */
export class Handshakes {
  readonly #server: WebSocketServer;

  constructor(limits: FlvLimits) {
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      // Video does not get smaller.
      perMessageDeflate: false,
      maxPayload: limits.maxMessageBytes,
      closeTimeout: limits.endMs,
      handleProtocols: (offered) => (offered.has(subProtocol) ? subProtocol : false),
    } as ConstructorParameters<typeof WebSocketServer>[0]);
  }

  /**
   * RFC 6455 section 4.2.1.
   * @throws HttpRefusal `WEBSOCKET_VERSION_UNSUPPORTED` 426, `WEBSOCKET_REQUEST_INVALID` 400.
   */
  check(request: IncomingMessage): void {
    const { headers, method } = request;
    if (
      method !== "GET" ||
      headers.upgrade?.toLowerCase() !== "websocket" ||
      !keyPattern.test(headers["sec-websocket-key"] ?? "")
    ) {
      const message = "This is not a request to open a WebSocket.";
      throw new HttpRefusal("WEBSOCKET_REQUEST_INVALID", 400, message);
    }
    if (headers["sec-websocket-version"] !== version) {
      const message = `The WebSocket must be of version ${version}.`;
      throw new HttpRefusal("WEBSOCKET_VERSION_UNSUPPORTED", 426, message, {
        "Sec-WebSocket-Version": version,
        Upgrade: "websocket",
      });
    }
  }

  /** Answers 101. `then` is called at once, or never when the request is refused after all. */
  accept(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    then: (webSocket: WebSocket) => void,
  ): void {
    this.#server.handleUpgrade(request, socket, head, then);
  }
}

export interface WebSocketCarrierOptions {
  readonly webSocket: WebSocket;
  readonly socket: Duplex;
  readonly limits: FlvLimits;
  readonly log: Log;
  readonly nowUs: number;
  /** There is nothing to watch. */
  onRefuse(error: RefusedError): void;
}

/** One WebSocket. What viewers are sent goes straight to its socket, framed already. */
export class WebSocketCarrier implements Carrier {
  readonly wire = "websocket";
  readonly socket: Duplex;
  readonly #options: WebSocketCarrierOptions;
  #messages = 0;
  #alive = true;
  #aliveUs: number;
  #pingUs: number;

  constructor(options: WebSocketCarrierOptions) {
    this.#options = options;
    this.socket = options.socket;
    this.#aliveUs = options.nowUs;
    this.#pingUs = options.nowUs;
    const { webSocket, log } = options;
    webSocket.on("error", (error: Error & { code?: string }) => {
      log.debug({ code: error.code }, "a WebSocket broke the protocol");
    });
    const alive = (): void => {
      this.#alive = true;
    };
    webSocket.on("pong", alive);
    webSocket.on("ping", alive);
    webSocket.on("message", () => {
      this.#messages++;
    });
  }

  begin(): void {}

  refuse(error: RefusedError): void {
    const { webSocket, onRefuse } = this.#options;
    const { status, code } = error;
    const { policy, tryLater, error: failed } = closeCodes;
    const closeCode = status === 503 ? tryLater : status < 500 ? policy : failed;
    webSocket.close(closeCode, code.slice(0, maxReasonLength));
    onRefuse(error);
  }

  end(code: string): void {
    const { normal, goingAway } = closeCodes;
    const closeCode = code === "SERVER_CLOSING" ? goingAway : normal;
    this.#options.webSocket.close(closeCode, code.slice(0, maxReasonLength));
  }

  abort(): void {
    this.#options.webSocket.terminate();
  }

  tick(nowUs: number): string | undefined {
    const { webSocket, limits } = this.#options;
    if (this.#messages > limits.maxMessages) return "WEBSOCKET_MESSAGES_UNEXPECTED";
    if (this.#alive) this.#aliveUs = nowUs;
    this.#alive = false;
    if (nowUs - this.#aliveUs >= limits.pongMs * 1000) return "WEBSOCKET_PONG_MISSING";
    if (nowUs - this.#pingUs >= limits.pingMs * 1000) {
      this.#pingUs = nowUs;
      webSocket.ping();
    }
    return undefined;
  }
}
