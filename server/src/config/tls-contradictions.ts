import type { Config } from "./config.ts";

/** Whether there is a certificate for listeners with TLS. */
export function hasCertificate({ https, acme }: Pick<Config, "https" | "acme">): boolean {
  return https.cert !== "" || https.selfSigned || acme.domains.length > 0;
}

/** Faults of the keys of TLS that no single key shows. */
export function tlsContradictions(config: Config): string[] {
  const { https, acme, rtmps, turn } = config;
  const found: string[] = [];
  const sources = [https.cert !== "", acme.domains.length > 0, https.selfSigned];
  const source = "https.cert and https.key, acme.domains or https.selfSigned";
  if ((https.cert === "") !== (https.key === "")) {
    found.push("https.cert and https.key go together: set both or neither.");
  }
  if (sources.filter(Boolean).length > 1) {
    found.push(`Certificates come from one place: set only one of ${source}.`);
  }
  if (https.moreCertificates.length > 0 && https.cert === "") {
    found.push("https.moreCertificates needs https.cert and https.key.");
  }
  if (https.redirect && !(https.enabled && hasCertificate(config))) {
    const behind = config.http.publicUrls.some((url) => url.startsWith("https:"));
    if (!behind)
      found.push(`https.redirect needs HTTPS (${source}), or an https address in http.publicUrls.`);
  }
  if (acme.domains.length > 0 && !acme.termsAgreed) {
    found.push(
      "acme.domains needs acme.termsAgreed: read the terms of service of that server first.",
    );
  }
  if ((acme.eabKeyId === "") !== (acme.eabHmacKey === "")) {
    found.push("acme.eabKeyId and acme.eabHmacKey go together: set both or neither.");
  }
  if (rtmps.enabled && !hasCertificate(config)) {
    found.push(`rtmps.enabled needs a certificate: ${source}.`);
  }
  if (turn.tlsPort !== 0 && turn.cert === "" && !hasCertificate(config)) {
    found.push(`turn.tlsPort needs turn.cert and turn.key, or else ${source}.`);
  }
  return found;
}
