export { AcmeSource, type AcmeStatus } from "./acme.ts";
export type { AcmeSettings } from "./acme-order.ts";
export {
  CertificateError,
  type CertificateFacts,
  coversHost,
  type PemPair,
  readPair,
} from "./certificate.ts";
export { CertificateFiles, type PairFiles } from "./certificate-files.ts";
export type { Certificates } from "./certificates.ts";
export { defaultTlsLimits, type TlsLimits } from "./limits.ts";
export { SelfSignedSource } from "./self-signed.ts";
