import { join } from "node:path";
import type { Clock, Log, Timer } from "../core/index.ts";
import { AcmeChallenges } from "./acme-challenges.ts";
import { AcmeError, type AcmeSettings, orderCertificate } from "./acme-order.ts";
import { coversHost, type PemPair, readPair } from "./certificate.ts";
import { Certificates } from "./certificates.ts";
import type { TlsLimits } from "./limits.ts";
import { makeSelfSigned } from "./make-certificate.ts";
import { PrivateFolder } from "./private-files.ts";
import { splitPair } from "./self-signed.ts";

const certificateFile = "certificate.pem";

export interface AcmeTimes {
  /** Before the first try after a failure; doubled each time. Servers allow few failures an hour. */
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
  /** Of each wait, so much is left to chance: not all servers of the world come at once. */
  readonly jitter: number;
  /** How much of a certificate's life may be left when a new one is ordered. */
  readonly renewPart: number;
  readonly patienceMs: number;
  readonly pollMs: number;
}

export const defaultAcmeTimes: AcmeTimes = {
  firstRetryMs: 300_000,
  maxRetryMs: 43_200_000,
  jitter: 0.2,
  renewPart: 1 / 3,
  patienceMs: 120_000,
  pollMs: 2000,
};

/** Longer timers than this do not exist everywhere, and clocks of machines that slept are behind. */
const maxWaitMs = 3_600_000;

export interface AcmeSourceOptions {
  readonly settings: AcmeSettings;
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<TlsLimits>;
  readonly times?: Partial<AcmeTimes>;
  /** From 0 to 1, as `Math.random`. */
  readonly random?: () => number;
}

/** How it goes, for administrators. */
export interface AcmeStatus {
  readonly domains: readonly string[];
  /** Of the last try, when it failed. */
  readonly failure: string | undefined;
  /** Failures since the last certificate. */
  readonly failures: number;
  /** Milliseconds since 1970; undefined while it is under way, or not started. */
  readonly nextTryMs: number | undefined;
}

/**
 * A certificate from an ACME server (RFC 8555), renewed in time. Until the first one is there, listeners show a
 * self-signed one that is kept nowhere. Whatever fails is tried again, and the rest of the server does not notice.
 */
export class AcmeSource {
  readonly certificates: Certificates;
  readonly challenges: AcmeChallenges = new AcmeChallenges();
  readonly #options: AcmeSourceOptions;
  readonly #times: AcmeTimes;
  readonly #folder: PrivateFolder;
  readonly #abort = new AbortController();
  #isTemporary: boolean;
  #failures = 0;
  #failure: string | undefined;
  #nextTryMs: number | undefined;
  #timer: Timer | undefined;
  #started = false;

  private constructor(pair: PemPair, isTemporary: boolean, options: AcmeSourceOptions) {
    this.#options = options;
    this.#times = { ...defaultAcmeTimes, ...options.times };
    this.#folder = folderOf(options);
    this.#isTemporary = isTemporary;
    this.certificates = new Certificates([pair], options);
  }

  /** Takes the certificate that is kept from before. Orders nothing yet. */
  static async open(options: AcmeSourceOptions): Promise<AcmeSource> {
    const kept = readKept(options);
    if (kept !== undefined) return new AcmeSource(kept, false, options);
    const names = options.settings.domains;
    const pair = await makeSelfSigned({ names, nowMs: options.clock.wallMs() });
    return new AcmeSource(pair, true, options);
  }

  /** Orders when it is time, from now on. The HTTP port answers already. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#waitUntil(this.#dueMs());
  }

  get status(): AcmeStatus {
    return {
      domains: this.#options.settings.domains,
      failure: this.#failure,
      failures: this.#failures,
      nextTryMs: this.#nextTryMs,
    };
  }

  /** There is nothing that others write. */
  reload(): boolean {
    return true;
  }

  /** Gives up an order that is under way. May be called twice. */
  close(): void {
    this.#abort.abort();
    this.#timer?.cancel();
  }

  /** When the certificate in use should be followed by another. */
  #dueMs(): number {
    const [facts] = this.certificates.facts;
    const { domains } = this.#options.settings;
    if (this.#isTemporary || facts === undefined) return 0;
    if (!domains.every((domain) => coversHost(facts.names, domain))) return 0;
    const lifeMs = facts.expiresAtMs - facts.notBeforeMs;
    const leftMs = lifeMs * this.#times.renewPart;
    return facts.expiresAtMs - leftMs * (1 + this.#times.jitter * this.#chance());
  }

  #waitUntil(wallMs: number): void {
    if (this.#abort.signal.aborted) return;
    const { clock } = this.#options;
    this.#nextTryMs = wallMs;
    // Whole milliseconds, for timers that fire a fraction too early would fire for ever.
    const waitMs = Math.max(0, Math.min(Math.ceil(wallMs - clock.wallMs()), maxWaitMs));
    this.#timer = clock.after(waitMs, () => {
      if (clock.wallMs() < wallMs) this.#waitUntil(wallMs);
      else void this.#order();
    });
  }

  async #order(): Promise<void> {
    const { clock, log, settings } = this.#options;
    this.#nextTryMs = undefined;
    try {
      const pair = await this.#ordered();
      if (this.#abort.signal.aborted) return;
      // Handed out before it is kept: a full disk must not keep it from the listeners.
      this.certificates.replace([pair]);
      this.#isTemporary = false;
      this.#failures = 0;
      this.#failure = undefined;
      this.#keep(pair);
      // Whatever is wrong with its dates, the server is not asked for one after the other.
      const soonestMs = clock.wallMs() + this.#times.firstRetryMs;
      this.#waitUntil(Math.max(this.#dueMs(), soonestMs));
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      this.#failure = wordsOf(error);
      const { firstRetryMs, maxRetryMs, jitter } = this.#times;
      const waitMs = Math.min(firstRetryMs * 2 ** Math.min(this.#failures, 20), maxRetryMs);
      this.#failures++;
      const nextMs = clock.wallMs() + waitMs * (1 + jitter * (2 * this.#chance() - 1));
      const next = new Date(nextMs).toISOString();
      const { domains } = settings;
      const fields = { code: "ACME_FAILED", domains, detail: this.#failure, next };
      log.warn(fields, "no certificate came of the ACME server; it is asked again");
      this.#waitUntil(nextMs);
    }
  }

  async #ordered(): Promise<PemPair> {
    const { settings, clock, log } = this.#options;
    const { patienceMs, pollMs } = this.#times;
    log.info({ domains: settings.domains }, "a certificate is ordered");
    const pair = await orderCertificate({
      settings,
      folder: this.#folder,
      challenges: this.challenges,
      clock,
      signal: this.#abort.signal,
      patienceMs,
      pollMs,
    });
    const { names } = readPair(pair);
    const missing = settings.domains.filter((domain) => !coversHost(names, domain));
    if (missing.length > 0) throw new AcmeError(`the certificate is not for ${missing.join(", ")}`);
    return pair;
  }

  #keep({ cert, key }: PemPair): void {
    try {
      this.#folder.write(certificateFile, key + cert);
    } catch (error) {
      const fields = { code: "CERTIFICATE_NOT_KEPT", folder: this.#folder.path, err: error };
      this.#options.log.error(
        fields,
        "the certificate cannot be kept: the next start orders another",
      );
    }
  }

  #chance(): number {
    return (this.#options.random ?? Math.random)();
  }
}

/** Accounts and certificates of different servers do not mix. */
function folderOf({ folder, settings }: AcmeSourceOptions): PrivateFolder {
  const { host, pathname } = new URL(settings.directoryUrl);
  const name = `${host}${pathname}`.replace(/[^A-Za-z0-9.-]+/g, "_").slice(0, 120);
  return new PrivateFolder(join(folder, "acme", name));
}

/** Undefined when there is none that would be of use. */
function readKept(options: AcmeSourceOptions): PemPair | undefined {
  const folder = folderOf(options);
  try {
    const pem = folder.read(certificateFile);
    if (pem === undefined) return undefined;
    const pair = splitPair(pem);
    const { names, expiresAtMs } = readPair(pair);
    const isOfUse =
      expiresAtMs > options.clock.wallMs() &&
      options.settings.domains.some((domain) => coversHost(names, domain));
    return isOfUse ? pair : undefined;
  } catch (error) {
    const fields = { code: "CERTIFICATE_UNREADABLE", folder: folder.path, err: error };
    options.log.warn(fields, "the kept certificate is of no use; another is ordered");
    return undefined;
  }
}

function wordsOf(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  return words.slice(0, 500);
}
