import type { ConfigPath } from "./config.ts";

/** Values of the keys of TLS that are not the default, as text and as they should come out. */
export const tlsSamples: Partial<Record<ConfigPath, readonly [string, unknown]>> = {
  "https.enabled": ["off", false],
  "https.host": ["::1", "::1"],
  "https.port": ["443", 443],
  "https.cert": ["/etc/cert.pem", "/etc/cert.pem"],
  "https.key": ["/etc/key.pem", "/etc/key.pem"],
  "https.moreCertificates": ['[{"cert":"a.pem","key":"b.pem"}]', [{ cert: "a.pem", key: "b.pem" }]],
  "https.selfSigned": ["on", true],
  "https.folder": ["/var/lib/millrace", "/var/lib/millrace"],
  "https.redirect": ["on", true],
  "https.hstsSeconds": ["3600", 3600],
  "https.handshakeTimeoutSeconds": ["5", 5],
  "https.maxHandshakes": ["1", 1],
  "acme.domains": ["a.example,b.example", ["a.example", "b.example"]],
  "acme.termsAgreed": ["on", true],
  "acme.email": ["me@a.example", "me@a.example"],
  "acme.directoryUrl": ["https://ca.example/acme", "https://ca.example/acme"],
  "acme.caFile": ["ca.pem", "ca.pem"],
  "acme.eabKeyId": ["kid-1", "kid-1"],
  "acme.eabHmacKey": ["c2VjcmV0", "c2VjcmV0"],
  "rtmps.enabled": ["on", true],
  "rtmps.host": ["::1", "::1"],
  "rtmps.port": ["443", 443],
};

/** What else must be set for one of those to be allowed. */
export const tlsPartners: Partial<Record<ConfigPath, NodeJS.ProcessEnv>> = {
  "https.cert": { MILLRACE_HTTPS_KEY: "b.pem" },
  "https.key": { MILLRACE_HTTPS_CERT: "a.pem" },
  "https.moreCertificates": { MILLRACE_HTTPS_CERT: "a.pem", MILLRACE_HTTPS_KEY: "b.pem" },
  "https.redirect": { MILLRACE_HTTPS_SELF_SIGNED: "on" },
  "acme.domains": { MILLRACE_ACME_TERMS_AGREED: "on" },
  "acme.eabKeyId": { MILLRACE_ACME_EAB_HMAC_KEY: "c2VjcmV0" },
  "acme.eabHmacKey": { MILLRACE_ACME_EAB_KEY_ID: "kid-1" },
  "rtmps.enabled": { MILLRACE_HTTPS_SELF_SIGNED: "on" },
};
