import { randomText } from "../../core/random.ts";

/** User name fragment and password of our side. The password is secret. RFC 8445 section 5.3. */
export interface IceCredentials {
  readonly ufrag: string;
  readonly pwd: string;
}

/** 48 random bits to find the peer and 192 to prove it; base64 has exactly the ICE characters. */
export function createIceCredentials(): IceCredentials {
  return { ufrag: randomText(6, "base64"), pwd: randomText(24, "base64") };
}

/** RFC 8839 section 5.4: `ice-ufrag` is 4 to 256 ICE characters. */
export function isIceUfrag(text: string): boolean {
  return /^[A-Za-z0-9+/]{4,256}$/.test(text);
}

/** RFC 8839 section 5.4: `ice-pwd` is 22 to 256 ICE characters. */
export function isIcePwd(text: string): boolean {
  return /^[A-Za-z0-9+/]{22,256}$/.test(text);
}
