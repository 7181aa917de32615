import { hostname, type NetworkInterfaceInfo, networkInterfaces } from "node:os";
import type { Clock, Log, Timer } from "../core/index.ts";
import {
  CertificateError,
  type CertificateFacts,
  coversHost,
  type PemPair,
  readPair,
} from "./certificate.ts";
import { Certificates } from "./certificates.ts";
import type { TlsLimits } from "./limits.ts";
import { makeSelfSigned } from "./make-certificate.ts";
import { PrivateFolder } from "./private-files.ts";

const fileName = "self-signed.pem";
/** One that ends sooner is made anew. */
const renewBeforeMs = 30 * 86_400_000;
const checkMs = 3_600_000;
/** Names of a certificate: those of now, then such that it had before, for addresses that come and go. */
const maxNames = 64;

export interface SelfSignedSourceOptions {
  /** Where it is kept, so that what a browser was told to believe lasts. */
  readonly folder: string;
  /** Host names and addresses besides those of this machine. */
  readonly names: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: Partial<TlsLimits>;
  /** Default: those of this machine. */
  readonly ownNames?: () => readonly string[];
}

/** A certificate for development and for a network of one's own. */
export class SelfSignedSource {
  readonly certificates: Certificates;
  readonly #options: SelfSignedSourceOptions;
  #timer: Timer | undefined;
  #closed = false;

  private constructor(certificates: Certificates, options: SelfSignedSourceOptions) {
    this.certificates = certificates;
    this.#options = options;
    this.#schedule();
  }

  /** Takes the one that is kept, when it still does, or makes one. Where it cannot be kept it is new at each start. */
  static async open(options: SelfSignedSourceOptions): Promise<SelfSignedSource> {
    const pair = await keptOrNew(options);
    return new SelfSignedSource(new Certificates([pair], options), options);
  }

  /** There is nothing that others write. */
  reload(): boolean {
    return true;
  }

  /** May be called twice. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#timer = this.#options.clock.after(checkMs, () => {
      void this.#renew().finally(() => this.#schedule());
    });
  }

  async #renew(): Promise<void> {
    const [facts] = this.certificates.facts;
    if (facts === undefined || !endsSoon(facts, this.#options.clock)) return;
    const pair = await keptOrNew(this.#options);
    if (!this.#closed) this.certificates.replace([pair]);
  }
}

async function keptOrNew(options: SelfSignedSourceOptions): Promise<PemPair> {
  const { clock, log } = options;
  const folder = new PrivateFolder(options.folder);
  const wanted = [...new Set([...options.names, ...(options.ownNames ?? ownNames)()])];
  const kept = readKept(folder, log);
  if (kept !== undefined && fits(kept.facts, wanted) && !endsSoon(kept.facts, clock)) {
    return kept.pair;
  }
  const names = [...new Set([...wanted, ...(kept?.facts.names ?? [])])].slice(0, maxNames);
  const pair = await makeSelfSigned({ names, nowMs: clock.wallMs(), key: kept?.pair.key });
  try {
    folder.write(fileName, pair.key + pair.cert);
  } catch (error) {
    const fields = { code: "CERTIFICATE_NOT_KEPT", folder: folder.path, err: error };
    log.warn(fields, "the self-signed certificate cannot be kept: the next start makes another");
  }
  return pair;
}

function readKept(
  folder: PrivateFolder,
  log: Log,
): { readonly pair: PemPair; readonly facts: CertificateFacts } | undefined {
  try {
    const pem = folder.read(fileName);
    if (pem === undefined) return undefined;
    const pair = splitPair(pem);
    return { pair, facts: readPair(pair) };
  } catch (error) {
    const code = error instanceof CertificateError ? error.code : "CERTIFICATE_UNREADABLE";
    log.warn({ code, folder: folder.path }, "the kept certificate is of no use; another is made");
    return undefined;
  }
}

/** The key and the certificates of one file. */
export function splitPair(pem: string): PemPair {
  const at = pem.indexOf("-----BEGIN CERTIFICATE-----");
  return at < 0 ? { cert: "", key: pem } : { cert: pem.slice(at), key: pem.slice(0, at) };
}

function fits({ names }: CertificateFacts, wanted: readonly string[]): boolean {
  return wanted.slice(0, maxNames).every((name) => coversHost(names, name));
}

function endsSoon({ expiresAtMs }: CertificateFacts, clock: Clock): boolean {
  return expiresAtMs - clock.wallMs() < renewBeforeMs;
}

/** What this machine is called by itself and by its neighbours. */
export function ownNames(
  host: string = hostname(),
  interfaces: NodeJS.Dict<NetworkInterfaceInfo[]> = networkInterfaces(),
): string[] {
  const label = /^[a-z0-9]([a-z0-9.-]{0,200}[a-z0-9])?$/i.test(host) ? [host.toLowerCase()] : [];
  const names = label.flatMap((name) => (name.includes(".") ? [name] : [name, `${name}.local`]));
  const addresses = Object.values(interfaces)
    .flatMap((entries) => entries ?? [])
    // Link-local ones need a zone, which no address of a page has.
    .filter(({ internal, address }) => !internal && !/^fe[89ab]/i.test(address))
    .map(({ address }) => address);
  return [...new Set(["localhost", ...names, "127.0.0.1", "::1", ...addresses])];
}
