import { z } from "zod";
import { isHostName, isListenHost, isWebUrl } from "./checks.ts";
import type { CertificateFilesConfig } from "./config.ts";
import { integer, list, objects, port, type SpecsOf, text, toggle } from "./kinds.ts";

const hostWords = {
  default: "*",
  check: isListenHost,
  allowed: "an IP address of this machine, or * for all",
  placeholder: "<ip>",
};

const isPath = (value: string): boolean => value.length <= 4096 && !value.includes("\0");

const fileWords = {
  default: "",
  check: isPath,
  allowed: "the path of a file",
  placeholder: "<file>",
};

const filePath = z.string().min(1).refine(isPath);
const certificateFiles: z.ZodType<CertificateFilesConfig> = z.strictObject({
  cert: filePath,
  key: filePath,
});

export const httpsKeys: SpecsOf<"https"> = {
  "https.enabled": toggle({
    default: true,
    about:
      "Serve everything that http serves over TLS too, once there is a certificate: https.cert, acme.domains or https.selfSigned.",
  }),
  "https.host": text({ ...hostWords, about: "Address on which HTTPS listens." }),
  "https.port": port({ default: 8443, about: "Port of HTTPS and of secure WebSockets." }),
  "https.cert": text({
    ...fileWords,
    about:
      "Certificate chain as PEM, for HTTPS, RTMPS and TURN over TLS; read again when the file changes.",
  }),
  "https.key": text({
    ...fileWords,
    about: "Private key of https.cert, as PEM without a passphrase.",
  }),
  "https.moreCertificates": objects<CertificateFilesConfig>({
    default: [],
    max: 32,
    item: certificateFiles,
    allowed: "an object with cert and key, paths of files",
    about: "Further certificates; clients get the one that is for the host that they name.",
  }),
  "https.selfSigned": toggle({
    default: false,
    about:
      "Make a certificate for localhost, the names and the addresses of this machine, for development: browsers warn of it once.",
  }),
  "https.folder": text({
    default: "millrace-certificates",
    check: (value) => value !== "" && isPath(value),
    allowed: "the path of a folder",
    placeholder: "<folder>",
    about: "Folder in which certificates that are made or ordered here are kept with their keys.",
  }),
  "https.redirect": toggle({
    default: false,
    about:
      "Send browsers that ask for a page over HTTP to HTTPS (308); media, API and everything else stay where they are.",
  }),
  "https.hstsSeconds": integer({
    default: 0,
    min: 0,
    max: 63_072_000,
    unit: "seconds",
    about:
      "How long browsers shall ask for nothing of this host but over HTTPS (Strict-Transport-Security). 0: they are not told so.",
  }),
  "https.handshakeTimeoutSeconds": integer({
    default: 10,
    min: 1,
    max: 600,
    unit: "seconds",
    about: "How long a TLS handshake may take before the connection is cut off.",
  }),
  "https.maxHandshakes": integer({
    default: 1024,
    min: 1,
    max: 1_000_000,
    about: "TLS handshakes under way at once on one port; further connections are closed at once.",
  }),
};

export const acmeKeys: SpecsOf<"acme"> = {
  "acme.domains": list({
    default: [],
    max: 100,
    check: isHostName,
    allowed: "a host name",
    placeholder: "<name,…>",
    about:
      "Host names for which a certificate is ordered and renewed by ACME (Let's Encrypt); port 80 of each must lead to http.port.",
  }),
  "acme.termsAgreed": toggle({
    default: false,
    about:
      "The terms of service of the ACME server are agreed to; without that nothing is ordered.",
  }),
  "acme.email": text({
    default: "",
    check: (value) => value === "" || /^[^\s@,:<>]{1,64}@[^\s@,:<>]{1,190}$/.test(value),
    allowed: "an e-mail address",
    placeholder: "<address>",
    about: "Where the ACME server writes to when something is wrong. Empty: nowhere.",
  }),
  "acme.directoryUrl": text({
    default: "https://acme-v02.api.letsencrypt.org/directory",
    check: (value) => isWebUrl(value) && value.startsWith("https:"),
    allowed: "an https address without a query",
    placeholder: "<url>",
    about: "Directory of the ACME server.",
  }),
  "acme.caFile": text({
    ...fileWords,
    about:
      "Authority that the ACME server's own certificate comes from, as PEM, for one of your own.",
  }),
  "acme.eabKeyId": text({
    default: "",
    check: (value) => value.length <= 512,
    allowed: "at most 512 characters",
    placeholder: "<id>",
    about: "Key identifier of an external account, for ACME servers that ask for one.",
  }),
  "acme.eabHmacKey": text({
    default: "",
    check: (value) => /^[A-Za-z0-9_-]{0,512}$/.test(value),
    allowed: "at most 512 characters of base64url",
    placeholder: "<key>",
    secret: true,
    about: "MAC key of acme.eabKeyId.",
  }),
};

export const rtmpsKeys: SpecsOf<"rtmps"> = {
  "rtmps.enabled": toggle({
    default: false,
    about: "Take RTMP over TLS too, with the certificate of https and the limits of rtmp.",
  }),
  "rtmps.host": text({ ...hostWords, about: "Address on which RTMPS listens." }),
  "rtmps.port": port({ default: 1936, about: "Port of RTMPS." }),
};
