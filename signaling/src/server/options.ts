import type { AllowedOrigins, Rate } from "../gate/index.ts";

/** Where time comes from; core's `Clock` fits. `wallMs` must be the clock of the streams' capture times. */
export interface SignalingClock {
  /** Monotonic microseconds. */
  nowUs(): number;
  /** Milliseconds since 1970, with fractions. */
  wallMs(): number;
  after(delayMs: number, callback: () => void): { cancel(): void };
}

/** Where log lines go; core's `Log` fits. */
export interface SignalingLog {
  error(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  info(fields: object, message: string): void;
  debug(fields: object, message: string): void;
}

export interface SignalingLimits {
  /** Connections in all; more are refused with `SOCKETS_FULL`. */
  readonly maxSockets: number;
  /** Connections of one address (IPv6: one /64); more are refused with `ADDRESS_SOCKETS_FULL`. */
  readonly maxSocketsPerAddress: number;
  readonly maxSessionsPerSocket: number;
  readonly maxObservedPerSocket: number;
  /** Candidates of one session that may wait for their description. */
  readonly maxCandidates: number;
  /** Packets that may wait in one connection for a client that does not read. */
  readonly maxUnsentPackets: number;
  /** One socket.io message, in bytes as sent. */
  readonly maxMessageBytes: number;
  /** Messages of one connection. */
  readonly messages: Rate;
  /** Refused messages of one connection, until it is closed. */
  readonly refusals: Rate;
  /** `description` messages of one connection: each may cost a negotiation. */
  readonly descriptions: Rate;
  /** `prefer` messages of one connection. */
  readonly preferences: Rate;
  /** Places in rooms that one connection holds; more are refused with `CALLS_FULL`, as are those below. */
  readonly maxCallsPerSocket: number;
  /** Places of one address (IPv6: one /64), over all its connections. */
  readonly maxCallsPerAddress: number;
  /** Places in all. */
  readonly maxCalls: number;
  /** What was pushed to one side of a call and may have to be pushed again after a break, in characters. */
  readonly maxCallBacklog: number;
  /** `watch`, `publish`, `call` of one address, over all its connections. */
  readonly opens: Rate;
  /** How long sessions and places in rooms outlive their connection, so that a hiccup of signaling does not end media. */
  readonly recoveryMs: number;
  /** Status changes of one stream that follow each other faster are pushed as one. */
  readonly statusIntervalMs: number;
  /** A dead connection is noticed within `pingIntervalMs + pingTimeoutMs`. */
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
  /** A connection that does not join the namespace in this time is closed. */
  readonly joinTimeoutMs: number;
}

export interface SignalingOptions {
  /** Path of socket.io, with any prefix that reaches this server. Default `/socket.io/`. */
  readonly path?: string;
  /** Pages that may connect besides those of our own host. Default none. */
  readonly origins?: AllowedOrigins;
  /** Proxies whose `X-Forwarded-*` is believed: addresses, CIDR blocks, `loopback`. Default none. */
  readonly trustProxy?: readonly string[];
  readonly limits?: Partial<SignalingLimits>;
  readonly clock?: SignalingClock;
  readonly log?: SignalingLog;
}

export const defaultLimits: SignalingLimits = {
  maxSockets: 20_000,
  maxSocketsPerAddress: 256,
  maxSessionsPerSocket: 8,
  maxObservedPerSocket: 16,
  maxCandidates: 64,
  maxUnsentPackets: 512,
  maxMessageBytes: 160_000,
  messages: { perSecond: 50, burst: 150 },
  refusals: { perSecond: 5, burst: 200 },
  descriptions: { perSecond: 2, burst: 16 },
  preferences: { perSecond: 5, burst: 20 },
  maxCallsPerSocket: 4,
  maxCallsPerAddress: 64,
  maxCalls: 10_000,
  maxCallBacklog: 200_000,
  opens: { perSecond: 50, burst: 200 },
  recoveryMs: 10_000,
  statusIntervalMs: 250,
  pingIntervalMs: 10_000,
  pingTimeoutMs: 5_000,
  joinTimeoutMs: 5_000,
};

export const systemClock: SignalingClock = {
  nowUs: () => Math.round(performance.now() * 1000),
  wallMs: () => performance.timeOrigin + performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

export const noLog: SignalingLog = { error() {}, warn() {}, info() {}, debug() {} };
