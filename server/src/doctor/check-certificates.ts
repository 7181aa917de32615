import { connect } from "node:tls";
import type { ExaminedCertificate } from "./options.ts";
import { type Check, fail, ok, warn } from "./report.ts";

const dayMs = 86_400_000;
/** Whoever renews by hand needs that long; whoever renews by itself has done so before. */
const soonMs = 14 * dayMs;
const renewal = "Renew it; the files are read again by themselves. acme.domains renews in time.";

/** Whether certificates that are configured can be used, last, and are for the addresses that browsers are given. */
export function checkCertificates(
  certificates: readonly ExaminedCertificate[],
  publicUrls: readonly string[],
  wallMs: number,
): Check[] {
  const checks = certificates.flatMap(({ path, problem, expiresAtMs }) => {
    if (problem !== undefined) return [uselessFiles(path, problem)];
    return expiresAtMs === undefined
      ? []
      : [expiryCheck(`The certificate ${path}`, expiresAtMs, wallMs)];
  });
  const doubtful = certificates.filter(({ selfSigned }) => selfSigned === true);
  for (const { path } of doubtful) checks.push(selfSignedCheck(warn, `The certificate ${path}`));
  const names = certificates.flatMap((certificate) => certificate.names ?? []);
  const hosts = publicUrls.filter((url) => url.startsWith("https:")).map(hostOf);
  const missing = hosts.filter((host) => !covers(names, host));
  if (names.length > 0 && missing.length > 0) {
    const message = `No certificate is for ${missing.join(", ")}, of http.publicUrls.`;
    const fix =
      "Get a certificate for that name, or correct the address. A proxy in front may have it.";
    checks.push(warn("certificate-names", "DOCTOR_CERTIFICATE_NAME", message, fix));
  }
  return checks;
}

/** When the certificate ends that a server shows; whether browsers believe it is seen by asking for anything. */
export async function checkServedCertificate(
  url: URL,
  wallMs: number,
  timeoutMs: number,
): Promise<Check[]> {
  if (url.protocol !== "https:") return [];
  const expiresAtMs = await servedUntil(url, timeoutMs);
  if (expiresAtMs === undefined) return [];
  return [expiryCheck(`The certificate of ${url.host}`, expiresAtMs, wallMs)];
}

function uselessFiles(path: string, problem: string): Check {
  return fail(
    "certificate",
    "DOCTOR_CERTIFICATE",
    `The certificate ${path} cannot be used: ${problem}.`,
    "Set https.cert to the whole chain and https.key to its key, both as PEM, readable for this user.",
  );
}

/** What Node says of a certificate that it does not believe, as a check; undefined: the fault is another one. */
export function disbeliefCheck(
  id: string,
  url: URL,
  code: string,
  words: string,
): Check | undefined {
  const which = `The certificate of ${url.host}`;
  if (/^DEPTH_ZERO_SELF/.test(code)) return { ...selfSignedCheck(fail, which), id };
  if (/HAS_EXPIRED$/.test(code)) return { ...tooOld(which), id };
  if (/ALTNAME/.test(code)) {
    return fail(
      id,
      "DOCTOR_CERTIFICATE_NAME",
      `${which} is for other names: browsers do not take it.`,
      "Get a certificate for that name, or correct the address.",
    );
  }
  if (!/CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code)) return undefined;
  return fail(
    id,
    "DOCTOR_CERTIFICATE",
    `Browsers would not take the certificate of ${url.host}: ${words}.`,
    "Let the server show the whole chain, of an authority that browsers know. One of your own: NODE_EXTRA_CA_CERTS=FILE.",
  );
}

function selfSignedCheck(fault: typeof warn | typeof fail, which: string): Check {
  return fault(
    "certificate-authority",
    "DOCTOR_CERTIFICATE_SELF_SIGNED",
    `${which} is self-signed: browsers warn of it, and take no turns: with it.`,
    "Set acme.domains, or https.cert and https.key to a certificate of an authority.",
  );
}

function tooOld(which: string): Check {
  return fail("certificate", "DOCTOR_CERTIFICATE_EXPIRED", `${which} is too old.`, renewal);
}

function expiryCheck(which: string, expiresAtMs: number, wallMs: number): Check {
  const days = Math.floor((expiresAtMs - wallMs) / dayMs);
  if (expiresAtMs <= wallMs) return tooOld(which);
  if (expiresAtMs - wallMs < soonMs) {
    const message = `${which} ends in ${days} days.`;
    return warn("certificate", "DOCTOR_CERTIFICATE_ENDS", message, renewal);
  }
  return ok("certificate", `${which} is good for ${days} days.`);
}

function servedUntil(url: URL, timeoutMs: number): Promise<number | undefined> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return new Promise((resolve) => {
    const port = Number(url.port || 443);
    const names = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
    const socket = connect({ host, port, ...names, rejectUnauthorized: false, timeout: timeoutMs });
    const end = (found: number | undefined): void => {
      socket.destroy();
      resolve(found);
    };
    socket.once("secureConnect", () => {
      const until = Date.parse(socket.getPeerCertificate().valid_to);
      end(Number.isNaN(until) ? undefined : until);
    });
    for (const event of ["error", "timeout", "close"]) socket.once(event, () => end(undefined));
  });
}

function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, "");
}

function covers(names: readonly string[], host: string): boolean {
  const rest = host.slice(host.indexOf("."));
  return names.some((name) => name === host || (host.includes(".") && name === `*${rest}`));
}
