import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import type { Clock, Log, Timer } from "../core/index.ts";
import { CertificateError, type PemPair, readPair } from "./certificate.ts";
import { Certificates } from "./certificates.ts";
import { defaultTlsLimits, type TlsLimits } from "./limits.ts";

/** Paths of a certificate chain and of its key, both PEM. */
export interface PairFiles {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateFilesOptions {
  /** The first is shown to clients that name no host. */
  readonly files: readonly [PairFiles, ...PairFiles[]];
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<TlsLimits>;
}

/**
 * Certificates from files, which are looked at again every few seconds: whoever renews them only has to write them. What
 * is half-written or does not belong together is left alone, and what was there before stays in use.
 */
export class CertificateFiles {
  readonly certificates: Certificates;
  readonly #options: CertificateFilesOptions;
  readonly #limits: TlsLimits;
  /** Of what is in use, or was refused last. */
  #seen: string;
  /** What was refused at the last look: it is told once, when it is still there at the next. */
  #refused: { readonly digest: string; told: boolean } | undefined;
  #timer: Timer | undefined;
  #closed = false;

  /** Reads them. An expired certificate is taken, and warned of. @throws CertificateError */
  constructor(options: CertificateFilesOptions) {
    const { clock, log } = options;
    this.#options = options;
    this.#limits = { ...defaultTlsLimits, ...options.limits };
    const pairs = this.#read();
    this.certificates = new Certificates(pairs, { log, limits: this.#limits });
    this.#seen = digestOf(pairs);
    for (const { names, expiresAtMs } of this.certificates.facts) {
      if (expiresAtMs > clock.wallMs()) continue;
      const expired = new Date(expiresAtMs).toISOString();
      log.warn({ code: "CERTIFICATE_EXPIRED", names, expired }, "a certificate is too old");
    }
    this.#schedule();
  }

  /** Looks at the files now. False when they are not as they should be, which is logged; the old ones stay. */
  reload(): boolean {
    return this.#look(true);
  }

  /** Looks no more. May be called twice. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#timer = this.#options.clock.after(this.#limits.pollMs, () => {
      this.#look(false);
      this.#schedule();
    });
  }

  /** Whoever writes two files is between them for a moment: what is wrong is told at the second look. */
  #look(tellAtOnce: boolean): boolean {
    let digest = "";
    try {
      const pairs = this.#read();
      digest = digestOf(pairs);
      if (digest === this.#seen) {
        this.#refused = undefined;
        return true;
      }
      this.#refuseExpired(pairs);
      this.certificates.replace(pairs);
      this.#seen = digest;
      this.#refused = undefined;
      return true;
    } catch (error) {
      if (!(error instanceof CertificateError)) throw error;
      this.#tell(error, digest, tellAtOnce);
      return false;
    }
  }

  #tell(error: CertificateError, digest: string, atOnce: boolean): void {
    const key = `${error.code} ${digest}`;
    const again = this.#refused?.digest === key;
    const told = again && this.#refused?.told === true;
    const now = !told && (again || atOnce);
    this.#refused = { digest: key, told: told || now };
    if (!now && !atOnce) return;
    this.#options.log.warn(
      { code: error.code, detail: error.message },
      "the certificate files are not taken; the certificates from before stay in use",
    );
  }

  #refuseExpired(pairs: readonly PemPair[]): void {
    const nowMs = this.#options.clock.wallMs();
    if (pairs.every((pair) => readPair(pair).expiresAtMs > nowMs)) return;
    if (this.certificates.facts.some(({ expiresAtMs }) => expiresAtMs <= nowMs)) return;
    throw new CertificateError("CERTIFICATE_EXPIRED", "the new certificate is too old already");
  }

  #read(): [PemPair, ...PemPair[]] {
    const [first, ...others] = this.#options.files;
    const pair = ({ cert, key }: PairFiles): PemPair => ({
      cert: this.#readFile(cert),
      key: this.#readFile(key),
    });
    return [pair(first), ...others.map(pair)];
  }

  #readFile(path: string): string {
    try {
      if (statSync(path).size <= this.#limits.maxFileBytes) return readFileSync(path, "utf8");
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new CertificateError("CERTIFICATE_UNREADABLE", `${path} cannot be read (${code})`);
    }
    throw new CertificateError("CERTIFICATE_UNREADABLE", `${path} is too large`);
  }
}

function digestOf(pairs: readonly PemPair[]): string {
  const hash = createHash("sha256");
  for (const { cert, key } of pairs)
    hash.update(`${cert.length} ${key.length} `).update(cert).update(key);
  return hash.digest("base64url");
}
