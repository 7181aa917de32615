import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type Config, ConfigError, hasCertificate } from "./config/index.ts";
import type { Clock, Log } from "./core/index.ts";
import {
  AcmeSource,
  type AcmeStatus,
  CertificateError,
  type CertificateFacts,
  CertificateFiles,
  type Certificates,
  type PairFiles,
  SelfSignedSource,
  type TlsLimits,
} from "./tls/index.ts";

/** Where certificates of listeners come from. */
export interface CertificateSource {
  readonly certificates: Certificates;
  /** Looks for new ones now. False: what is there is not taken, which is logged. */
  reload(): boolean;
  close(): void;
}

/** All certificates of the gateway. */
export interface StartedTls {
  /** Of HTTPS, RTMPS, and of TURN unless that has its own; undefined when there are none. */
  readonly main: CertificateSource | undefined;
  /** Of TURN over TLS; undefined when that is off. */
  readonly turn: CertificateSource | undefined;
  /** Present when certificates are ordered by ACME. */
  readonly acme: AcmeSource | undefined;
  readonly selfSigned: boolean;
  /** Looks for new certificates now. False: something is not taken, which is logged. */
  reload(): boolean;
  /** Of all in use, those of HTTPS first. */
  facts(): readonly CertificateFacts[];
  acmeStatus(): AcmeStatus | undefined;
  /** May be called twice. */
  close(): void;
}

interface Surroundings {
  readonly clock: Clock;
  readonly log: Log;
}

/** Reads or makes certificates. Orders none yet. @throws ConfigError when files cannot be used. */
export async function startTls(config: Config, surroundings: Surroundings): Promise<StartedTls> {
  const { https, turn: turnKeys } = config;
  const options = { ...surroundings, limits: tlsLimits(config) };
  const main = hasCertificate(config) ? await mainSource(config, options) : undefined;
  const own =
    turnKeys.cert === ""
      ? undefined
      : fromFiles("turn", [{ cert: turnKeys.cert, key: turnKeys.key }], options);
  const sources = [main, own].filter((source) => source !== undefined);
  const acme = main instanceof AcmeSource ? main : undefined;
  return {
    main,
    turn: turnKeys.tlsPort === 0 ? undefined : (own ?? main),
    acme,
    selfSigned: https.selfSigned,
    reload: () => sources.map((source) => source.reload()).every(Boolean),
    facts: () => sources.flatMap(({ certificates }) => certificates.facts),
    acmeStatus: () => acme?.status,
    close: () => {
      for (const source of sources) source.close();
    },
  };
}

function mainSource(
  config: Config,
  options: Surroundings & { readonly limits: Partial<TlsLimits> },
): Promise<CertificateSource> | CertificateSource {
  const { https, acme, http, turn } = config;
  const folder = resolve(https.folder);
  if (https.cert !== "") {
    const first = { cert: https.cert, key: https.key };
    return fromFiles("https", [first, ...https.moreCertificates], options);
  }
  if (acme.domains.length > 0) {
    const trusted = acme.caFile === "" ? "" : readAuthority(acme.caFile);
    const domains = acme.domains.map((name) => name.toLowerCase());
    return AcmeSource.open({ ...options, folder, settings: { ...acme, domains, trusted } });
  }
  const hosts = http.publicUrls.map((url) => new URL(url).hostname.replace(/^\[|\]$/g, ""));
  const names = [...hosts, ...turn.publicHosts, ...config.rtc.announcedIps];
  return SelfSignedSource.open({ ...options, folder, names });
}

function tlsLimits({ https }: Config): Partial<TlsLimits> {
  return {
    handshakeTimeoutMs: https.handshakeTimeoutSeconds * 1000,
    maxHandshakes: https.maxHandshakes,
  };
}

function fromFiles(
  section: "https" | "turn",
  files: readonly [PairFiles, ...PairFiles[]],
  options: Surroundings,
): CertificateFiles {
  try {
    return new CertificateFiles({ ...options, files });
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    throw new ConfigError([`${section}.cert and ${section}.key: ${error.message}.`]);
  }
}

function readAuthority(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError([`acme.caFile is ${path}, which cannot be read (${code}).`]);
  }
}
