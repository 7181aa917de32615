import { attributes, type StunMessage } from "../stun/index.ts";

export interface LifetimeLimits {
  readonly minLifetimeSeconds: number;
  readonly defaultLifetimeSeconds: number;
  readonly maxLifetimeSeconds: number;
}

/** What a LIFETIME, or none, gets: 0 stays 0. Undefined when it is malformed. RFC 8656 sections 7.2 and 8.2. */
export function grantedSeconds(message: StunMessage, limits: LifetimeLimits): number | undefined {
  const value = message.first(attributes.lifetime);
  if (value === undefined) return limits.defaultLifetimeSeconds;
  if (value.length !== 4) return undefined;
  const asked = new DataView(value.buffer, value.byteOffset).getUint32(0);
  if (asked === 0) return 0;
  return Math.min(Math.max(asked, limits.minLifetimeSeconds), limits.maxLifetimeSeconds);
}

export function lifetimeValue(seconds: number): Uint8Array {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(seconds);
  return value;
}
