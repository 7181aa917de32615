/** Limits of TLS listeners and of what brings their certificates. */
export interface TlsLimits {
  /** Time for a handshake; slower clients are cut off. */
  readonly handshakeTimeoutMs: number;
  /** Handshakes under way at once on one listener; further connections are closed at once. */
  readonly maxHandshakes: number;
  /** How often certificate files are looked at. */
  readonly pollMs: number;
  /** Largest file that is read. */
  readonly maxFileBytes: number;
  /** From how long before its end a certificate that nobody renews is warned of. */
  readonly warnBeforeMs: number;
}

const dayMs = 86_400_000;

export const defaultTlsLimits: TlsLimits = {
  handshakeTimeoutMs: 10_000,
  maxHandshakes: 1024,
  pollMs: 5000,
  maxFileBytes: 1_048_576,
  warnBeforeMs: 14 * dayMs,
};
