/** A 64-bit NTP timestamp, RFC 5905 section 6. Both halves are unsigned 32-bit numbers. */
export interface NtpTime {
  /** Since 1 January 1900, without the era: it wraps in February 2036. */
  readonly seconds: number;
  /** In units of 2^-32 s. */
  readonly fraction: number;
}

const unixEpochSeconds = 2_208_988_800;
const wrap = 2 ** 32;
const compactUnitsPerSecond = 65_536;

/** From milliseconds since 1970 on the wall clock, which may have fractions. */
export function wallMsToNtp(wallMs: number): NtpTime {
  const wholeSeconds = Math.floor(wallMs / 1000);
  const units = Math.round(((wallMs - wholeSeconds * 1000) / 1000) * wrap);
  const carry = units >= wrap ? 1 : 0;
  return {
    seconds: (wholeSeconds + carry + unixEpochSeconds) % wrap,
    fraction: units % wrap,
  };
}

/** To milliseconds since 1970, with fractions; right for times between 1968 and 2104. */
export function ntpToWallMs(ntp: NtpTime): number {
  // RFC 4330 section 3: without the highest bit it is the era that begins in 2036.
  const era = ntp.seconds < wrap / 2 ? wrap : 0;
  return (ntp.seconds + era - unixEpochSeconds) * 1000 + (ntp.fraction / wrap) * 1000;
}

/** The middle 32 bits, as in LSR of RFC 3550 section 6.4.1: units of 1/65,536 s, wrapping after 18 hours. */
export function compactNtp(ntp: NtpTime): number {
  return (
    ((ntp.seconds % compactUnitsPerSecond) * compactUnitsPerSecond + ntp.fraction / 65_536) >>> 0
  );
}

/** `compactNtp` of a wall clock time in milliseconds. */
export function wallMsToCompactNtp(wallMs: number): number {
  return compactNtp(wallMsToNtp(wallMs));
}

/** A duration in milliseconds in units of 1/65,536 s, as in DLSR; bounded to 32 bits. */
export function msToCompactNtp(durationMs: number): number {
  const units = Math.round((durationMs * compactUnitsPerSecond) / 1000);
  return Math.min(Math.max(units, 0), wrap - 1);
}

/**
 * RFC 3550 section 6.4.1, figure 2: the round trip in milliseconds when a report block with these
 * fields arrives at `nowMs` on the wall clock. Undefined when the peer has had no sender report yet,
 * and when clock steps or nonsense make it negative or longer than a minute.
 */
export function roundTripMs(
  nowMs: number,
  lastSenderReport: number,
  delaySinceLastSenderReport: number,
): number | undefined {
  if (lastSenderReport === 0) return undefined;
  const units = (wallMsToCompactNtp(nowMs) - lastSenderReport - delaySinceLastSenderReport) | 0;
  const ms = (units * 1000) / compactUnitsPerSecond;
  return ms < 0 || ms > 60_000 ? undefined : ms;
}
