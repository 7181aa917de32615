import { createSocket } from "node:dgram";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { parseStunReply, type StunReply, stunLength } from "./stun.ts";

/** Where requests go. */
export interface StunPlace {
  /** `ice-tcp`: each message behind its length. RFC 4571, RFC 6544 section 10.1. */
  readonly transport: "udp" | "tcp" | "tls" | "ice-tcp";
  readonly host: string;
  readonly port: number;
}

/** A way to a STUN server. Whoever opened it closes it. */
export interface StunWire {
  /** Sends a request and gives the answer to it, or in words why there is none. UDP is sent again a few times. */
  exchange(request: Buffer): Promise<StunReply | string>;
  /** May be called twice. */
  close(): void;
}

/** First pause before a datagram is sent again; it doubles. RFC 8489 section 6.2.1. Milliseconds. */
const firstPauseMs = 250;
const maxReplyBytes = 65_536;

/** Opens a way; no reply to `exchange` takes longer than `timeoutMs`. Never throws: what fails is told by `exchange`. */
export function openStunWire(place: StunPlace, timeoutMs: number): StunWire {
  return place.transport === "udp" ? udpWire(place, timeoutMs) : streamWire(place, timeoutMs);
}

function udpWire({ host, port }: StunPlace, timeoutMs: number): StunWire {
  const socket = createSocket(isIP(host) === 6 ? "udp6" : "udp4");
  let failure: string | undefined;
  let wake = (_: Buffer | string): void => {};
  let closed = false;
  // A connected socket hears of ports that nobody has.
  const connected = new Promise<void>((resolve) => {
    socket.on("error", (error) => {
      failure ??= error.message;
      wake(failure);
      resolve();
    });
    // Names that cannot be found are told here and not by an event.
    socket.connect(port, host, (error?: Error) => {
      failure ??= error?.message;
      resolve();
    });
  });
  socket.on("message", (bytes) => wake(bytes));
  return {
    async exchange(request) {
      await connected;
      if (failure !== undefined) return failure;
      return new Promise((resolve) => {
        let pause: NodeJS.Timeout | undefined;
        const finish = (outcome: StunReply | string): void => {
          clearTimeout(pause);
          clearTimeout(end);
          wake = () => {};
          resolve(outcome);
        };
        const end = setTimeout(() => finish(`no answer within ${timeoutMs} ms`), timeoutMs);
        wake = (told) => {
          if (typeof told === "string") finish(told);
          else {
            const reply = parseStunReply(told, request);
            if (reply !== undefined) finish(reply);
          }
        };
        const send = (pauseMs: number): void => {
          socket.send(request, (error) => {
            if (error) finish(error.message);
          });
          pause = setTimeout(() => send(pauseMs * 2), pauseMs);
        };
        send(firstPauseMs);
      });
    },
    close() {
      if (!closed) socket.close();
      closed = true;
    },
  };
}

/** Without framing STUN messages follow one another, each with its length in it. RFC 8489 section 6.2.2. */
function streamWire({ transport, host, port }: StunPlace, timeoutMs: number): StunWire {
  const server = isIP(host) === 0 ? { servername: host } : {};
  const socket: Socket =
    transport === "tls" ? connectTls({ host, port, ...server }) : connectTcp({ host, port });
  const framed = transport === "ice-tcp";
  const prefixBytes = framed ? 2 : 0;
  let failure: string | undefined;
  let held = Buffer.alloc(0);
  let wake = (): void => {};
  const fail = (reason: string): void => {
    failure ??= reason;
    wake();
  };
  socket.on("error", (error) => fail(error.message));
  socket.on("close", () => fail("the connection was closed"));
  socket.on("data", (bytes) => {
    held = Buffer.concat([held, bytes]);
    if (held.length > maxReplyBytes) fail("the answer is too long");
    wake();
  });
  return {
    exchange(request) {
      return new Promise((resolve) => {
        const finish = (outcome: StunReply | string): void => {
          clearTimeout(end);
          wake = () => {};
          resolve(outcome);
        };
        const end = setTimeout(() => finish(`no answer within ${timeoutMs} ms`), timeoutMs);
        wake = () => {
          const message = held.subarray(prefixBytes);
          const length = stunLength(message);
          if (length !== undefined && message.length >= length) {
            const reply = parseStunReply(message.subarray(0, length), request);
            held = message.subarray(length);
            finish(reply ?? "the answer is not STUN");
          } else if (failure !== undefined) finish(failure);
        };
        if (failure !== undefined) finish(failure);
        else socket.write(framed ? frame(request) : request);
      });
    },
    close: () => void socket.destroy(),
  };
}

function frame(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}
