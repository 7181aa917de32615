import type { TlsOptions, Server as TlsServer } from "node:tls";

/** Certificates for a listener with TLS. `tls/` has them. */
export interface TlsSource {
  /** For `createServer`: protocol versions, ciphers and the certificates of now. */
  options(): TlsOptions;
  /** Watches over a server that was made with them: gives it new certificates, bounds and logs handshakes. */
  guard(server: TlsServer): TlsGuard;
}

/** Watches over one server until it is closed. */
export interface TlsGuard {
  /** Connections whose handshake is under way. */
  readonly handshakes: number;
  /** Ends those. Connections that came through it stay. May be called twice. */
  close(): void;
}
