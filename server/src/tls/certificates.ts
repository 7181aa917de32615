import { constants } from "node:crypto";
import { createSecureContext, type SecureContext, type Server, type TlsOptions } from "node:tls";
import type { Log } from "../core/index.ts";
import { type CertificateFacts, coversHost, type PemPair, readPair } from "./certificate.ts";
import { HandshakeGuard } from "./handshake-guard.ts";
import { defaultTlsLimits, type TlsLimits } from "./limits.ts";

/**
 * For TLS 1.2: forward secrecy and authenticated encryption only (RFC 9325 section 4.2). The suites of TLS 1.3 are good
 * as they are.
 */
const ciphers = [
  "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256",
  ...["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256"],
  ...["ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384"],
  ...["ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305"],
].join(":");

const settings = {
  minVersion: "TLSv1.2",
  ciphers,
  // Clients renegotiate for nothing but to make work.
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
} as const;

interface Entry {
  readonly pair: PemPair;
  readonly facts: CertificateFacts;
  readonly context: SecureContext;
}

export interface CertificatesOptions {
  readonly log: Log;
  readonly limits?: Partial<TlsLimits>;
}

/**
 * The certificates of all TLS listeners. Whoever gets new ones puts them here, and handshakes from then on show them;
 * connections that are open go on.
 */
export class Certificates {
  readonly #log: Log;
  readonly #limits: TlsLimits;
  readonly #listeners = new Set<() => void>();
  #entries: readonly [Entry, ...Entry[]];

  /** The first pair is shown to clients that name no host, or none that any is for. @throws CertificateError */
  constructor(pairs: readonly [PemPair, ...PemPair[]], { log, limits }: CertificatesOptions) {
    this.#log = log;
    this.#limits = { ...defaultTlsLimits, ...limits };
    this.#entries = readEntries(pairs);
  }

  /** Takes these in the place of those it had, or keeps those when one is wrong. @throws CertificateError */
  replace(pairs: readonly [PemPair, ...PemPair[]]): void {
    this.#entries = readEntries(pairs);
    for (const { facts } of this.#entries) {
      const { names, serial, expiresAtMs } = facts;
      const expires = new Date(expiresAtMs).toISOString();
      this.#log.info({ names, serial, expires }, "new certificate");
    }
    for (const listener of this.#listeners) listener();
  }

  /** In the order in which they were given. */
  get facts(): readonly CertificateFacts[] {
    return this.#entries.map(({ facts }) => facts);
  }

  /** The first pair, for whoever runs TLS elsewhere. Secret. */
  get pair(): PemPair {
    return this.#entries[0].pair;
  }

  /** Calls back after each change. Returns how to end that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** For `createServer` of `node:tls` and `node:https`. */
  options(): TlsOptions {
    return {
      ...settings,
      ...this.pair,
      handshakeTimeout: this.#limits.handshakeTimeoutMs,
      SNICallback: (name, done) => done(null, this.#contextFor(name)),
    };
  }

  /** Watches over a server that was made with `options`, and that does not listen yet. */
  guard(server: Server): HandshakeGuard {
    const { maxHandshakes } = this.#limits;
    const forget = this.onChange(() => server.setSecureContext({ ...settings, ...this.pair }));
    return new HandshakeGuard(server, { log: this.#log, maxHandshakes, closed: forget });
  }

  #contextFor(name: string): SecureContext {
    const found = this.#entries.find(({ facts }) => coversHost(facts.names, name));
    return (found ?? this.#entries[0]).context;
  }
}

function readEntries([first, ...others]: readonly [PemPair, ...PemPair[]]): [Entry, ...Entry[]] {
  const entry = (pair: PemPair): Entry => {
    const facts = readPair(pair);
    return { pair, facts, context: createSecureContext({ ...settings, ...pair }) };
  };
  return [entry(first), ...others.map(entry)];
}
