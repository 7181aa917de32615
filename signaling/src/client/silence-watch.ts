/** What watching needs of an `RTCPeerConnection`. */
export interface CountingPeer {
  readonly connectionState: RTCPeerConnectionState;
  getStats(): Promise<RTCStatsReport | ReadonlyMap<string, unknown>>;
}

export interface SilenceLimits {
  /** How often the counter is read. */
  readonly sampleMs: number;
  /** How long nothing may come where packets came several times a second. */
  readonly silentMs: number;
  /** Packets a second below which silence means nothing. */
  readonly minPacketsPerSecond: number;
}

export const defaultSilenceLimits: SilenceLimits = {
  sampleMs: 300,
  silentMs: 1000,
  minPacketsPerSecond: 4,
};

interface TransportEntry {
  readonly type: string;
  readonly packetsReceived?: number;
}

/**
 * Tells when packets stop to come on a way on which they came several times a second, once for each silence. A browser
 * whose address has changed takes five seconds to say so; whoever sends media hears from the other side (transport-wide
 * feedback, reports) ten times a second. Browsers that do not count a transport's packets tell nothing.
 */
export class SilenceWatch {
  readonly #peer: CountingPeer;
  readonly #silent: () => void;
  readonly #limits: SilenceLimits;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #received = 0;
  /** When the counter grew last; undefined unless it has just grown as fast as it must. */
  #heardMs: number | undefined;
  #steady = false;
  #sampledMs: number;
  #closed = false;

  constructor(peer: CountingPeer, silent: () => void, limits: Partial<SilenceLimits> = {}) {
    this.#peer = peer;
    this.#silent = silent;
    this.#limits = { ...defaultSilenceLimits, ...limits };
    this.#sampledMs = performance.now();
    this.#later();
  }

  /** May be called twice. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #later(): void {
    this.#timer = setTimeout(() => {
      // Statistics of a connection that was just closed cannot be had; the owner learns of that elsewhere.
      void this.#sample().catch(() => {});
    }, this.#limits.sampleMs);
  }

  async #sample(): Promise<void> {
    try {
      if (this.#peer.connectionState !== "connected") this.#forget();
      else this.#count(packetsOf(await this.#peer.getStats()));
    } finally {
      if (!this.#closed) this.#later();
    }
  }

  #forget(): void {
    this.#steady = false;
    this.#heardMs = undefined;
  }

  #count(received: number | undefined): void {
    if (received === undefined || this.#closed) return;
    const nowMs = performance.now();
    const fresh = received - this.#received;
    const perSecond = (fresh * 1000) / Math.max(1, nowMs - this.#sampledMs);
    this.#received = received;
    this.#sampledMs = nowMs;
    if (fresh > 0) {
      const steady = perSecond >= this.#limits.minPacketsPerSecond;
      // Silence begins in the middle of a sample, which then has few.
      this.#heardMs = steady || this.#steady ? nowMs : undefined;
      this.#steady = steady;
    } else if (this.#heardMs !== undefined && nowMs - this.#heardMs >= this.#limits.silentMs) {
      this.#heardMs = undefined;
      this.#silent();
    }
  }
}

function packetsOf(report: RTCStatsReport | ReadonlyMap<string, unknown>): number | undefined {
  let packets: number | undefined;
  report.forEach((entry: unknown) => {
    const { type, packetsReceived } = entry as TransportEntry;
    if (type === "transport") packets = packetsReceived;
  });
  return packets;
}
