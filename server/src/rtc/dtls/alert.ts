/** RFC 5246 section 7.2. */
export const AlertLevel = { warning: 1, fatal: 2 } as const;

/** RFC 5246 section 7.2.2. */
export const AlertDescription = {
  closeNotify: 0,
  unexpectedMessage: 10,
  handshakeFailure: 40,
  badCertificate: 42,
  illegalParameter: 47,
  decodeError: 50,
  decryptError: 51,
  protocolVersion: 70,
  insufficientSecurity: 71,
  internalError: 80,
} as const;

export interface Alert {
  readonly level: number;
  readonly description: number;
}

/** Undefined when it is none. */
export function parseAlert(content: Uint8Array): Alert | undefined {
  const [level, description] = content;
  if (content.length !== 2 || level === undefined || description === undefined) return undefined;
  if (level !== AlertLevel.warning && level !== AlertLevel.fatal) return undefined;
  return { level, description };
}

export function writeAlert(level: number, description: number): Uint8Array {
  return Uint8Array.of(level, description);
}

/** The alert that tells a peer why a handshake failed with `code`. */
export function alertFor(code: string): number {
  switch (code) {
    case "DTLS_MALFORMED":
      return AlertDescription.decodeError;
    case "DTLS_VERSION":
      return AlertDescription.protocolVersion;
    case "DTLS_NO_COMMON_PARAMETERS":
      return AlertDescription.handshakeFailure;
    case "DTLS_FINGERPRINT_MISMATCH":
    case "DTLS_CERTIFICATE_INVALID":
      return AlertDescription.badCertificate;
    case "DTLS_CERTIFICATE_VERIFY":
    case "DTLS_FINISHED":
      return AlertDescription.decryptError;
    case "DTLS_KEY_EXCHANGE":
      return AlertDescription.illegalParameter;
    case "DTLS_UNEXPECTED_MESSAGE":
      return AlertDescription.unexpectedMessage;
    default:
      return AlertDescription.internalError;
  }
}
