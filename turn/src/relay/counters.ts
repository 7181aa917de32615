/** Why packets were dropped, from either side. */
export const dropReasons = [
  /** Neither STUN nor ChannelData of an allocation. */
  "stray",
  /** STUN that is malformed, or a class or method that nobody asked for. */
  "malformed",
  /** Answers to requests that prove nothing, beyond the budget of their source. */
  "unauthenticated",
  /** A channel that is not bound, or a wrong length. */
  "channel",
  /** The peer has no permission. */
  "permission",
  /** The peer is none by policy. */
  "policy",
  /** More bytes per second than an allocation has. */
  "bandwidth",
  /** The client reads too slowly, or the kernel takes no more. */
  "queue",
] as const;

export type DropReason = (typeof dropReasons)[number];

/** Numbers of one allocation. Bytes are payload, without the headers of TURN, UDP and IP. */
export class Traffic {
  /** From the client to peers. */
  bytesIn = 0;
  packetsIn = 0;
  /** From peers to the client. */
  bytesOut = 0;
  packetsOut = 0;
  dropped = 0;

  add(other: Traffic): void {
    this.bytesIn += other.bytesIn;
    this.packetsIn += other.packetsIn;
    this.bytesOut += other.bytesOut;
    this.packetsOut += other.packetsOut;
    this.dropped += other.dropped;
  }
}

/** What a relay counts over its life. */
export class Counters {
  readonly drops: Record<DropReason, number> = Object.fromEntries(
    dropReasons.map((reason) => [reason, 0]),
  ) as Record<DropReason, number>;
  /** Error answers by code. */
  readonly refusals: Map<number, number> = new Map();
  /** Of allocations that are gone. */
  readonly past: Traffic = new Traffic();
  allocated = 0;
  bindings = 0;
  socketErrors = 0;

  refuse(code: number): void {
    this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1);
  }
}
